//! Connections that can be hung up without an answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

/// Makes a [`Wire`] of every connection.
pub(super) struct Wires(pub(super) TcpListener);

/// A connection that fails every write once it is hung up.
pub(super) struct Wire {
    stream: TcpStream,
    hangup: Hangup,
}

/// Hangs a connection up.
#[derive(Debug, Clone, Default)]
pub(super) struct Hangup(Arc<AtomicBool>);

impl Hangup {
    /// Lets nothing more out; the connection closes at the next write.
    pub(super) fn hang_up(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Acquire) {
            Err(io::ErrorKind::ConnectionAborted.into())
        } else {
            Ok(())
        }
    }
}

impl Listener for Wires {
    type Io = Wire;
    type Addr = Hangup;

    async fn accept(&mut self) -> (Wire, Hangup) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        let hangup = Hangup::default();
        let wire = Wire {
            stream,
            hangup: hangup.clone(),
        };
        (wire, hangup)
    }

    fn local_addr(&self) -> io::Result<Hangup> {
        Ok(Hangup::default())
    }
}

impl Connected<IncomingStream<'_, Wires>> for Hangup {
    fn connect_info(stream: IncomingStream<'_, Wires>) -> Self {
        stream.remote_addr().clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.hangup.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
