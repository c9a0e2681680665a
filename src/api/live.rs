//! The live stream of a core: one full view, then what changed, at most four times a second.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event as SentEvent, Sse};
use futures_util::Stream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;

use crate::domain::event::Event;
use crate::link::wire::{self, Frame};
use crate::link::{Link, WorkspaceView};

/// The least time between two views.
const PACE: Duration = Duration::from_millis(250);

struct Live {
    view: watch::Receiver<Arc<WorkspaceView>>,
    events: broadcast::Receiver<Event>,
    shown: Option<Arc<WorkspaceView>>,
    next_view: Instant,
    _link: Arc<dyn Link>,
}

impl Live {
    async fn next(&mut self) -> Option<Frame> {
        let Some(shown) = self.shown.clone() else {
            let view = self.view.borrow_and_update().clone();
            self.shown = Some(Arc::clone(&view));
            self.next_view = Instant::now() + PACE;
            return Some(Frame::View(view));
        };
        loop {
            let changed = async {
                tokio::time::sleep_until(self.next_view).await;
                self.view.changed().await
            };
            tokio::select! {
                biased;
                event = self.events.recv() => match event {
                    Ok(event) => return Some(Frame::Event(event)),
                    // Who lags reads the journal; the view is whole in any case.
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
                alive = changed => {
                    alive.ok()?;
                    let view = self.view.borrow_and_update().clone();
                    let frame = wire::difference(&shown, &view);
                    self.shown = Some(view);
                    self.next_view = Instant::now() + PACE;
                    return Some(frame);
                }
            }
        }
    }
}

/// Gives the live stream.
pub(super) async fn stream(
    State(link): State<Arc<dyn Link>>,
) -> Sse<impl Stream<Item = Result<SentEvent, Infallible>>> {
    let live = Live {
        view: link.view(),
        events: link.events(),
        shown: None,
        next_view: Instant::now(),
        _link: link,
    };
    let frames = futures_util::stream::unfold(live, |mut live| async move {
        let frame = live.next().await?;
        let json = serde_json::to_string(&frame).ok()?;
        Some((Ok(SentEvent::default().data(json)), live))
    });
    // Nothing keeps it alive at rest: the system tells of a face that has gone.
    Sse::new(frames)
}
