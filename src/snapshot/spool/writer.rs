//! A second thread throws records into their buckets, while the first one makes the next.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::block::{each, put};
use super::buckets::{Buckets, Filled};

/// Bytes that are handed over at once.
const CHUNK: usize = 64 << 10;
/// Chunks that wait for the thread.
const WAITING: usize = 4;

/// Collects records for the thread that writes them.
#[derive(Debug)]
pub(super) struct Writer {
    chunk: Vec<u8>,
    full: SyncSender<Vec<u8>>,
    /// Chunks that were written, whose memory is used again.
    empty: Receiver<Vec<u8>>,
    thread: JoinHandle<io::Result<Filled>>,
}

impl Writer {
    /// Starts with a file in `folder`; the buckets take about `memory` bytes.
    pub fn start(folder: &Path, memory: usize) -> io::Result<Self> {
        let mut buckets = Buckets::create(folder, memory)?;
        let (full, chunks) = sync_channel::<Vec<u8>>(WAITING);
        let (written, empty) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("spool".to_owned())
            .spawn(move || {
                while let Ok(mut chunk) = chunks.recv() {
                    each(&chunk, |framed| buckets.push(framed))?;
                    chunk.clear();
                    if chunk.capacity() <= 2 * CHUNK {
                        // Where there are enough of them, this one goes.
                        let _ = written.try_send(chunk);
                    }
                }
                buckets.finish()
            })?;
        Ok(Self {
            chunk: Vec::with_capacity(CHUNK),
            full,
            empty,
            thread,
        })
    }

    /// Takes over records that were collected before.
    pub fn take_over(&mut self, framed: Vec<u8>) {
        // Where the thread has ended early, its result says why.
        let _ = self.full.send(framed);
    }

    /// Adds the record that `parts` make up; `length` is theirs together. False where the thread
    /// has ended early: [`Self::finish`] says why.
    pub fn push(&mut self, length: u32, parts: &[&[u8]]) -> bool {
        put(length, parts, &mut self.chunk);
        self.chunk.len() < CHUNK || self.hand_over()
    }

    fn hand_over(&mut self) -> bool {
        let empty = self.empty.try_recv();
        let next = empty.unwrap_or_else(|_| Vec::with_capacity(CHUNK + CHUNK / 8));
        self.full
            .send(std::mem::replace(&mut self.chunk, next))
            .is_ok()
    }

    /// Writes what is left.
    pub fn finish(mut self) -> io::Result<Filled> {
        if !self.chunk.is_empty() {
            self.hand_over();
        }
        drop(self.full);
        self.thread
            .join()
            .map_err(|_| io::Error::other("the writing thread ended"))?
    }
}
