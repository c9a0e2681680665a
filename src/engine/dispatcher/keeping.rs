//! Kept states in the dispatcher: what a sync left behind for another place is put back.

use crate::domain::command::Reply;
use crate::domain::problem::{Problem, ProblemKind};

use super::super::names;
use super::Dispatcher;
use super::commands::LOCAL_ACTOR;

impl Dispatcher {
    /// Puts back the newest state that is kept of a sync for the place that it writes to now.
    pub(super) async fn put_back(&mut self, name: &str) -> Result<Reply, Problem> {
        let sync = names::sync(&self.live.catalog, name)?;
        let (id, name) = (sync.id.clone(), sync.settings.name.clone());
        let object = &sync.settings.destination_object;
        let place = (sync.settings.destination.to_string(), object.clone());
        if self.live.active.contains_key(&id) {
            let text = format!("cannot put back a state of {name}: a run is under way");
            return Err(
                Problem::new(ProblemKind::Conflict, text).hint("cancel it or wait for its end")
            );
        }
        let states = self.core.store.kept_states(&id).await?;
        let Some(state) = states.iter().find(|state| state.place == place) else {
            let text = format!("no earlier state of {name} is kept for {object}");
            return Err(Problem::new(ProblemKind::NotFound, text).hint(
                "what a sync has sent is kept for 30 days after it goes to another destination or \
                 object; let it write there again, then put it back",
            ));
        };
        let now = self.core.clock.now();
        let store = &self.core.store;
        store.put_back(&id, &state.id, LOCAL_ACTOR, now).await?;
        let what = format!("the earlier state of {name} for {object} was put back");
        self.told(&id, None, what).await
    }
}
