//! What becomes of a request, and how an answer is broken.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::wire::{header, split, whole};

/// The time between two bytes of a dripping answer.
const DRIP: Duration = Duration::from_millis(200);

/// What becomes of one request.
#[derive(Debug, Clone)]
pub struct Fault {
    /// Whether the endpoint behind gets the request.
    pub reaches: bool,
    /// What the client gets.
    pub answer: Answer,
}

/// What the client gets.
#[derive(Debug, Clone)]
pub enum Answer {
    /// The endpoint's answer, and the connection stays open.
    Usual,
    /// These bytes instead of the endpoint's answer.
    Raw(Vec<u8>),
    /// A reset without a byte of an answer.
    Reset,
    /// A reset in the middle of the answer.
    ResetMid,
    /// A reset right behind the answer.
    ResetAfter,
    /// Silence.
    Stall,
    /// The head, then silence.
    StallAfterHead,
    /// The head, then the body byte by byte.
    Drip,
    /// Half the body under the length of the whole, then the end of the connection.
    Truncated,
    /// The whole body under a length that is less by so many bytes.
    LyingLess(usize),
    /// JSON that unfolds without end from few bytes.
    GzipBomb,
    /// A body that never ends.
    Endless,
}

impl Fault {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Self::after(Answer::Usual)
    }

    /// The endpoint takes the request; its answer is broken.
    pub fn after(answer: Answer) -> Self {
        Self {
            reaches: true,
            answer,
        }
    }

    /// The endpoint never gets the request.
    pub fn before(answer: Answer) -> Self {
        Self {
            reaches: false,
            answer,
        }
    }

    /// An answer in the endpoint's stead; `head` is the status line without its version, then
    /// headers.
    pub fn instead(head: &str, body: &str) -> Self {
        Self::before(Answer::Raw(whole(head, body.as_bytes())))
    }
}

/// The way to the client.
pub(super) struct Out<'a> {
    pub(super) stream: &'a mut TcpStream,
    pub(super) written: u64,
}

impl Out<'_> {
    /// Answers so; whether the connection stays open.
    pub(super) async fn send(&mut self, usual: &[u8], answer: Answer) -> bool {
        let (head, body) = split(usual).unwrap();
        let typed = |head: &[u8], length: usize| {
            let kind = header(head, "content-type").unwrap_or_default();
            format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n")
        };
        match answer {
            Answer::Usual => return self.write(usual).await,
            Answer::Raw(bytes) => drop(self.write(&bytes).await),
            Answer::Reset => reset(self.stream),
            Answer::ResetMid => {
                let whole = typed(head, body.len()).into_bytes();
                self.write(&whole).await;
                self.write(&body[..body.len() / 2]).await;
                reset(self.stream);
            }
            Answer::ResetAfter => {
                self.write(usual).await;
                reset(self.stream);
            }
            Answer::Stall => self.hang().await,
            Answer::StallAfterHead => {
                self.write(typed(head, body.len()).as_bytes()).await;
                self.hang().await;
            }
            Answer::Drip => {
                self.write(typed(head, body.len()).as_bytes()).await;
                for byte in body {
                    // A client that has given up is seen at once, not at the second write.
                    tokio::select! {
                        () = tokio::time::sleep(DRIP) => {}
                        () = closed(self.stream) => return false,
                    }
                    self.write(&[*byte]).await;
                }
            }
            Answer::Truncated => {
                self.write(typed(head, body.len()).as_bytes()).await;
                self.write(&body[..body.len() / 2]).await;
            }
            Answer::LyingLess(by) => {
                self.write(typed(head, body.len() - by).as_bytes()).await;
                self.write(body).await;
            }
            Answer::GzipBomb => {
                self.endless("content-encoding: gzip\r\n", &GZIP_HEAD, &fold())
                    .await
            }
            Answer::Endless => self.endless("", b"[", &[b' '; 64 << 10]).await,
        }
        false
    }

    async fn endless(&mut self, encoding: &str, first: &[u8], block: &[u8]) {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{encoding}transfer-encoding: chunked\r\n\r\n"
        );
        self.write(head.as_bytes()).await;
        let chunk =
            |bytes: &[u8]| [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat();
        self.write(&chunk(first)).await;
        let chunk = chunk(block);
        while self.write(&chunk).await {}
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        let written = self.stream.write_all(bytes).await.is_ok();
        if written {
            self.written += bytes.len() as u64;
        }
        written
    }

    async fn hang(&mut self) {
        closed(self.stream).await;
    }
}

pub(super) fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// Waits until the other side has closed.
async fn closed(stream: &mut TcpStream) {
    let mut more = [0; 1024];
    while stream.read(&mut more).await.is_ok_and(|read| read > 0) {}
}

const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// A mebibyte of blanks in about a kibibyte of deflate that may be repeated: it ends on a byte and
/// looks back at nothing.
fn fold() -> Vec<u8> {
    let mut deflate = flate2::Compress::new(flate2::Compression::best(), false);
    let mut folded = Vec::with_capacity(64 << 10);
    deflate
        .compress_vec(
            &vec![b' '; 1 << 20],
            &mut folded,
            flate2::FlushCompress::Full,
        )
        .unwrap();
    assert!((100..8 << 10).contains(&folded.len()), "{}", folded.len());
    folded
}
