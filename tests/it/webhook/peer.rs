//! A peer on the loopback that speaks raw bytes, so that it can break every rule.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the peer does with a connection.
#[derive(Clone)]
pub(super) enum Act {
    /// Reads the request, writes these bytes, closes.
    Write(Vec<u8>),
    /// Resets at once.
    ResetAtOnce,
    /// Reads the request, then resets.
    ResetAfterRequest,
    /// Reads the request and never answers.
    Stall,
    /// Reads the request, writes these bytes, and keeps the connection open in silence.
    WriteAndStall(Vec<u8>),
    /// Reads the request and writes these bytes again and again until the other side has enough.
    Repeat(Vec<u8>, Vec<u8>),
}

pub(super) struct Peer {
    port: u16,
    connects: Arc<AtomicUsize>,
    requests: Arc<Mutex<Vec<Vec<u8>>>>,
    task: JoinHandle<()>,
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Peer {
    /// Starts a peer that does one act per connection; the last is repeated.
    pub(super) async fn start(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let connects = Arc::new(AtomicUsize::new(0));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (counted, noted) = (connects.clone(), requests.clone());
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = counted.fetch_add(1, Ordering::SeqCst);
                let act = acts[number.min(acts.len() - 1)].clone();
                open.extend(serve(stream, act, &noted).await);
            }
        });
        Self {
            port,
            connects,
            requests,
            task,
        }
    }

    /// One that answers every request with these lines of head and this body.
    pub(super) async fn answering(head: &str, body: &str) -> Self {
        Self::start(vec![Act::Write(answer(head, body))]).await
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn connects(&self) -> usize {
        self.connects.load(Ordering::SeqCst)
    }

    /// Every request as it came.
    pub(super) fn requests(&self) -> Vec<Vec<u8>> {
        self.requests.lock().unwrap().clone()
    }

    /// The body of the request at `position`.
    pub(super) fn body(&self, position: usize) -> Vec<u8> {
        let request = self.requests()[position].clone();
        request[head_length(&request).unwrap()..].to_vec()
    }

    /// The value of a header of the request at `position`.
    pub(super) fn header(&self, position: usize, name: &str) -> Option<String> {
        let request = self.requests()[position].clone();
        let head = String::from_utf8(request[..head_length(&request).unwrap()].to_vec()).unwrap();
        head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    }
}

/// An answer with a right length; `head` is the status line without its version, then headers.
pub(super) fn answer(head: &str, body: &str) -> Vec<u8> {
    answer_bytes(head, body.as_bytes())
}

pub(super) fn answer_bytes(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

async fn serve(
    mut stream: TcpStream,
    act: Act,
    requests: &Mutex<Vec<Vec<u8>>>,
) -> Option<TcpStream> {
    if matches!(act, Act::ResetAtOnce) {
        stream.set_zero_linger().unwrap();
        return None;
    }
    let request = read_request(&mut stream).await?;
    requests.lock().unwrap().push(request);
    match act {
        Act::Write(bytes) => {
            // The other side may have closed already; that is its right.
            let _ = stream.write_all(&bytes).await;
            None
        }
        Act::ResetAfterRequest => {
            stream.set_zero_linger().unwrap();
            None
        }
        Act::WriteAndStall(bytes) => {
            stream.write_all(&bytes).await.unwrap();
            Some(stream)
        }
        Act::Repeat(head, bytes) => {
            stream.write_all(&head).await.unwrap();
            while stream.write_all(&bytes).await.is_ok() {}
            None
        }
        Act::Stall | Act::ResetAtOnce => Some(stream),
    }
}

fn head_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(end + 4)
}

async fn read_request(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(head) = head_length(&bytes) {
            let text = String::from_utf8_lossy(&bytes[..head]).to_ascii_lowercase();
            let length = text
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0_usize);
            if bytes.len() >= head + length {
                return Some(bytes);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
