//! Tests of a table's state.

use super::*;

struct Words(Vec<&'static str>);

impl Listing for Words {
    fn total(&self) -> usize {
        self.0.len()
    }

    fn id(&self, at: usize) -> String {
        self.0[at].to_owned()
    }

    fn text(&self, at: usize) -> String {
        self.0[at].to_owned()
    }

    fn orders(&self) -> &'static [&'static str] {
        &["as given", "name"]
    }

    fn compare(&self, order: usize, a: usize, b: usize) -> Ordering {
        match order {
            0 => a.cmp(&b),
            _ => self.0[a].cmp(self.0[b]),
        }
    }
}

fn table(words: &[&'static str]) -> Table {
    let mut table = Table::markable();
    table.arrange(1, &Words(words.to_vec()));
    table
}

#[test]
fn scrolling_moves_as_little_as_it_must() {
    assert_eq!(scrolled(0, 3, 10, 5), 0);
    assert_eq!(scrolled(0, 5, 10, 5), 1);
    assert_eq!(scrolled(4, 2, 10, 5), 2);
    assert_eq!(scrolled(8, 9, 10, 5), 5);
    assert_eq!(scrolled(3, 0, 0, 0), 0);
}

#[test]
fn the_cursor_stays_on_what_it_stood_on() {
    let words = ["pear", "apple", "fig"];
    let mut table = table(&words);
    table.act(Action::Down);
    table.act(Action::Order);
    assert!(table.wants(1));
    table.arrange(1, &Words(words.to_vec()));
    assert_eq!(table.selected_id(), Some("apple"));
    assert_eq!(table.cursor, 0);
    table.arrange(2, &Words(vec!["kiwi", "banana"]));
    assert_eq!(table.selected_id(), Some("banana"));
}

#[test]
fn a_filter_takes_words_and_words_turned_around() {
    let words = ["red apple", "green apple", "green pear"];
    let mut table = table(&words);
    table.set_filter("green -pear -");
    table.arrange(1, &Words(words.to_vec()));
    assert_eq!(table.len(), 1);
    assert_eq!(table.at(0), Some(1));
    assert!(table.back());
    assert!(!table.has_back());
}

#[test]
fn marks_of_what_is_gone_go_too() {
    let words = ["a", "b"];
    let mut table = table(&words);
    table.act(Action::MarkAll);
    assert_eq!(table.targets(), ["a", "b"]);
    table.arrange(2, &Words(vec!["b"]));
    assert_eq!(table.targets(), ["b"]);
}

#[test]
fn a_search_goes_around_the_end() {
    let mut table = table(&["fig", "apple", "pear"]);
    table.find = "P".to_owned();
    assert!(table.search(2, true, false));
    assert_eq!(table.cursor, 1);
    assert!(table.search(1, false, false));
    assert_eq!(table.cursor, 2);
    table.find = "x".to_owned();
    assert!(!table.search(0, true, true));
}

#[test]
fn no_key_leads_out_of_an_empty_table() {
    let mut table = table(&[]);
    for action in [
        Action::Up,
        Action::Down,
        Action::Last,
        Action::HalfDown,
        Action::Mark,
        Action::MarkAll,
        Action::Order,
    ] {
        table.act(action);
        table.fit(0);
        assert_eq!((table.cursor, table.selected()), (0, None));
    }
}
