//! Any keys on any screen, with answers that come late, refused or never: nothing panics, the
//! cursor stays on the screen, and nothing that destroys is sent but by a confirmed question.

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, TestCaseError, TestError, TestRunner};
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::edit::Edit;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::link::Connection;
use signalsmith::tui::What;

use super::catalogs;
use super::robot::{Robot, Script};
use super::worlds::{core, live, mixed, of};

const SIZES: [(u16, u16); 8] = [
    (200, 60),
    (120, 36),
    (80, 24),
    (60, 15),
    (59, 14),
    (40, 10),
    (39, 9),
    (1, 1),
];

/// Every key of the table that ships, and what a person types besides.
const KEYS: &str = "1 2 3 4 5 6 7 9 j k h l g G enter esc tab backtab < > / f o space * : ? y Y L r R P \
    p m s e c A W n N t T D H I X E U u = x J K i w a d , . # v + b q é 世 0 ' \" ctrl-s ctrl-t ctrl-o \
    ctrl-r ctrl-u ctrl-d ctrl-l ctrl-z ctrl-p ctrl-c up down left right home end pagedown backspace";

/// Ways into the screens, from which the keys go on.
const WAYS: [&[&str]; 14] = [
    &[],
    &["1"],
    &["m"],
    &["m", "enter"],
    &["s"],
    &["e"],
    &["n"],
    &["n", "x", "enter"],
    &["p"],
    &["3", "enter"],
    &["3", "enter", "enter"],
    &["4", "enter"],
    &["6", "b"],
    &["7", "enter"],
];

/// What destroys, as far as the answer; each of the questions is answered in all ways.
const QUESTIONS: [&[&str]; 6] = [
    &["2", "g", "g", "j", "c"],
    &["2", "g", "g", "R", "f"],
    &["2", "g", "g", "R", "n"],
    &["2", "g", "g", "A"],
    &["4", "G", "D"],
    &["6", "g", "g", "j", "D"],
];

#[derive(Debug, Clone)]
enum Step {
    Key(&'static str),
    /// Asks for something that destroys; whether it is confirmed.
    Ask(&'static [&'static str], bool),
    /// Looks at a question for as long as it takes to be heard, and says yes.
    Yes,
    Size(usize),
    World(bool),
    Lost(bool),
    Line,
    Paste,
    Wait(u64),
    /// Answers one of the questions so far, once more or at last; refused where it says so.
    Late(prop::sample::Index, bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let keys: Vec<&'static str> = KEYS.split_whitespace().collect();
    let step = prop_oneof![
        20 => prop::sample::select(keys).prop_map(Step::Key),
        2 => (prop::sample::select(&QUESTIONS[..]), any::<bool>())
            .prop_map(|(keys, yes)| Step::Ask(keys, yes)),
        1 => Just(Step::Yes),
        1 => (0..SIZES.len()).prop_map(Step::Size),
        1 => any::<bool>().prop_map(Step::World),
        1 => any::<bool>().prop_map(Step::Lost),
        1 => Just(Step::Line),
        1 => Just(Step::Paste),
        1 => (0_u64..20_000).prop_map(Step::Wait),
        2 => (any::<prop::sample::Index>(), any::<bool>()).prop_map(|(at, no)| Step::Late(at, no)),
    ];
    prop::collection::vec(step, 0..50)
}

/// A core that answers every third question at once, refuses every third, and is silent else.
fn moody(mut quick: Script, mood: u8) -> Script {
    let mut asked = mood;
    Box::new(move |command| {
        // A log and what the dialogs show are always to be had.
        if mood == 0 || matches!(command, Command::LogPage { .. }) {
            return quick(command);
        }
        asked = asked.wrapping_add(1);
        match asked % 3 {
            0 => None,
            1 => Some(Err(Problem::new(
                ProblemKind::Conflict,
                "refused by the test",
            ))),
            _ => quick(command),
        }
    })
}

/// What a command destroys, by a word.
fn destroys(command: &Command) -> Option<&'static str> {
    match command {
        Command::Cancel { .. } => Some("cancel"),
        Command::Approve { .. } => Some("approve"),
        Command::Forget { .. } => Some("forget"),
        Command::Run { options, .. } if options.full => Some("full"),
        Command::Run { options, .. } if options.from_now => Some("from now"),
        // What it takes back is planned, shown and approved; asking for the plan asks too.
        Command::Undo { .. } => Some("undo"),
        Command::Edit(Edit::Delete { .. } | Edit::DeleteSync { .. }) => Some("delete"),
        _ => None,
    }
}

fn take(robot: &mut Robot, step: Step) {
    match step {
        Step::Key(key) => robot.press(key),
        Step::Yes => robot.press("y"),
        Step::Ask(keys, _) => {
            let out = ["esc", "esc", "esc"].iter();
            out.chain(keys).for_each(|key| robot.press(key));
        }
        Step::Size(at) => robot.resize(SIZES[at]),
        Step::World(full) => robot.world(if full { mixed() } else { of(vec![]) }),
        Step::Lost(true) => robot.tell(What::Connection(Connection::Lost { retry_in_s: 4 })),
        Step::Lost(false) => robot.tell(What::Connection(Connection::Local)),
        Step::Line => robot.event(live(1, "line")),
        Step::Paste => robot.tell(What::Paste("a\nb\u{1b}[2J".into())),
        Step::Wait(ms) => robot.wait(ms),
        Step::Late(at, refused) => {
            if robot.tokens.is_empty() {
                return;
            }
            let token = robot.tokens[at.index(robot.tokens.len())];
            let result = match refused {
                true => Err(Problem::new(ProblemKind::Internal, "refused late")),
                // The answer to another question, perhaps.
                false => Ok(Reply::Done),
            };
            let result = Box::new(result);
            robot.tell(What::Reply { token, result });
        }
    }
}

/// 300 cases; any number by `SIGNALSMITH_TEST_CASES`.
fn config() -> ProptestConfig {
    let wanted = std::env::var("SIGNALSMITH_TEST_CASES").ok();
    let seeds = "tests/proptest-regressions/screens/keys.txt";
    ProptestConfig {
        cases: wanted.and_then(|text| text.parse().ok()).unwrap_or(300),
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct(seeds))),
        ..ProptestConfig::default()
    }
}

/// One case; gives what was destroyed.
fn play(
    (size, mood, editors): (usize, u8, bool),
    way: &[&'static str],
    steps: Vec<Step>,
) -> Result<Vec<&'static str>, TestCaseError> {
    let mut robot = if editors {
        let quick = catalogs::core();
        Robot::new(SIZES[size], catalogs::catalog(), moody(quick, mood))
    } else {
        Robot::new(SIZES[size], mixed(), moody(core(), mood))
    };
    let way = way.iter().map(|key| Step::Key(key));
    let (mut before, mut destroyed) = (robot.screen(), Vec::new());
    let steps = steps.into_iter().flat_map(|step| {
        let yes = matches!(step, Step::Ask(_, true));
        [Some(step), yes.then_some(Step::Yes)]
    });
    for step in way.chain(steps.flatten()) {
        if matches!(step, Step::Yes) {
            robot.wait(400);
            before = robot.screen();
        }
        let sent = robot.sent.len();
        let said = format!("{step:?}");
        let answer = matches!(&step, Step::Yes | Step::Key("y" | "enter"));
        take(&mut robot, step);
        if robot.sent[sent..].iter().any(|it| destroys(it).is_some()) {
            let asked = before.contains(" ] enter") || before.contains(" type ");
            prop_assert!(
                answer && asked,
                "{said} sent {:?} from\n{before}",
                &robot.sent[sent..]
            );
            destroyed.extend(robot.sent[sent..].iter().filter_map(destroys));
        }
        let (buffer, place) = robot.draw();
        prop_assert!(buffer.area.contains(place), "{said}: cursor at {place:?}");
        before = robot.screen();
    }
    for size in SIZES {
        robot.resize(size);
        let (buffer, place) = robot.draw();
        prop_assert!(
            buffer.area.contains(place),
            "cursor at {place:?} of {size:?}"
        );
    }
    Ok(destroyed)
}

#[test]
fn no_keys_panic_lose_the_cursor_or_destroy_without_a_confirmed_question() {
    let config = config();
    let cases = u64::from(config.cases);
    let destroyed = RefCell::new(BTreeMap::<_, u64>::new());
    let inputs = (
        // Mostly at sizes where there is something to press.
        (
            prop_oneof![3 => 0..4_usize, 1 => 0..SIZES.len()],
            prop_oneof![3 => Just(0), 3 => 1_u8..4],
            any::<bool>(),
        ),
        prop::sample::select(&WAYS[..]),
        steps(),
    );
    let result = TestRunner::new(config).run(&inputs, |(world, way, steps)| {
        let mut all = destroyed.borrow_mut();
        for what in play(world, way, steps)? {
            *all.entry(what).or_insert(0) += 1;
        }
        Ok(())
    });
    match result {
        // What was not destroyed tells nothing of its guard.
        Ok(()) => {
            for what in ["cancel", "full", "from now", "delete"] {
                let times = destroyed.borrow().get(what).copied().unwrap_or(0);
                assert!(times * 100 >= cases, "{what}: only {times}");
            }
        }
        Err(TestError::Fail(reason, case)) => panic!("{reason}\n{case:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
