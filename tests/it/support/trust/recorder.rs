//! A destination in a process of its own: it brings each request and the answer that it gives to
//! disk before the answer goes out, and survives every kill of the program.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::history::{Event, Said};

const LOG: &str = "SIGNALSMITH_TEST_RECORDER_LOG";
const ANSWERS_BADLY: &str = "SIGNALSMITH_TEST_RECORDER_FAULTS";
/// New batches after a start that are answered without a fault: among them are those that recovery
/// sends, whose one try must tell.
const SPARED: usize = 8;
/// Every so many new batches after those, one meets a fault, each kind in turn.
const FAULT_EVERY: usize = 4;

/// A running recorder.
pub struct Recorder {
    child: Child,
    /// Its harness says something now and then, which must not break it off.
    _says: Lines<BufReader<ChildStdout>>,
    port: u16,
    log: PathBuf,
}

impl Recorder {
    /// Starts one that writes to `log`; with `faults`, it answers some requests badly.
    pub fn start(log: &Path, faults: bool) -> Self {
        let place = module_path!().split_once("::").unwrap().1;
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                &format!("{place}::the_recorder"),
                "--ignored",
                "--nocapture",
            ])
            .env(LOG, log)
            .env(ANSWERS_BADLY, if faults { "yes" } else { "no" })
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut says = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = says
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("recorder at ")?.1.parse().ok())
            .expect("the recorder starts");
        Self {
            child,
            _says: says,
            port,
            log: log.to_owned(),
        }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/rows", self.port)
    }

    /// Writes down that a new process begins, when nothing of an earlier one is under way any more.
    pub fn begin(&self) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream
            .write_all(b"POST /began HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
            .unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
    }

    /// What it has written down.
    pub fn history(&self) -> Vec<Event> {
        super::history::read(&self.log)
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "is started by the tests in a process of its own"]
fn the_recorder() {
    let Some(log) = std::env::var_os(LOG) else {
        panic!("{LOG} names no file")
    };
    let state = Arc::new(Desk {
        faults: std::env::var(ANSWERS_BADLY).is_ok_and(|faults| faults == "yes"),
        book: Mutex::new(Book {
            log: File::create(log).unwrap(),
            requests: 0,
            seen: HashMap::new(),
            new: 0,
            faults: 0,
        }),
        connections: AtomicUsize::new(0),
    });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut out = std::io::stdout();
    writeln!(out, "recorder at {}", listener.local_addr().unwrap().port()).unwrap();
    out.flush().unwrap();
    // It goes with the test that started it.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
    for stream in listener.incoming() {
        let (stream, desk) = (stream.unwrap(), Arc::clone(&state));
        desk.connections.fetch_add(1, Ordering::SeqCst);
        std::thread::spawn(move || {
            let _ = desk.serve(&stream);
            drop(stream);
            desk.connections.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

struct Desk {
    faults: bool,
    book: Mutex<Book>,
    connections: AtomicUsize,
}

struct Book {
    log: File,
    requests: u64,
    seen: HashMap<String, Seen>,
    /// Batches since the last start that had not been seen before.
    new: usize,
    faults: usize,
}

#[derive(Clone)]
struct Seen {
    tries: u64,
    fault: Fault,
    applied: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    /// The first try only.
    Unavailable,
    /// The first try only.
    Slower,
    /// The first try only, nothing applied.
    HungUp,
    /// The first try only, all applied.
    AppliedAndHungUp,
    /// Every try of more than one row.
    Refused,
    /// Every try of more than one row.
    TooLarge,
}

const FAULTS: [Fault; 6] = [
    Fault::AppliedAndHungUp,
    Fault::Refused,
    Fault::Unavailable,
    Fault::TooLarge,
    Fault::HungUp,
    Fault::Slower,
];

struct Request {
    path: String,
    id: String,
    body: Vec<u8>,
}

impl Book {
    fn write(&mut self, event: &Event) {
        let mut line = serde_json::to_vec(event).unwrap();
        line.push(b'\n');
        self.log.write_all(&line).unwrap();
        self.log.sync_data().unwrap();
    }
}

impl Desk {
    fn serve(&self, stream: &TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(stream);
        while let Some(request) = read(&mut reader)? {
            let mut stream = stream;
            if request.path == "/began" {
                while self.connections.load(Ordering::SeqCst) > 1 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                let mut book = self.book.lock().unwrap();
                book.new = 0;
                book.write(&Event::Began { at: now() });
                stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?;
                return Ok(());
            }
            let Some((status, body)) = self.answer(&request) else {
                return Ok(());
            };
            let head = format!(
                "HTTP/1.1 {status} Said\r\nretry-after: 1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + &body).as_bytes())?;
        }
        Ok(())
    }

    /// Writes the request down, takes a while, writes the answer down; none hangs up.
    fn answer(&self, request: &Request) -> Option<(u16, String)> {
        let (deletes, rows) = rows(&request.body);
        let id = &request.id;
        let (number, seen) = {
            let mut book = self.book.lock().unwrap();
            let (number, seen) = book.came(id, self.faults);
            book.write(&Event::Came {
                request: number,
                id: id.clone(),
                hash: blake3::hash(&request.body).to_hex()[..16].to_owned(),
                deletes,
                rows: rows.clone(),
                at: now(),
            });
            (number, seen)
        };
        // Answers overtake each other.
        std::thread::sleep(Duration::from_millis(
            dice(&[id, &seen.tries.to_string()]) % 12,
        ));
        let first = seen.tries == 1;
        let many = rows.len() > 1;
        let (status, applies) = match seen.fault {
            Fault::Unavailable if first => (503, false),
            Fault::Slower if first => (429, false),
            Fault::HungUp if first => (0, false),
            Fault::AppliedAndHungUp if first => (0, true),
            Fault::Refused if many => (400, false),
            Fault::TooLarge if many => (413, false),
            _ => (200, true),
        };
        let mut said = BTreeMap::new();
        let mut applied = Vec::new();
        // An answer without any verdict is none.
        let silent = rows
            .iter()
            .all(|(key, _)| self.verdict(id, key).0 == Said::LeftOut);
        for (key, _) in &rows {
            let (word, effect) = if silent {
                (Said::Refused, false)
            } else {
                self.verdict(id, key)
            };
            if applies && effect && !seen.applied {
                applied.push(key.clone());
            }
            if status == 200 {
                said.insert(key.clone(), word);
            }
        }
        let body = results(&said);
        let mut book = self.book.lock().unwrap();
        if applies {
            book.seen.get_mut(id).unwrap().applied = true;
        }
        book.write(&Event::Answered {
            request: number,
            id: id.clone(),
            status,
            said,
            applied,
            at: now(),
        });
        (status > 0).then_some((status, body))
    }

    /// What is said of a row of a batch, always the same, and whether the row takes effect.
    fn verdict(&self, id: &str, key: &str) -> (Said, bool) {
        match dice(&[id, key]) % 32 {
            0 if self.faults => (Said::Refused, false),
            1 if self.faults => (Said::LeftOut, true),
            2 if self.faults => (Said::LeftOut, false),
            _ => (Said::Accepted, true),
        }
    }
}

impl Book {
    fn came(&mut self, id: &str, faults: bool) -> (u64, Seen) {
        self.requests += 1;
        let is_new = !self.seen.contains_key(id);
        self.new += usize::from(is_new);
        let mut fault = Fault::None;
        if is_new && faults && self.new > SPARED && self.new.is_multiple_of(FAULT_EVERY) {
            fault = FAULTS[self.faults % FAULTS.len()];
            self.faults += 1;
        }
        let fresh = Seen {
            tries: 0,
            fault,
            applied: false,
        };
        let seen = self.seen.entry(id.to_owned()).or_insert(fresh);
        seen.tries += 1;
        (self.requests, seen.clone())
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_millis() as u64
}

fn dice(words: &[&str]) -> u64 {
    let hash = blake3::hash(words.join("/").as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap())
}

/// Whether they are gone, and key and version of each.
fn rows(body: &[u8]) -> (bool, Vec<(String, u64)>) {
    let body: serde_json::Value = serde_json::from_slice(body).unwrap();
    let rows = body["data"].as_array().unwrap().iter();
    let rows = rows.map(|row| {
        let key = row["email"].as_str().unwrap().to_owned();
        (key, row["version"].as_u64().unwrap_or_default())
    });
    (body["type"] == "row.deleted", rows.collect())
}

fn results(said: &BTreeMap<String, Said>) -> String {
    let results: Vec<_> = said
        .iter()
        .filter(|(_, said)| **said != Said::LeftOut)
        .map(|(key, said)| match said {
            Said::Refused => serde_json::json!({"id": key, "status": "error", "message": "no"}),
            _ => serde_json::json!({"id": key, "status": "ok"}),
        })
        .collect();
    serde_json::json!({ "results": results }).to_string()
}

/// Reads one request; none where the connection ends, perhaps in the midst of one.
fn read(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<Request>> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let Some(path) = line.split(' ').nth(1).map(str::to_owned) else {
        return Ok(None);
    };
    let (mut id, mut length) = (String::new(), 0);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "webhook-id" => id = value.to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(Request { path, id, body }))
}
