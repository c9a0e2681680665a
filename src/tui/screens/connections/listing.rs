//! Sources and destinations as one kind of thing: what the screen asks of either.

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::domain::destination::{Health, Settings};
use crate::domain::edit::Side;
use crate::link::WorkspaceView;
use crate::tui::widgets::table::Listing;

/// A source or a destination.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Connection<'a> {
    pub id: &'a str,
    pub name: &'a str,
    pub connector: &'a str,
    pub settings: &'a Settings,
    pub revision: u64,
    /// How it was when last met; a source keeps none.
    pub health: Option<&'a Health>,
}

/// How many there are on a side.
pub(super) fn total(world: &WorkspaceView, side: Side) -> usize {
    match side {
        Side::Source => world.sources.len(),
        Side::Destination => world.destinations.len(),
    }
}

/// The one at a position.
pub(super) fn at(world: &WorkspaceView, side: Side, at: usize) -> Option<Connection<'_>> {
    match side {
        Side::Source => world.sources.get(at).map(|source| Connection {
            id: source.id.as_str(),
            name: &source.name,
            connector: &source.connector,
            settings: &source.settings,
            revision: source.revision,
            health: None,
        }),
        Side::Destination => world.destinations.get(at).map(|found| Connection {
            id: found.id.as_str(),
            name: &found.name,
            connector: &found.connector,
            settings: &found.settings,
            revision: found.revision,
            health: Some(&found.health),
        }),
    }
}

/// Every one of a side.
pub(super) fn all(world: &WorkspaceView, side: Side) -> impl Iterator<Item = Connection<'_>> {
    (0..total(world, side)).filter_map(move |place| at(world, side, place))
}

/// The names of what uses it: models of a source, syncs of a destination.
pub(super) fn users<'a>(world: &'a WorkspaceView, side: Side, id: &str) -> Vec<&'a str> {
    match side {
        Side::Source => {
            let models = world.models.iter();
            let models = models.filter(|model| model.source.as_str() == id);
            models.map(|model| model.name.as_str()).collect()
        }
        Side::Destination => {
            let syncs = world.syncs.iter();
            let syncs = syncs.filter(|sync| sync.sync.settings.destination.as_str() == id);
            syncs.map(|sync| sync.name()).collect()
        }
    }
}

/// How many use each one of a side, by its id.
pub(super) fn uses(world: &WorkspaceView, side: Side) -> HashMap<String, u64> {
    let mut used = HashMap::new();
    let mut count = |id: &str| *used.entry(id.to_owned()).or_insert(0) += 1;
    match side {
        Side::Source => world
            .models
            .iter()
            .for_each(|model| count(model.source.as_str())),
        Side::Destination => {
            let syncs = world.syncs.iter();
            syncs.for_each(|sync| count(sync.sync.settings.destination.as_str()));
        }
    }
    used
}

/// How soon a person should look at it; 0 is first.
fn urgency(health: Option<&Health>) -> u8 {
    match health {
        Some(Health::Failing { .. }) => 0,
        Some(Health::Unchecked) | None => 1,
        Some(Health::Healthy { .. }) => 2,
    }
}

/// The sources or destinations as they are listed.
pub(super) struct ConnectionListing<'a> {
    pub world: &'a WorkspaceView,
    pub side: Side,
}

impl Listing for ConnectionListing<'_> {
    fn total(&self) -> usize {
        total(self.world, self.side)
    }

    fn id(&self, place: usize) -> String {
        at(self.world, self.side, place).map_or(String::new(), |one| one.id.to_owned())
    }

    fn text(&self, place: usize) -> String {
        at(self.world, self.side, place).map_or(String::new(), |one| {
            let health = match one.health {
                Some(Health::Failing { reason, .. }) => format!("failing {reason}"),
                Some(Health::Healthy { .. }) => "healthy".to_owned(),
                Some(Health::Unchecked) => "unchecked".to_owned(),
                None => String::new(),
            };
            format!("{} {} {health}", one.name, one.connector)
        })
    }

    fn orders(&self) -> &'static [&'static str] {
        match self.side {
            Side::Source => &["name", "type"],
            Side::Destination => &["health", "name", "type"],
        }
    }

    fn compare(&self, order: usize, a: usize, b: usize) -> Ordering {
        let one = |place| at(self.world, self.side, place);
        let (Some(a), Some(b)) = (one(a), one(b)) else {
            return Ordering::Equal;
        };
        let by = match self.orders().get(order).copied() {
            Some("health") => urgency(a.health).cmp(&urgency(b.health)),
            Some("type") => a.connector.cmp(b.connector),
            _ => Ordering::Equal,
        };
        by.then_with(|| a.name.cmp(b.name))
    }
}
