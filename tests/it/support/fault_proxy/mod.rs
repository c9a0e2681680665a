//! A proxy on the loopback that breaks what passes through it, as networks, balancers and hostile
//! endpoints do: before the connection, before the request, within the answer, after it.

mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

use self::wire::{forward, header, message, split, whole};

/// The time between two bytes of a dripping answer.
const DRIP: Duration = Duration::from_millis(200);

/// What becomes of connections, until it is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door {
    /// They are served.
    Open,
    /// They are refused: nobody listens.
    Refuses,
    /// They are reset at their first byte.
    Resets,
    /// They are taken and never read, as by a host that is half gone.
    Holds,
}

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

/// One request and what became of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The webhook-id.
    pub id: String,
    /// The body.
    pub body: String,
    /// Whether the endpoint got it.
    pub reached: bool,
    /// Bytes of the answer that went out.
    pub written: u64,
    /// From the request to the end of its answer, or until the client gave up.
    pub held: Duration,
}

type Script = Box<dyn FnMut(&Exchange) -> Fault + Send>;

struct Shared {
    upstream: String,
    script: Mutex<Script>,
    exchanges: Mutex<Vec<Exchange>>,
    connects: Mutex<u64>,
}

/// A proxy in front of an endpoint.
pub struct FaultProxy {
    shared: Arc<Shared>,
    port: u16,
    door: watch::Sender<Door>,
    stands: watch::Receiver<Door>,
    task: JoinHandle<()>,
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FaultProxy {
    /// Starts one that lets everything through to `upstream`, a URL of the loopback.
    pub fn start(runtime: &Handle, upstream: &str) -> Self {
        let place = upstream.trim_start_matches("http://").trim_end_matches('/');
        let shared = Arc::new(Shared {
            upstream: place.to_owned(),
            script: Mutex::new(Box::new(|_| Fault::none())),
            exchanges: Mutex::default(),
            connects: Mutex::default(),
        });
        let _context = runtime.enter();
        // It never listens: it keeps the port while the proxy refuses.
        let reserve = socket(0);
        let port = reserve.local_addr().unwrap().port();
        let (door, wanted) = watch::channel(Door::Open);
        let (standing, stands) = watch::channel(Door::Refuses);
        let serving = Arc::clone(&shared);
        let task = runtime.spawn(async move {
            let _reserve = reserve;
            accept(port, &serving, wanted, standing).await;
        });
        Self {
            shared,
            port,
            door,
            stands,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Changes what becomes of connections; those that are open are closed. It holds when this
    /// returns.
    pub async fn door(&self, door: Door) {
        self.door.send_replace(door);
        self.stands
            .clone()
            .wait_for(|stands| *stands == door)
            .await
            .unwrap();
    }

    /// Says for each request what becomes of it, from now on.
    pub fn script(&self, script: impl FnMut(&Exchange) -> Fault + Send + 'static) {
        *self.shared.script.lock().unwrap() = Box::new(script);
    }

    /// Breaks the next requests in this order, and then none.
    pub fn then(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut faults: std::collections::VecDeque<Fault> = faults.into_iter().collect();
        self.script(move |_| faults.pop_front().unwrap_or_else(Fault::none));
    }

    /// Nothing goes wrong from now on.
    pub async fn heal(&self) {
        self.then([]);
        self.door(Door::Open).await;
    }

    /// Every request so far, in the order in which they came.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.shared.exchanges.lock().unwrap().clone()
    }

    /// Connections that were taken.
    pub fn connects(&self) -> u64 {
        *self.shared.connects.lock().unwrap()
    }
}

fn socket(port: u16) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(([127, 0, 0, 1], port).into()).unwrap();
    socket
}

async fn accept(
    port: u16,
    shared: &Arc<Shared>,
    mut wanted: watch::Receiver<Door>,
    standing: watch::Sender<Door>,
) {
    loop {
        let door = *wanted.borrow_and_update();
        let listener = (door != Door::Refuses).then(|| socket(port).listen(1024).unwrap());
        standing.send_replace(door);
        // They close with the door.
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                changed = wanted.changed() => match changed {
                    Ok(()) => break,
                    Err(_) => return,
                },
                stream = next(listener.as_ref()) => {
                    *shared.connects.lock().unwrap() += 1;
                    connections.spawn(connection(stream, door, Arc::clone(shared)));
                }
            }
        }
        drop(listener);
        connections.shutdown().await;
    }
}

async fn next(listener: Option<&TcpListener>) -> TcpStream {
    match listener {
        Some(listener) => listener.accept().await.unwrap().0,
        None => std::future::pending().await,
    }
}

async fn connection(mut stream: TcpStream, door: Door, shared: Arc<Shared>) {
    match door {
        Door::Holds => std::future::pending().await,
        Door::Resets | Door::Refuses => reset(&stream),
        Door::Open => while exchange(&mut stream, &shared).await.is_some() {},
    }
}

fn reset(stream: &TcpStream) {
    stream.set_zero_linger().unwrap();
}

/// Serves one request; none where the connection has ended.
async fn exchange(stream: &mut TcpStream, shared: &Shared) -> Option<()> {
    let request = message(stream).await?;
    let began = Instant::now();
    let mut seen = Exchange {
        id: header(&request, "webhook-id").unwrap_or_default(),
        body: String::from_utf8(split(&request)?.1.to_vec()).unwrap(),
        reached: false,
        written: 0,
        held: Duration::ZERO,
    };
    let fault = (shared.script.lock().unwrap())(&seen);
    seen.reached = fault.reaches;
    let number = {
        let mut exchanges = shared.exchanges.lock().unwrap();
        exchanges.push(seen);
        exchanges.len() - 1
    };
    let answer = match fault.reaches {
        true => forward(&shared.upstream, &request).await,
        false => whole(
            "200 OK\r\ncontent-type: application/json",
            b"{\"results\":[]}",
        ),
    };
    let mut out = Out { stream, written: 0 };
    let stays = out.send(&answer, fault.answer).await;
    let written = out.written;
    let mut exchanges = shared.exchanges.lock().unwrap();
    exchanges[number].written = written;
    exchanges[number].held = began.elapsed();
    stays.then_some(())
}

struct Out<'a> {
    stream: &'a mut TcpStream,
    written: u64,
}

impl Out<'_> {
    /// Answers so; whether the connection stays open.
    async fn send(&mut self, usual: &[u8], answer: Answer) -> bool {
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
