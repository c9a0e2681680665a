//! Each guard one below, at and one above its limit.

use super::*;

fn guards() -> Guards {
    Guards::default()
}

#[test]
fn deletes_are_held_from_one_above_the_limit() {
    for (known, limit) in [
        // The larger of 10 rows …
        (0, 10),
        (50, 10),
        (100, 10),
        (109, 10),
        (110, 11),
        // … and the smaller of 10 % …
        (4_821, 482),
        (5_000, 500),
        // … and 500 rows.
        (48_210, 500),
        (u64::MAX, 500),
    ] {
        let judge = |deletes| guards().deletes(deletes, known, 1_000);
        assert_eq!(judge(limit - 1), DeleteDecision::Pass, "{known}");
        assert_eq!(judge(limit), DeleteDecision::Pass, "{known}");
        assert_eq!(judge(limit + 1), DeleteDecision::Held { limit }, "{known}");
    }
}

#[test]
fn any_delete_of_an_empty_model_is_held() {
    assert_eq!(guards().deletes(0, 50, 0), DeleteDecision::Pass);
    assert_eq!(
        guards().deletes(1, 50, 0),
        DeleteDecision::Held { limit: 0 }
    );
    assert_eq!(guards().deletes(1, 50, 1), DeleteDecision::Pass);
}

#[test]
fn a_model_below_half_of_its_last_good_run_stops() {
    for (rows, last, stops) in [
        (0, None, false),
        (0, Some(0), false),
        (0, Some(99), false),
        (49, Some(99), false),
        (0, Some(100), true),
        (49, Some(100), true),
        (50, Some(100), false),
        (51, Some(100), false),
        (50, Some(101), true),
        (1_446, Some(48_210), true),
    ] {
        let problem = guards().shrink(rows, last);
        assert_eq!(problem.is_some(), stops, "{rows} of {last:?}");
        assert!(problem.is_none_or(|problem| problem.exit_code() == 5));
    }
}

#[test]
fn more_than_half_invalid_rows_stop() {
    for (invalid, read, stops) in [
        (0, 0, false),
        (1, 1, true),
        (1, 2, false),
        (49, 100, false),
        (50, 100, false),
        (51, 100, true),
        (50, 99, true),
    ] {
        let problem = guards().invalid(invalid, read);
        assert_eq!(problem.is_some(), stops, "{invalid} of {read}");
    }
}

#[test]
fn the_sync_goes_before_the_workspace_before_the_built_in_numbers() {
    let sync = GuardSettings {
        delete_rows: Some(0),
        invalid_percent: Some(100.0),
        shrink_percent: Some(f64::NAN),
        ..GuardSettings::default()
    };
    let workspace = GuardSettings {
        delete_rows: Some(5),
        delete_max: Some(20),
        shrink_percent: Some(0.0),
        ..GuardSettings::default()
    };
    let resolved = Guards::resolve(&sync, &workspace);
    let expected = Guards {
        delete_rows: 0,
        delete_max: 20,
        shrink_percent: 0.0,
        invalid_percent: 100.0,
        ..Guards::default()
    };
    assert_eq!(resolved, expected);
    assert_eq!(resolved.invalid(10, 10), None);
    assert_eq!(resolved.shrink(0, Some(1_000)), None);
    assert!(sync.check().is_err());
    assert_eq!(workspace.check(), Ok(()));
}

fn rejected(code: &str) -> Verdict {
    Verdict::Rejected(Rejection {
        code: code.to_owned(),
        field: Some("LastName".to_owned()),
        text: "Required fields are missing".to_owned(),
        transient: false,
    })
}

/// What the watch says of `common` rejections of one cause, then `other` ones, each its own.
fn watch(common: u64, other: u64) -> Option<RejectionStop> {
    let mut watch = RejectionWatch::new(&guards());
    let common = (0..common).map(|_| rejected("REQUIRED"));
    let other = (0..other).map(|number| rejected(&format!("OTHER_{number}")));
    common
        .chain(other)
        .find_map(|verdict| watch.observe(&verdict))
}

#[test]
fn the_first_500_rows_stop_a_run_only_if_nine_in_ten_share_a_cause() {
    assert_eq!(watch(499, 0), None);
    assert_eq!(watch(500, 0).unwrap().sharing, 500);
    assert_eq!(watch(450, 50).unwrap().sharing, 450);
    assert_eq!(watch(449, 51), None);
    assert_eq!(watch(0, 5_000), None);
}

#[test]
fn one_accepted_row_ends_the_watch_and_one_without_an_answer_does_not() {
    let verdicts = |special: Verdict| {
        let mut watch = RejectionWatch::new(&guards());
        let before = (0..499).map(|_| rejected("REQUIRED"));
        let after = (0..600).map(|_| rejected("REQUIRED"));
        before
            .chain([special])
            .chain(after)
            .position(|verdict| watch.observe(&verdict).is_some())
    };
    let unknown = Verdict::Unknown {
        reason: "timeout".to_owned(),
    };
    let pending = Verdict::Pending {
        ticket: "job".to_owned(),
    };
    assert_eq!(verdicts(Verdict::ACCEPTED), None);
    assert_eq!(verdicts(pending), None);
    assert_eq!(verdicts(unknown), Some(500));
}

#[test]
fn a_watch_over_no_rows_is_off() {
    let off = Guards {
        rejected_rows: 0,
        ..Guards::default()
    };
    assert_eq!(RejectionWatch::new(&off).observe(&rejected("X")), None);
}

#[test]
fn guards_say_what_happened_what_did_not_and_what_now() {
    assert_eq!(
        held_text(6_204, 48_210, 42_006, 500),
        "6,204 deletes are held: 12.9 % of the 48,210 records that this sync has sent (limit 500)"
    );
    assert_eq!(
        held_text(1, 50, 0, 0),
        "1 delete is held: the model returned no rows"
    );
    let shrunk = guards().shrink(1_446, Some(48_210)).unwrap();
    assert_eq!(
        shrunk.text,
        "the model returned 1,446 rows, 3 % of the last 48,210; nothing was sent and nothing forgotten"
    );
    assert_eq!(
        guards().invalid(812, 1_000).unwrap().text,
        "812 of 1,000 rows are invalid, 81.2 % (limit 50 %); nothing was sent"
    );
    let stop = watch(500, 0).unwrap().problem(47_710);
    assert_eq!(
        stop.text,
        "the first 500 rows were all refused with REQUIRED (LastName); 47,710 rows were not sent"
    );
    assert_eq!(stop.exit_code(), 5);
    assert!(
        watch(460, 40)
            .unwrap()
            .problem(1)
            .text
            .contains("460 of them with")
    );
}
