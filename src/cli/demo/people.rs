//! Names, places and companies that the demo's customers are made of.

/// What people of one region are called and where they live.
pub(super) struct Region {
    pub country: &'static str,
    pub dial: &'static str,
    pub cities: &'static [&'static str],
    pub given: &'static [&'static str],
    pub family: &'static [&'static str],
}

/// The regions, each as likely as the others.
pub(super) const REGIONS: &[Region] = &[
    Region {
        country: "DE",
        dial: "+49",
        cities: &["Berlin", "Hamburg", "München", "Köln", "Düsseldorf", "Nürnberg"],
        given: &["Anja", "Björn", "Käthe", "Jürgen", "Lena", "Moritz", "Sönke", "Ute", "Jörg", "Mia"],
        family: &["Müller", "Schäfer", "Groß", "Weiß", "Köhler", "Böhm", "Schröder", "Vogel", "Krüger"],
    },
    Region {
        country: "US",
        dial: "+1",
        cities: &["Austin", "Boston", "Cañon City", "Chicago", "Portland", "San José"],
        given: &["Ava", "Noah", "Zoë", "Liam", "Renée", "Maya", "Ethan", "Chloë", "Jordan", "Grace"],
        family: &["Johnson", "O'Brien", "Washington", "García", "Nguyen", "Smith-Jones", "Carter", "Lee"],
    },
    Region {
        country: "FR",
        dial: "+33",
        cities: &["Paris", "Lyon", "Nîmes", "Orléans", "Besançon", "Saint-Étienne"],
        given: &["Amélie", "Benoît", "Chloé", "Étienne", "François", "Hélène", "Jérôme", "Léa", "Noël"],
        family: &["Lefèvre", "Dubois", "Çelik", "Moreau", "Gérard", "D'Aubigné", "Lemaître", "Faure"],
    },
    Region {
        country: "PL",
        dial: "+48",
        cities: &["Warszawa", "Kraków", "Łódź", "Wrocław", "Poznań", "Gdańsk"],
        given: &["Łukasz", "Agnieszka", "Michał", "Małgorzata", "Paweł", "Zofia", "Wojciech", "Żaneta"],
        family: &["Wiśniewski", "Dąbrowska", "Wójcik", "Kamińska", "Szymański", "Woźniak", "Jabłońska"],
    },
    Region {
        country: "JP",
        dial: "+81",
        cities: &["東京", "大阪", "京都", "札幌", "福岡", "名古屋"],
        given: &["葵", "陽菜", "蓮", "さくら", "大翔", "結衣", "健太", "美咲"],
        family: &["佐藤", "鈴木", "高橋", "田中", "渡辺", "伊藤", "山本", "中村"],
    },
    Region {
        country: "CN",
        dial: "+86",
        cities: &["北京", "上海", "广州", "成都", "杭州", "西安"],
        given: &["伟", "芳", "娜", "秀英", "敏", "静", "磊", "洋"],
        family: &["王", "李", "张", "刘", "陈", "杨", "赵", "黄"],
    },
    Region {
        country: "IN",
        dial: "+91",
        cities: &["मुंबई", "Bengaluru", "Chennai", "दिल्ली", "Kolkata", "Pune"],
        given: &["Aarav", "Ananya", "Diya", "आदित्य", "Ishaan", "Priya", "Rohan", "காவ்யா"],
        family: &["Sharma", "Patel", "Iyer", "Reddy", "Khan", "गुप्ता", "Nair", "Singh"],
    },
    Region {
        country: "EG",
        dial: "+20",
        cities: &["القاهرة", "الإسكندرية", "الجيزة", "Luxor", "أسوان"],
        given: &["محمد", "فاطمة", "أحمد", "مريم", "Youssef", "نور", "عمر", "ليلى"],
        family: &["حسن", "إبراهيم", "Mahmoud", "السيد", "عبد الله", "مصطفى"],
    },
    Region {
        country: "NG",
        dial: "+234",
        cities: &["Lagos", "Abuja", "Ìbàdàn", "Kano", "Port Harcourt"],
        given: &["Adébáyọ̀", "Chiamaka", "Olúwaṣeun", "Ngozi", "Emeka", "Fátímah", "Tùndé", "Zainab"],
        family: &["Okafor", "Adéyẹmí", "Ògúnbánjọ", "Eze", "Bello", "Nwosu", "Ọlátúnjí"],
    },
    Region {
        country: "BR",
        dial: "+55",
        cities: &["São Paulo", "Rio de Janeiro", "Brasília", "Belém", "Curitiba", "Florianópolis"],
        given: &["João", "Antônia", "Luís", "Conceição", "Thaís", "André", "Letícia", "Caíque"],
        family: &["da Silva", "Gonçalves", "Araújo", "Conceição", "Magalhães", "Simões", "dos Santos"],
    },
    Region {
        country: "TR",
        dial: "+90",
        cities: &["İstanbul", "Ankara", "İzmir", "Eskişehir", "Muğla"],
        given: &["Ayşe", "Çağla", "Emre", "Gökhan", "İpek", "Özge", "Şule", "Uğur"],
        family: &["Yılmaz", "Şahin", "Öztürk", "Kılıç", "Doğan", "Güneş", "Çetin"],
    },
    Region {
        country: "UA",
        dial: "+380",
        cities: &["Київ", "Львів", "Одеса", "Харків", "Дніпро"],
        given: &["Олена", "Андрій", "Марія", "Тарас", "Софія", "Богдан", "Ірина", "Юрій"],
        family: &["Шевченко", "Коваленко", "Бондар", "Ткаченко", "Мельник", "Кравчук"],
    },
    Region {
        country: "VN",
        dial: "+84",
        cities: &["Hà Nội", "Đà Nẵng", "Hải Phòng", "Huế", "Cần Thơ"],
        given: &["Anh", "Đức", "Hương", "Linh", "Minh", "Phượng", "Quân", "Thảo"],
        family: &["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Võ", "Đặng", "Bùi"],
    },
    Region {
        country: "IS",
        dial: "+354",
        cities: &["Reykjavík", "Akureyri", "Hafnarfjörður", "Kópavogur", "Ísafjörður"],
        given: &["Þóra", "Björk", "Sigurður", "Guðrún", "Ægir", "Hrafnhildur", "Ólafur", "Ásta"],
        family: &["Jónsdóttir", "Sigurðsson", "Þorsteinsdóttir", "Guðmundsson", "Einarsdóttir"],
    },
];

/// First halves of companies' names.
pub(super) const COMPANY: &[&str] = &[
    "Aurora", "Baobab", "Cobalt", "Delta", "Élan", "Fjord", "Granite", "Halcyon", "Ibis", "Juniper",
    "Kestrel", "Lumen", "Meridian", "Nørre", "Osprey", "Pêche", "Quartz", "Río", "Sequoia", "Tamarind",
];

/// Second halves of companies' names.
pub(super) const TRADE: &[&str] = &[
    "Foods", "Freight", "Health", "Instruments", "Labs", "Logistics", "Press", "Robotics", "Studio", "Textiles",
];

/// Plans with how many customers in a hundred are on each, and what such a customer has paid at
/// most so far, in cents.
pub(super) const PLANS: &[(&str, u32, i64)] =
    &[("free", 45, 4_000), ("starter", 30, 40_000), ("team", 19, 250_000), ("enterprise", 6, 2_500_000)];

/// Domains that are set aside for examples (RFC 2606): no mail ever arrives there.
pub(super) const DOMAINS: &[&str] = &["example.com", "example.org", "example.net"];
