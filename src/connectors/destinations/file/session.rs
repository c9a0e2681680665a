//! One run's writing to a file that is rewritten once, at the end.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::connectors::contract::{
    ConnectorError, DeliveryBatch, Finished, RunContext, Session, WriteError, Written,
};
use crate::connectors::destinations::disk::blocking;
use crate::domain::problem::ProblemKind;

use super::layout::Layout;
use super::merge::merge;
use super::place::Place;
use super::stage::Stage;
use super::style::Style;

/// The session; its stage stays on disk when it is dropped before [`Session::finish`].
#[derive(Clone)]
pub(super) struct StagedSession {
    place: Place,
    style: Style,
    run: RunContext,
    layout: Layout,
    stage: Arc<Mutex<Option<Stage>>>,
}

impl StagedSession {
    /// Checks the file against the run's fields and opens the run's stage.
    ///
    /// # Errors
    /// [`ConnectorError`] of kind `config` where they do not fit.
    pub(super) fn begin(
        place: Place,
        style: Style,
        run: RunContext,
    ) -> Result<Self, ConnectorError> {
        let (layout, _) = Layout::over(&place, &style, &run.shape)?;
        let stage = Stage::open(&place.stage(&run.run))?;
        Ok(Self {
            place,
            style,
            run,
            layout,
            stage: Arc::new(Mutex::new(Some(stage))),
        })
    }

    fn with_stage<T>(
        &self,
        work: impl FnOnce(&mut Option<Stage>) -> Result<T, WriteError>,
    ) -> Result<T, WriteError> {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        if stage.is_none() {
            return Err(closed().into());
        }
        work(&mut stage)
    }
}

fn closed() -> ConnectorError {
    ConnectorError::new(ProblemKind::Internal, "the session is closed already")
}

#[async_trait]
impl Session for StagedSession {
    async fn write(&self, batch: DeliveryBatch) -> Result<Written, WriteError> {
        let session = self.clone();
        blocking(move || {
            session.with_stage(|stage| {
                let stage = stage.as_mut().ok_or_else(closed)?;
                let bytes = stage.stage(batch, &session.layout, session.run.mode)?;
                Ok(Written::Staged { bytes })
            })
        })
        .await
    }

    async fn finish(&self) -> Result<Finished, WriteError> {
        let session = self.clone();
        blocking(move || {
            session.with_stage(|slot| {
                let stage = slot.as_ref().ok_or_else(closed)?;
                let finished = merge(&session.place, &session.style, &session.run, stage)?;
                if let Some(stage) = slot.take() {
                    stage.discard();
                }
                Ok(finished)
            })
        })
        .await
    }
}
