//! The terminal: entering and leaving it, one write per frame, and giving it back whatever happens.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, DisableMouseCapture, EnableBracketedPaste,
    EnableFocusChange, EnableMouseCapture,
};
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use crossterm::{cursor, queue, style, terminal};
use ratatui::backend::CrosstermBackend;
use ratatui::{Frame, Terminal};

use super::placed::Placed;

const BEGIN_SYNCHRONIZED: &[u8] = b"\x1b[?2026h";
const END_SYNCHRONIZED: &[u8] = b"\x1b[?2026l";

/// Whether the terminal is ours at the moment; the panic hook reads it from any thread.
static ENTERED: AtomicBool = AtomicBool::new(false);
/// The interface's thread; a panic elsewhere is none of its business.
static OWNER: Mutex<Option<ThreadId>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// A writer that keeps everything until [`FrameWriter::send`], so that a frame is one write.
///
/// `ratatui` flushes on its own before the closing sequence is there; here a flush does nothing.
#[derive(Debug)]
pub struct FrameWriter<W> {
    inner: Arc<Mutex<Buffered<W>>>,
}

#[derive(Debug)]
struct Buffered<W> {
    out: W,
    bytes: Vec<u8>,
}

impl<W> Clone for FrameWriter<W> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<W: Write> FrameWriter<W> {
    /// Wraps `out`, which should not buffer by itself.
    pub fn new(out: W) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Buffered {
                out,
                bytes: Vec::with_capacity(64 * 1024),
            })),
        }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Buffered<W>) -> T) -> T {
        // A panic while the lock is held leaves bytes that are still bytes.
        f(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Opens a frame: what follows is shown at once when it is complete.
    pub fn begin_frame(&self) {
        self.with(|buffered| buffered.bytes.extend_from_slice(BEGIN_SYNCHRONIZED));
    }

    /// Closes the frame and sends it in one write.
    ///
    /// # Errors
    /// Those of the writer beneath.
    pub fn end_frame(&self) -> io::Result<()> {
        self.with(|buffered| buffered.bytes.extend_from_slice(END_SYNCHRONIZED));
        self.send()
    }

    /// Sends what was written so far.
    ///
    /// # Errors
    /// Those of the writer beneath.
    pub fn send(&self) -> io::Result<()> {
        self.with(|buffered| {
            let result = buffered.out.write_all(&buffered.bytes);
            buffered.bytes.clear();
            result?;
            buffered.out.flush()
        })
    }
}

impl<W: Write> Write for FrameWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.with(|buffered| buffered.bytes.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The person's terminal while it is ours; it is given back when this is dropped.
pub(crate) struct Tty {
    writer: FrameWriter<File>,
    terminal: Terminal<Placed<CrosstermBackend<FrameWriter<File>>>>,
    mouse: bool,
    /// Whether what the terminal shows is unknown, so that every cell is to be painted.
    stale: bool,
}

impl Tty {
    /// Takes the terminal of standard output.
    ///
    /// # Errors
    /// Where standard output is no terminal, or cannot be put into raw mode.
    pub(crate) fn enter(mouse: bool) -> io::Result<Self> {
        // Standard output itself splits a frame into small writes; its descriptor does not.
        let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let writer = FrameWriter::new(out);
        // NO_COLOR is obeyed by the mono theme. Left to itself, crossterm 0.29 then sends a reset
        // after each reversal, which loses the selected row.
        style::force_color_output(true);
        restore_on_panic();
        let mut tty = Self {
            terminal: Terminal::new(Placed(CrosstermBackend::new(writer.clone())))?,
            writer,
            mouse,
            stale: true,
        };
        tty.take()?;
        Ok(tty)
    }

    fn take(&mut self) -> io::Result<()> {
        terminal::enable_raw_mode()?;
        ENTERED.store(true, Ordering::SeqCst);
        *OWNER.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
        queue!(
            self.writer,
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            cursor::Hide
        )?;
        if self.mouse {
            queue!(self.writer, EnableMouseCapture)?;
        }
        self.stale = true;
        self.writer.send()
    }

    /// Gives the terminal back.
    ///
    /// # Errors
    /// Those of writing to it.
    pub(crate) fn leave(&mut self) -> io::Result<()> {
        if !ENTERED.swap(false, Ordering::SeqCst) {
            return Ok(());
        }
        let bytes = leaving_bytes()?;
        self.writer.write_all(&bytes)?;
        let sent = self.writer.send();
        terminal::disable_raw_mode()?;
        sent
    }

    /// Takes the terminal again after it was given back, and paints every cell at the next draw.
    ///
    /// # Errors
    /// As [`Tty::enter`].
    pub(crate) fn retake(&mut self) -> io::Result<()> {
        self.take()
    }

    /// Paints every cell at the next draw.
    pub(crate) fn forget_screen(&mut self) {
        self.stale = true;
    }

    /// Draws one frame in one write.
    ///
    /// # Errors
    /// Those of writing to the terminal.
    pub(crate) fn draw(&mut self, view: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.writer.begin_frame();
        if std::mem::take(&mut self.stale) {
            // `Terminal::clear` would ask the terminal for its cursor and read the answer from
            // beneath the event stream; this clears without a question.
            let size = self.terminal.size()?;
            self.terminal.resize(size.into())?;
        }
        self.terminal.draw(view)?;
        self.writer.end_frame()
    }

    /// Sends bytes that are no part of a frame.
    ///
    /// # Errors
    /// Those of writing to the terminal.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)?;
        self.writer.send()
    }

    /// Turns reports of the mouse on or off.
    ///
    /// # Errors
    /// Those of writing to the terminal.
    pub(crate) fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        if on {
            queue!(self.writer, EnableMouseCapture)?;
        } else {
            queue!(self.writer, DisableMouseCapture)?;
        }
        self.writer.send()
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // The terminal may be gone; then there is nothing to give back.
        let _ = self.leave();
    }
}

/// What undoes everything that [`Tty::take`] sends; turning off what is off does no harm.
fn leaving_bytes() -> io::Result<Vec<u8>> {
    let mut bytes = END_SYNCHRONIZED.to_vec();
    queue!(
        bytes,
        DisableMouseCapture,
        DisableFocusChange,
        DisableBracketedPaste,
        style::ResetColor,
        LeaveAlternateScreen,
        cursor::Show
    )?;
    Ok(bytes)
}

/// Restores the terminal before a panic of the interface is reported, so that the report can be
/// read. A panic of another thread is logged: its report would be written across the screen.
///
/// Called after other hooks are installed; those run afterwards.
fn restore_on_panic() {
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if ENTERED.load(Ordering::SeqCst) && !ours() {
                tracing::error!(panic = %info, "a thread of the core panicked");
                return;
            }
            if ENTERED.swap(false, Ordering::SeqCst) {
                if let Ok(bytes) = leaving_bytes() {
                    let mut out = io::stdout().lock();
                    let _ = out.write_all(&bytes).and_then(|()| out.flush());
                }
                let _ = terminal::disable_raw_mode();
            }
            before(info);
        }));
    });
}

/// Whether the present thread is the interface's.
fn ours() -> bool {
    let owner = OWNER.lock().unwrap_or_else(PoisonError::into_inner);
    *owner == Some(thread::current().id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Writes(Vec<Vec<u8>>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(bytes.to_vec());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_frame_is_one_write_with_its_closing_sequence() {
        let writer = FrameWriter::new(Writes::default());
        let backend = CrosstermBackend::new(writer.clone());
        let options = ratatui::TerminalOptions {
            viewport: ratatui::Viewport::Fixed(ratatui::layout::Rect::new(0, 0, 20, 3)),
        };
        let mut terminal = Terminal::with_options(backend, options).unwrap();
        writer.with(|buffered| buffered.bytes.clear());
        writer.begin_frame();
        terminal
            .draw(|frame| frame.render_widget("hello", frame.area()))
            .unwrap();
        writer.with(|buffered| assert!(buffered.out.0.is_empty()));
        writer.end_frame().unwrap();
        writer.with(|buffered| {
            assert_eq!(buffered.out.0.len(), 1);
            let frame = &buffered.out.0[0];
            assert!(frame.starts_with(BEGIN_SYNCHRONIZED));
            assert!(frame.ends_with(END_SYNCHRONIZED));
            assert!(frame.windows(5).any(|bytes| bytes == b"hello"));
        });
    }

    #[test]
    fn leaving_undoes_what_entering_did() {
        let bytes = String::from_utf8(leaving_bytes().unwrap()).unwrap();
        for off in ["?1049l", "?2004l", "?1004l", "?1006l", "?25h", "?2026l"] {
            assert!(bytes.contains(off), "{off}");
        }
    }
}
