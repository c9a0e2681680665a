//! Messages as bytes: read, split and made.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An answer with a right length that ends its connection; `head` is the status line without its
/// version, then headers.
pub fn whole(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// Asks the endpoint and gives its whole answer.
pub(super) async fn forward(upstream: &str, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(upstream).await.unwrap();
    stream.write_all(request).await.unwrap();
    message(&mut stream).await.expect("the endpoint answers")
}

pub(super) fn split(message: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(message.split_at(end + 4))
}

pub(super) fn header(message: &[u8], name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(split(message)?.0).into_owned();
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    })
}

/// Reads a request or an answer with a length.
pub(super) async fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some((head, body)) = split(&bytes) {
            let length = header(head, "content-length").map_or(0, |text| text.parse().unwrap());
            if body.len() >= length {
                return Some(bytes);
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
