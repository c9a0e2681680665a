//! A proxy on the loopback that breaks what passes through it, as networks, balancers and hostile
//! endpoints do: before the connection, before the request, within the answer, after it.

mod answers;
mod wire;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::Instant;

pub use self::answers::{Answer, Fault};
use self::answers::{Out, reset};
pub use self::wire::whole;
use self::wire::{forward, header, message, split};

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

/// One request and what became of it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The webhook-id.
    pub id: String,
    /// The body.
    pub body: String,
    /// Whether the endpoint got it.
    pub reached: bool,
    /// When it had come.
    pub began: Instant,
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
    count: watch::Sender<usize>,
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
            count: watch::Sender::default(),
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
        self.door
            .send_if_modified(|wanted| std::mem::replace(wanted, door) != door);
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

    /// Waits until so many requests have come.
    pub async fn requests(&self, count: usize) {
        let mut came = self.shared.count.subscribe();
        came.wait_for(|came| *came >= count).await.unwrap();
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

/// Serves one request; none where the connection has ended.
async fn exchange(stream: &mut TcpStream, shared: &Shared) -> Option<()> {
    let request = message(stream).await?;
    let began = Instant::now();
    let mut seen = Exchange {
        id: header(&request, "webhook-id").unwrap_or_default(),
        body: String::from_utf8(split(&request)?.1.to_vec()).unwrap(),
        reached: false,
        began,
        written: 0,
        held: Duration::ZERO,
    };
    let fault = (shared.script.lock().unwrap())(&seen);
    seen.reached = fault.reaches;
    let number = {
        let mut exchanges = shared.exchanges.lock().unwrap();
        exchanges.push(seen);
        shared.count.send_replace(exchanges.len());
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
