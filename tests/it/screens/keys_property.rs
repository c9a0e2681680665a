//! Any keys on any screen, with answers that come late, refused or never: nothing panics, the
//! cursor stays on the screen, and nothing that destroys is sent but by a confirmed question.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use signalsmith::domain::command::{Command, Reply};
use signalsmith::domain::edit::Edit;
use signalsmith::domain::problem::{Problem, ProblemKind};
use signalsmith::link::Connection;
use signalsmith::tui::What;

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

#[derive(Debug, Clone)]
enum Step {
    Key(&'static str),
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
fn moody(mood: u8) -> Script {
    let mut quick = core();
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

fn destroys(command: &Command) -> bool {
    match command {
        Command::Cancel { .. } | Command::Approve { .. } | Command::Forget { .. } => true,
        Command::Run { options, .. } => options.full,
        Command::Edit(edit) => matches!(edit, Edit::Delete { .. } | Edit::DeleteSync { .. }),
        _ => false,
    }
}

fn take(robot: &mut Robot, step: Step) {
    match step {
        Step::Key(key) => robot.press(key),
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

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_keys_panic_lose_the_cursor_or_destroy_without_a_confirmed_question(
        size in 0..SIZES.len(),
        mood in 0_u8..4,
        steps in steps(),
    ) {
        let mut robot = Robot::new(SIZES[size], mixed(), moody(mood));
        let mut before = robot.screen();
        for step in steps {
            let sent = robot.sent.len();
            let said = format!("{step:?}");
            let answer = matches!(&step, Step::Key("y" | "enter"));
            take(&mut robot, step);
            if robot.sent[sent..].iter().any(destroys) {
                let asked = before.contains(" ] enter") || before.contains(" type ");
                prop_assert!(answer && asked, "{said} sent {:?} from\n{before}", &robot.sent[sent..]);
            }
            let (buffer, place) = robot.draw();
            prop_assert!(buffer.area.contains(place), "{said}: cursor at {place:?}");
            before = robot.screen();
        }
        for size in SIZES {
            robot.resize(size);
            let (buffer, place) = robot.draw();
            prop_assert!(buffer.area.contains(place), "cursor at {place:?} of {size:?}");
        }
    }
}
