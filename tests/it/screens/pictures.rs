//! Pictures of the Syncs screen in each state that matters, at each size.

use ratatui::style::{Color, Modifier};
use signalsmith::link::Connection;
use signalsmith::tui::{GlyphSet, ThemeName, What};

use super::robot::Robot;
use super::worlds::{core, live, mixed, of};

pub const SIZES: [(u16, u16); 3] = [(120, 36), (80, 24), (59, 14)];

fn picture(name: &str, robot: &Robot, size: (u16, u16)) {
    picture_of(&format!("syncs_{name}"), robot, size);
}

/// Compares the screen with its picture of this name and size.
pub fn picture_of(name: &str, robot: &Robot, (columns, rows): (u16, u16)) {
    insta::with_settings!({
        snapshot_path => "../snapshots",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), robot.screen());
    });
}

fn at_each_size(name: &str, prepare: impl Fn(&mut Robot)) {
    for size in SIZES {
        let mut robot = Robot::new(size, mixed(), core());
        prepare(&mut robot);
        picture(name, &robot, size);
    }
}

/// Puts the cursor on the running sync.
fn to_running(robot: &mut Robot) {
    robot.press("j");
    robot.wait(500);
}

#[test]
fn an_empty_workspace_says_what_to_do_next() {
    for size in SIZES {
        picture("empty", &Robot::new(size, of(vec![]), core()), size);
    }
}

#[test]
fn the_list_shows_each_kind_of_sync_with_a_live_run() {
    at_each_size("mixed", |robot| {
        to_running(robot);
        robot.event(live(0, "batch 9: 200 accepted"));
        robot.event(live(1, "batch 10: 200 accepted"));
        robot.reads_log();
    });
}

#[test]
fn the_detail_shows_a_run_under_way() {
    at_each_size("detail", |robot| {
        to_running(robot);
        robot.press("enter");
    });
}

#[test]
fn the_detail_says_why_a_run_failed() {
    at_each_size("failed", |robot| robot.press("enter"));
}

#[test]
fn the_runs_tab_lists_runs_and_says_why_one_failed() {
    at_each_size("runs", |robot| {
        to_running(robot);
        robot.press("enter");
        robot.press(">");
        robot.wait(500);
        for _ in 0..3 {
            robot.press("j");
        }
    });
}

#[test]
fn the_log_stops_following_when_scrolled() {
    at_each_size("log_paused", |robot| {
        to_running(robot);
        robot.press("enter");
        robot.press("enter");
        robot.press("k");
        for second in 0..214 {
            robot.event(live(second, "batch accepted"));
        }
        robot.reads_log();
    });
}

#[test]
fn the_filter_has_effect_while_it_is_typed() {
    at_each_size("filter", |robot| {
        robot.press("f");
        robot.type_text("state:fail");
    });
}

#[test]
fn help_tells_the_keys_and_why_some_cannot_be_used() {
    at_each_size("help", |robot| robot.press("?"));
}

#[test]
fn the_palette_finds_actions_and_syncs() {
    at_each_size("palette", |robot| {
        robot.press(":");
        robot.type_text("re");
    });
}

#[test]
fn cancelling_asks_with_staying_in_focus() {
    at_each_size("cancel", |robot| {
        to_running(robot);
        robot.press("c");
    });
}

#[test]
fn held_deletes_are_shown_and_approved_by_their_number() {
    at_each_size("held", |robot| {
        to_running(robot);
        robot.press("j");
        robot.press("A");
        robot.press("A");
        robot.wait(400);
        robot.type_text("62");
    });
}

#[test]
fn the_run_menu_names_the_ways() {
    at_each_size("run_menu", |robot| robot.press("R"));
}

#[test]
fn a_lost_core_is_told_with_the_age_of_what_is_seen() {
    at_each_size("lost", |robot| {
        robot.tell(What::Connection(Connection::Lost { retry_in_s: 4 }));
        robot.press("r");
    });
}

#[test]
fn too_small_a_terminal_gets_one_honest_sentence() {
    let size = (39, 9);
    picture("tiny", &Robot::new(size, mixed(), core()), size);
}

#[test]
fn ascii_terminals_get_ascii_alone() {
    let mut robot = Robot::new((120, 36), mixed(), core());
    robot.theme(ThemeName::Terminal, GlyphSet::Ascii);
    to_running(&mut robot);
    let screen = robot.screen();
    picture("ascii", &robot, (120, 36));
    let odd: Vec<char> = screen.chars().filter(|c| !c.is_ascii()).collect();
    assert!(odd.is_empty(), "{odd:?}");
}

#[test]
fn the_selected_row_is_reversed_and_without_colour_under_mono() {
    let mut robot = Robot::new((120, 36), mixed(), core());
    robot.theme(ThemeName::Mono, GlyphSet::Unicode);
    let (buffer, cursor) = robot.draw();
    let row = &buffer[(cursor.x, cursor.y)];
    assert!(row.modifier.contains(Modifier::REVERSED));
    for cell in buffer.content() {
        assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
    }
}

#[test]
fn the_cursor_stands_on_the_focused_row_in_every_pane() {
    let mut robot = Robot::new((120, 36), mixed(), core());
    for _ in 0..2 {
        robot.press("j");
        let (buffer, place) = robot.draw();
        let line: String = (0..54).map(|x| buffer[(x, place.y)].symbol()).collect();
        assert!(line.contains('▸'), "{line}");
    }
    robot.press("k");
    robot.press("enter");
    robot.press("enter");
    let (buffer, place) = robot.draw();
    let line: String = (0..119).map(|x| buffer[(x, place.y)].symbol()).collect();
    assert!(line.contains("batch 7"), "{line}");
}

#[test]
fn a_click_selects_the_row_beneath_it() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    for (size, row) in [((120, 36), 6), ((59, 14), 7)] {
        let mut robot = Robot::new(size, mixed(), core());
        robot.tell(What::Mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 5,
            row,
            modifiers: KeyModifiers::NONE,
        }));
        robot.sees("▸? ");
    }
}
