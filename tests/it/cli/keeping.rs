//! `forget --put-back`: what was known before a sync went to another object.

use crate::support::desk::{Desk, UPSERT};

#[test]
fn a_state_is_put_back_when_the_sync_writes_to_its_object_again() {
    let desk = Desk::with(5, UPSERT);
    desk.ok(&["run", "contacts"]);
    let none = desk.run(&["forget", "contacts", "--put-back"]);
    assert_eq!(none.code, 1, "{none:?}");
    assert!(none.stderr.contains("30 days"), "{none:?}");
    let go_to = |object: &str| {
        let file = desk
            .resources(UPSERT)
            .replace("\"Contact\"", &format!("\"{object}\""));
        std::fs::write(desk.path("other.toml"), file).unwrap();
        let path = desk.path("other.toml").display().to_string();
        let said = desk.ok(&["apply", &path, "--yes", "--confirm", "contacts"]);
        assert!(said.contains("kept for 30 days"), "{said}");
    };
    go_to("Person");
    go_to("Contact");
    desk.ok(&["forget", "contacts", "--put-back"]);
    let run = desk.json(0, &["run", "contacts", "--json"]);
    assert_eq!(run["counters"]["unchanged"], 5);
}
