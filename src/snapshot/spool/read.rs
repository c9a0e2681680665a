//! Reading a spool: a second thread loads and sorts the next bucket while this one is walked over.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use super::super::error::SnapshotError;
use super::block::Block;
use super::buckets::Filled;
use super::outsized;

/// Where the records of a complete spool are.
#[derive(Debug)]
pub(super) enum Records {
    Memory(Block),
    Disk(Filled),
}

/// A complete spool.
#[derive(Debug)]
pub(super) struct SortedInner {
    pub folder: PathBuf,
    pub key: usize,
    pub records: Records,
    pub count: u64,
    /// Bytes of a bucket that are sorted at once.
    pub load_bytes: usize,
}

/// A spool that is complete; it can be read any number of times.
#[derive(Debug, Clone)]
pub struct Sorted(Arc<SortedInner>);

impl Sorted {
    pub(super) fn of(inner: SortedInner) -> Self {
        Self(Arc::new(inner))
    }

    /// Number of records.
    pub fn records(&self) -> u64 {
        self.0.count
    }

    /// Whether records went to disk.
    pub fn is_on_disk(&self) -> bool {
        matches!(self.0.records, Records::Disk(_))
    }

    /// Reads all records in order.
    pub fn read(&self) -> SortedReader {
        SortedReader::new(&self.0, None)
    }

    /// Reads the records in order, but need not give those that share their first 8 bytes with no
    /// other and of which `is_idle` is true.
    pub fn read_without_lone(&self, is_idle: fn(&[u8]) -> bool) -> SortedReader {
        SortedReader::new(&self.0, Some(is_idle))
    }
}

/// Which records need not be given.
type Idle = Option<fn(&[u8]) -> bool>;

/// The thread that loads buckets.
#[derive(Debug)]
struct Loader {
    blocks: Receiver<Block>,
    /// Blocks that were walked over, whose memory is used again.
    used: Sender<Block>,
    thread: JoinHandle<io::Result<()>>,
}

/// Walks over the records of a spool.
#[derive(Debug)]
pub struct SortedReader {
    inner: Arc<SortedInner>,
    idle: Idle,
    loader: Option<Loader>,
    /// The block from disk; in memory it is the spool's own.
    block: Block,
    position: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Begins,
    Walks,
    Ended,
}

impl SortedReader {
    fn new(inner: &Arc<SortedInner>, idle: Idle) -> Self {
        Self {
            inner: Arc::clone(inner),
            idle,
            loader: None,
            block: Block::default(),
            position: 0,
            state: State::Begins,
        }
    }

    #[inline]
    fn block(&self) -> &Block {
        match &self.inner.records {
            Records::Memory(block) => block,
            Records::Disk(_) => &self.block,
        }
    }

    /// Moves to the next record; false at the end.
    ///
    /// # Errors
    /// [`SnapshotError`] where the file cannot be read.
    #[inline]
    pub fn advance(&mut self) -> Result<bool, SnapshotError> {
        let next = match self.state {
            State::Begins => 0,
            State::Walks => self.position + 1,
            State::Ended => return Ok(false),
        };
        self.state = State::Walks;
        self.position = next;
        if next < self.block().len() {
            return Ok(true);
        }
        let more = self
            .load()
            .map_err(|error| SnapshotError::io("read a spool in", &self.inner.folder, error))?;
        if !more {
            self.state = State::Ended;
        }
        Ok(more)
    }

    /// The current record.
    #[inline]
    pub fn record(&self) -> &[u8] {
        match self.state {
            State::Walks => self.block().nth(self.position).unwrap_or_default(),
            State::Begins | State::Ended => &[],
        }
    }

    /// Whether the record after the current one certainly has other leading bytes, so that nothing
    /// is lost by looking at the current one alone.
    #[inline]
    pub fn next_differs(&self) -> bool {
        self.state == State::Walks && self.block().next_differs(self.position)
    }

    /// Takes the next block from the loader; false at the end.
    fn load(&mut self) -> io::Result<bool> {
        if let Records::Memory(_) = self.inner.records {
            return Ok(false);
        }
        if self.loader.is_none() {
            self.loader = Some(Loader::start(&self.inner, self.idle)?);
        }
        let Some(loader) = &self.loader else {
            return Ok(false);
        };
        // It goes back before the next is awaited, so that there are two in all.
        let _ = loader.used.send(std::mem::take(&mut self.block));
        self.position = 0;
        if let Ok(block) = loader.blocks.recv() {
            self.block = block;
            return Ok(true);
        }
        match self.loader.take().map(|loader| loader.thread.join()) {
            Some(Ok(ended)) => ended.map(|()| false),
            _ => Err(io::Error::other("the sorting thread ended")),
        }
    }
}

impl Loader {
    fn start(inner: &Arc<SortedInner>, idle: Idle) -> io::Result<Self> {
        let (ready, blocks) = sync_channel(0);
        let (used, again) = channel();
        let inner = Arc::clone(inner);
        let thread = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || load_all(&inner, idle, &ready, &again))?;
        Ok(Self {
            blocks,
            used,
            thread,
        })
    }
}

fn load_all(
    inner: &SortedInner,
    idle: Idle,
    ready: &SyncSender<Block>,
    again: &Receiver<Block>,
) -> io::Result<()> {
    let Records::Disk(filled) = &inner.records else {
        return Ok(());
    };
    let most = u64::try_from(inner.load_bytes).unwrap_or(u64::MAX);
    for bucket in &filled.buckets {
        let bytes = filled.bytes(bucket);
        if bytes == 0 {
            continue;
        }
        let mut is_wanted = true;
        if bytes > most {
            let how = (inner.folder.as_path(), inner.key, inner.load_bytes);
            outsized::sorted(filled, bucket, how, |block| {
                is_wanted = ready.send(block).is_ok();
                is_wanted
            })?;
        } else {
            let mut block = again.try_recv().unwrap_or_default();
            filled.load(bucket, &mut block.bytes)?;
            block.sort(inner.key)?;
            block.is_whole = true;
            if let Some(is_idle) = idle {
                block.drop_lone(is_idle);
            }
            if block.len() > 0 {
                is_wanted = ready.send(block).is_ok();
            }
        }
        if !is_wanted {
            break;
        }
    }
    Ok(())
}
