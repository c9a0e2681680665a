//! A workspace in a temporary folder with a core of its own and a clock that is moved by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use signalsmith::connectors::registry::{BuiltIn, Connectors};
use signalsmith::domain::command::{Change, Command, PlanPage, Reply, RowEntry, RowFilter};
use signalsmith::domain::id::RunId;
use signalsmith::domain::problem::Problem;
use signalsmith::domain::run::{Run, RunOptions, RunStatus};
use signalsmith::engine::clock::{Clock as _, ManualClock};
use signalsmith::engine::{Engine, EngineOptions};
use signalsmith::link::view::SyncView;
use signalsmith::link::{Link as _, WorkspaceView};
use tokio::runtime::Runtime;

/// Longer than anything here takes; what is waited for comes as an event, never by time.
const HANGS: Duration = Duration::from_secs(20);
/// The dispatcher looks at the clock at least this often.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// A workspace with its data beside it.
pub struct Workspace {
    dir: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub runtime: Runtime,
    connectors: Arc<dyn Connectors>,
    engine: Option<Engine>,
    starts: u64,
}

impl Workspace {
    /// A new workspace whose core runs; it is Monday, 2 March 2026, 08:00 UTC.
    pub fn new() -> Self {
        Self::with(Arc::new(BuiltIn))
    }

    /// As [`Workspace::new`], with other connectors than the program's.
    pub fn with(connectors: Arc<dyn Connectors>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let now = "2026-03-02T08:00:00Z".parse().unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let clock = Arc::new(ManualClock::new(now));
        let mut new = Self {
            dir,
            clock,
            runtime,
            connectors,
            engine: None,
            starts: 0,
        };
        new.start().unwrap();
        new
    }

    /// A path beside the workspace's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The workspace's own folder.
    pub fn folder(&self) -> PathBuf {
        self.path("workspace")
    }

    /// Starts the core.
    pub fn start(&mut self) -> Result<(), Problem> {
        self.starts += 1;
        self.engine = Some(self.another(self.starts)?);
        Ok(())
    }

    /// A further core on the same workspace.
    pub fn another(&self, seed: u64) -> Result<Engine, Problem> {
        Engine::start_with(self.options(seed), Arc::clone(&self.connectors))
    }

    fn options(&self, seed: u64) -> EngineOptions {
        EngineOptions {
            folder: self.folder(),
            socket: self.path("core.sock"),
            clock: self.clock.clone(),
            seed,
            autonomous: true,
        }
    }

    /// Takes the core away under whatever it does, as a kill would.
    pub fn crash(&mut self) {
        drop(self.engine.take());
    }

    /// Lets the core stop in peace.
    pub fn stop(&mut self) {
        self.engine.take().unwrap().stop();
    }

    /// Lets the core stop while something is done that may ask it for more.
    pub fn stop_while(&mut self, work: impl FnOnce(&dyn Fn(Command) -> Result<Reply, Problem>)) {
        self.end_while(Engine::stop, work);
    }

    /// Lets the core hand its runs over to another one while something is done.
    pub fn hand_over_while(
        &mut self,
        work: impl FnOnce(&dyn Fn(Command) -> Result<Reply, Problem>),
    ) {
        let lock = self.end_while(|engine| engine.hand_over().unwrap(), work);
        self.starts += 1;
        self.engine = Some(Engine::take_over(self.options(self.starts), lock).unwrap());
    }

    fn end_while<T: Send>(
        &mut self,
        end: impl FnOnce(Engine) -> T + Send,
        work: impl FnOnce(&dyn Fn(Command) -> Result<Reply, Problem>),
    ) -> T {
        let engine = self.engine.take().unwrap();
        let link = engine.link();
        std::thread::scope(|scope| {
            let ending = scope.spawn(|| end(engine));
            work(&|command| self.wait_for(link.send(command)));
            ending.join().unwrap()
        })
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Waits for what must come.
    pub fn wait_for<T>(&self, what: impl Future<Output = T>) -> T {
        self.runtime
            .block_on(async { tokio::time::timeout(HANGS, what).await })
            .expect("what is waited for comes")
    }

    pub fn ask(&self, command: Command) -> Result<Reply, Problem> {
        let link = self.engine.as_ref().unwrap().link();
        self.wait_for(link.send(command))
    }

    /// The face's way to the core.
    pub fn link(&self) -> signalsmith::engine::LocalLink {
        self.engine.as_ref().unwrap().link()
    }

    /// Brings a resource file in.
    pub fn apply(&self, text: &str) -> Vec<Change> {
        self.try_apply(text, &[]).unwrap()
    }

    /// Brings a resource file in, with names of syncs typed.
    pub fn try_apply(&self, text: &str, confirm: &[&str]) -> Result<Vec<Change>, Problem> {
        let reply = self.ask(Command::Apply {
            text: text.to_owned(),
            base: self.dir.path().to_owned(),
            prune: false,
            dry_run: false,
            confirm: confirm.iter().map(|name| (*name).to_owned()).collect(),
        })?;
        let Reply::Changes(changes) = reply else {
            panic!("{reply:?}")
        };
        // The catalog is read again in a message of its own, which is before the next command's.
        Ok(changes)
    }

    /// Changes the data of the source.
    pub fn source(&self, sql: &str) {
        let db = rusqlite::Connection::open(self.path("source.db")).unwrap();
        db.execute_batch(sql).unwrap();
    }

    /// Rows of the destination `copy.db`, their cells joined by `|`.
    pub fn target(&self, sql: &str) -> Vec<String> {
        super::rows::query(&self.path("copy.db"), sql)
    }

    /// Asks for a run.
    pub fn begin(&self, sync: &str, options: RunOptions) -> Run {
        self.try_begin(sync, options).unwrap()
    }

    pub fn try_begin(&self, sync: &str, options: RunOptions) -> Result<Run, Problem> {
        let reply = self.ask(Command::Run {
            sync: sync.to_owned(),
            options,
        })?;
        Ok(a_run(reply))
    }

    /// Waits until a run is final or waits for approval.
    pub fn wait(&self, run: &RunId) -> Run {
        let run = a_run(self.ask(Command::WaitRun { run: run.clone() }).unwrap());
        adds_up(&run);
        run
    }

    /// Waits for the end of a run that itself waits for time to pass; steps of one second.
    pub fn wait_through(&self, run: &RunId) -> Run {
        let link = self.engine.as_ref().unwrap().link();
        let reply = self.wait_for(async {
            let mut ended = link.send(Command::WaitRun { run: run.clone() });
            loop {
                let pass = async {
                    self.clock.sleepers(1).await;
                    self.clock.advance(Duration::from_secs(1)).await;
                };
                tokio::select! {
                    reply = &mut ended => break reply,
                    () = pass => {}
                }
            }
        });
        let run = a_run(reply.unwrap());
        adds_up(&run);
        run
    }

    /// A run with options, to its end.
    pub fn run_with(&self, sync: &str, options: RunOptions) -> Run {
        let run = self.begin(sync, options);
        self.wait(&run.id)
    }

    /// A plain run to its end.
    pub fn run(&self, sync: &str) -> Run {
        self.run_with(sync, RunOptions::default())
    }

    pub fn approve(&self, target: &str, plan_hash: &str) -> Result<Run, Problem> {
        let (target, plan_hash) = (target.to_owned(), plan_hash.to_owned());
        Ok(a_run(self.ask(Command::Approve { target, plan_hash })?))
    }

    pub fn cancel(&self, target: &str) -> Result<Run, Problem> {
        Ok(a_run(self.ask(Command::Cancel {
            target: target.to_owned(),
        })?))
    }

    /// Runs of a sync, newest first; all of them add up.
    pub fn runs(&self, sync: &str) -> Vec<Run> {
        let command = Command::Runs {
            sync: Some(sync.to_owned()),
            before: None,
            limit: 100,
        };
        let Reply::Runs(runs) = self.ask(command).unwrap() else {
            panic!("no runs")
        };
        runs.iter()
            .filter(|run| run.status.is_final())
            .for_each(adds_up);
        runs
    }

    /// Rows of a run that need a look.
    pub fn rows(&self, run: &Run) -> Vec<RowEntry> {
        let command = Command::Rows {
            run: run.id.clone(),
            filter: RowFilter::default(),
        };
        let Reply::Rows(rows) = self.ask(command).unwrap() else {
            panic!("no rows")
        };
        rows
    }

    /// Rows of a run that need a look: `key verdict code`.
    pub fn verdicts(&self, run: &Run) -> Vec<String> {
        let text = |row: &RowEntry| {
            let key: Vec<String> = row.key.values().map(ToString::to_string).collect();
            format!("{} {} {}", key.join(","), row.verdict, row.code)
        };
        let mut all: Vec<String> = self.rows(run).iter().map(text).collect();
        all.sort();
        all
    }

    /// The plan of a run.
    pub fn plan(&self, run: &Run) -> PlanPage {
        let command = Command::ShowPlan {
            run: run.id.clone(),
            from: 0,
            limit: 10_000,
        };
        let Reply::Plan(plan) = self.ask(command).unwrap() else {
            panic!("no plan")
        };
        *plan
    }

    /// The lines of a run's log.
    pub fn log(&self, run: &Run) -> String {
        let command = Command::Log {
            run: run.id.clone(),
            from: 0,
            limit: 10_000,
        };
        let Reply::Log(lines) = self.ask(command).unwrap() else {
            panic!("no log")
        };
        lines
            .iter()
            .map(|line| format!("{}: {}\n", line.word, line.text))
            .collect()
    }

    pub fn view(&self) -> Arc<WorkspaceView> {
        let view = self.engine.as_ref().unwrap().link().view();
        let view = view.borrow();
        Arc::clone(&view)
    }

    /// One sync as faces see it.
    pub fn sync(&self, name: &str) -> Arc<SyncView> {
        let view = self.view();
        let found = view.syncs.iter().find(|sync| sync.name() == name);
        Arc::clone(found.expect("there is the sync"))
    }

    /// Waits until faces see a sync so.
    pub fn until(&self, name: &str, is_so: impl Fn(&SyncView) -> bool) -> Arc<SyncView> {
        let mut view = self.engine.as_ref().unwrap().link().view();
        self.wait_for(async {
            let seen = view.wait_for(|view| {
                view.syncs
                    .iter()
                    .any(|sync| sync.name() == name && is_so(sync))
            });
            let seen = seen.await.expect("the core runs");
            let found = seen.syncs.iter().find(|sync| sync.name() == name);
            Arc::clone(found.unwrap())
        })
    }

    /// Waits until faces see the workspace so.
    pub fn until_all(&self, is_so: impl Fn(&WorkspaceView) -> bool) -> Arc<WorkspaceView> {
        let mut view = self.engine.as_ref().unwrap().link().view();
        self.wait_for(async {
            let seen = view.wait_for(|view| is_so(view)).await;
            Arc::clone(&seen.expect("the core runs"))
        })
    }

    /// Waits until a sync does nothing and its last run is not `before`; gives that run.
    pub fn next_run(&self, name: &str, before: Option<&RunId>) -> Run {
        let seen = self.until(name, |sync| {
            let last = sync.last.as_ref().map(|run| &run.id);
            last.is_some() && last != before && sync.active.is_none() && sync.queued.is_none()
        });
        let run = seen.last.clone().unwrap();
        adds_up(&run);
        run
    }

    /// Lets time pass, in steps in which the scheduler finds every slot at its time. Something must
    /// be asleep: a schedule, or a run that waits.
    pub fn pass(&self, duration: Duration) {
        let mut left = duration;
        while !left.is_zero() {
            let step = left.min(LOOK_AGAIN);
            self.wait_for(async {
                self.clock.sleepers(1).await;
                self.clock.advance(step).await;
            });
            left -= step;
        }
        self.wait_for(self.clock.sleepers(1));
    }
}

fn a_run(reply: Reply) -> Run {
    let Reply::Run(run) = reply else {
        panic!("no run: {reply:?}")
    };
    *run
}

/// The promise of every run: its counters add up, and its end is told.
pub fn adds_up(run: &Run) {
    assert!(run.counters.add_up(), "{:#?}", run.counters);
    let failed = run.status == RunStatus::Failed;
    assert!(!failed || run.error.is_some(), "{run:#?}");
    if run.status.is_final() {
        assert!(run.ended_at.is_some(), "{run:#?}");
    }
}
