//! From a key to the painted frame, at 10,000 syncs and a run's log of 1,000,000 lines.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use chrono::{DateTime, Utc};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport};
use serde_json::json;
use signalsmith::domain::command::Reply;
use signalsmith::domain::id::{DestinationId, ModelId, RunId, SyncId};
use signalsmith::engine::clock::SystemClock;
use signalsmith::engine::{Engine, EngineOptions, LocalLink};
use signalsmith::link::view::SyncView;
use signalsmith::link::{Connection, Link as _, WorkspaceView};
use signalsmith::tui::{
    Effect, FrameWriter, GlyphSet, Look, Moment, Msg, Options, State, ThemeName, What, update, view,
};
use tokio::runtime::Runtime;

use crate::cases::Bench;
use crate::measure::{Measured, in_child};
use crate::table::{Budget, parts};

/// The size of the terminal.
const SIZE: (u16, u16) = (120, 36);
/// The syncs of the list.
const SYNCS: u64 = 10_000;
/// The lines of the log.
const LINES: u64 = 1_000_000;
/// The budget, in milliseconds.
const BUDGET_MS: f64 = 16.0;

/// The case in the table.
pub fn cases(bench: &Bench) {
    let name = format!("key to paint, {SYNCS} syncs, {LINES} log lines");
    if !bench.options.wants(&name) {
        return;
    }
    let folder = bench.fresh("frame");
    let told = bench.best(|| in_child(&["frame", folder.to_str().unwrap()]));
    let budget = Budget::at_most(told.part("worst") * 1e3, BUDGET_MS, "ms, the slowest key");
    let note = format!("in seconds: {}", parts(&told));
    bench
        .table
        .case(&name, &told, &[budget.headline()], &[note]);
}

/// Presses keys and paints after each of them.
pub fn run(folder: &Path) -> Measured {
    let mut face = Face::new(folder);
    for _ in 0..300 {
        face.press("list down", KeyCode::Char('j'), KeyModifiers::NONE);
    }
    for _ in 0..50 {
        face.press("list half page", KeyCode::Char('d'), KeyModifiers::CONTROL);
    }
    for end in ['G', 'g', 'g'] {
        face.press("list ends", KeyCode::Char(end), KeyModifiers::NONE);
    }
    for letter in "/sync 0777".chars() {
        face.press("list find", KeyCode::Char(letter), KeyModifiers::NONE);
    }
    face.press("list find", KeyCode::Esc, KeyModifiers::NONE);
    for letter in "fsync 07".chars() {
        face.press("list filter", KeyCode::Char(letter), KeyModifiers::NONE);
    }
    face.press("list filter", KeyCode::Esc, KeyModifiers::NONE);
    for _ in 0..2 {
        face.press("list ends", KeyCode::Char('g'), KeyModifiers::NONE);
    }
    for _ in 0..2 {
        face.press("log open", KeyCode::Enter, KeyModifiers::NONE);
    }
    for _ in 0..300 {
        face.press(
            "log half page up",
            KeyCode::Char('u'),
            KeyModifiers::CONTROL,
        );
    }
    for end in ['g', 'g', 'G', 'g', 'g'] {
        face.press("log ends", KeyCode::Char(end), KeyModifiers::NONE);
    }
    for _ in 0..300 {
        face.press(
            "log half page down",
            KeyCode::Char('d'),
            KeyModifiers::CONTROL,
        );
    }
    face.told()
}

/// The interface over a core whose workspace has the log; its list is made by hand.
struct Face {
    state: State,
    look: Look,
    writer: FrameWriter<std::io::Sink>,
    terminal: Terminal<CrosstermBackend<FrameWriter<std::io::Sink>>>,
    runtime: Runtime,
    engine: Engine,
    link: LocalLink,
    ms: u64,
    /// Lines of the log that the core gave.
    lines: usize,
    took: BTreeMap<&'static str, Vec<f64>>,
}

impl Face {
    fn new(folder: &Path) -> Self {
        let engine = Engine::start(EngineOptions {
            folder: folder.join("workspace"),
            socket: folder.join("core.sock"),
            clock: Arc::new(SystemClock::new()),
            seed: 7,
            autonomous: false,
        })
        .unwrap();
        let run = RunId::from_bits(7);
        write_log(&folder.join("workspace/runs").join(format!("{run}.log")));
        let mut options = Options::of_environment(|_| None);
        options.glyphs = GlyphSet::Unicode;
        let world = Arc::new(world(&run));
        let writer = FrameWriter::new(std::io::sink());
        let viewport = Viewport::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1));
        let terminal = Terminal::with_options(
            CrosstermBackend::new(writer.clone()),
            TerminalOptions { viewport },
        );
        let mut face = Self {
            state: State::new(&options, SIZE, world, Connection::Local, None),
            look: Look::new(ThemeName::Terminal, GlyphSet::Unicode),
            writer,
            terminal: terminal.unwrap(),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap(),
            link: engine.link(),
            engine,
            ms: 0,
            lines: 0,
            took: BTreeMap::new(),
        };
        face.step("start", What::Tick);
        face.step("start", What::Tick);
        face
    }

    fn press(&mut self, what: &'static str, code: KeyCode, modifiers: KeyModifiers) {
        self.step(what, What::Key(KeyEvent::new(code, modifiers)));
    }

    /// Takes a message and paints; what it asks of the core is answered before the painting.
    fn step(&mut self, what: &'static str, message: What) {
        self.ms += 400;
        let began = Instant::now();
        self.tell(message);
        self.writer.begin_frame();
        let (state, look) = (&self.state, &self.look);
        self.terminal
            .draw(|frame| view(state, look, frame))
            .unwrap();
        self.writer.end_frame().unwrap();
        let took = began.elapsed().as_secs_f64();
        self.took.entry(what).or_default().push(took);
    }

    fn tell(&mut self, what: What) {
        let at = Moment {
            wall: DateTime::<Utc>::UNIX_EPOCH,
            ms: self.ms,
        };
        for effect in update(&mut self.state, Msg { at, what }) {
            if let Effect::Send { token, command } = effect {
                let result = Box::new(self.runtime.block_on(self.link.send(command)));
                if let Ok(Reply::LogPage(page)) = result.as_ref() {
                    self.lines += page.lines.len();
                }
                self.tell(What::Reply { token, result });
            }
        }
    }

    fn told(self) -> Measured {
        let Self {
            engine,
            took,
            lines,
            ..
        } = self;
        assert!(lines > 3_000, "the log was not read: {lines}");
        engine.stop();
        let mut told = Measured::default();
        for (what, mut all) in took.into_iter().filter(|(what, _)| *what != "start") {
            all.sort_by(f64::total_cmp);
            told.wall += all.iter().sum::<f64>();
            told.rows += all.len() as u64;
            let worst = all.last().copied().unwrap_or_default();
            told.parts
                .insert(format!("{what}, median"), all[all.len() / 2]);
            told.parts.insert(format!("{what}, worst"), worst);
            let slowest = told.parts.entry("worst".to_owned()).or_default();
            *slowest = slowest.max(worst);
        }
        told
    }
}

fn write_log(path: &Path) {
    if path.exists() {
        return;
    }
    let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
    for number in 0..LINES {
        writeln!(
            out,
            "{{\"at\":\"2026-03-02T08:00:00.123456Z\",\"word\":\"rejected\",\"text\":\"cus_{number}: STRING_TOO_LONG FirstName (max 40), sent 61 letters\"}}"
        )
        .unwrap();
    }
    out.flush().unwrap();
}

fn world(run: &RunId) -> WorkspaceView {
    let sync = |number: u64| {
        let id = SyncId::from_bits(number);
        let at = "2026-03-02T08:00:00Z";
        let last = json!({
            "id": if number == 0 { run.clone() } else { RunId::from_bits(1_000_000 + number) },
            "sync": id, "revision": 3, "trigger": {"type": "manual"}, "options": {},
            "mode": "upsert", "status": "completed", "phase": "writing", "queued_at": at,
            "started_at": at, "ended_at": at, "error": null, "retry_at": null, "plan_hash": null,
            "counters": signalsmith::domain::run::Counters::default(), "phases": [],
        });
        let view: SyncView = serde_json::from_value(json!({
            "sync": {
                "id": id, "revision": 3,
                "name": format!("sync {number:05} of the team"),
                "model": ModelId::from_bits(1), "destination": DestinationId::from_bits(1),
                "destination_object": "Contact", "mode": "upsert",
                "schedule": {"type": "interval", "interval_minutes": 60},
            },
            "model": "contacts", "source": "crm", "destination": "Salesforce prod",
            "destination_type": "webhook", "state": {"state": "ok"},
            "schedule_words": "every 60 min", "next_run_at": at, "active": null, "queued": null,
            "last": last, "recent": [], "known": 5, "held": null, "health": 100,
        }))
        .unwrap();
        Arc::new(view)
    };
    WorkspaceView {
        sequence: 1,
        name: "acme".into(),
        timezone: "Europe/Berlin".into(),
        syncs: (0..SYNCS).map(sync).collect(),
        ..WorkspaceView::default()
    }
}
