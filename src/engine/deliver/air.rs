//! What is under way in one pass of a delivery, and whether more may go.

use tokio::task::JoinSet;

use super::Delivery;
use super::behind::Behind;
use super::fate::Sent;
use super::ledger::Ledger;

/// What is under way in one pass.
pub(super) struct Air {
    pub flying: JoinSet<(u64, Sent)>,
    pub ledger: Ledger,
    pub behind: Behind,
    /// Cuts that went out.
    pub cuts: u64,
    /// Whether the first operation is under way alone.
    pub probing: bool,
}

impl Air {
    /// Begins a pass; with `probing`, one operation goes ahead alone.
    pub fn new(delivery: &Delivery<'_>, probing: bool) -> Self {
        Self {
            flying: JoinSet::new(),
            ledger: Ledger::new(&delivery.core.store),
            behind: Behind::new(delivery.snapshot, delivery.acknowledger.keep_values),
            cuts: 0,
            probing,
        }
    }

    /// Whether another batch may be made ready. Where many may be under way, more than those get
    /// their intents, so that none of the destination's permits waits for our disk. Where one may,
    /// its verdicts are on record before the next; with `overlaps`, only those on what was not
    /// accepted are.
    pub fn has_room(&self, concurrency: usize, overlaps: bool) -> bool {
        let (flying, recording) = (self.flying.len(), self.ledger.len());
        if self.probing || (concurrency == 1 && !overlaps) {
            return flying + recording == 0;
        }
        let ready = flying + self.ledger.resting() < concurrency + concurrency / 4;
        ready && flying + recording < concurrency * 2 && (concurrency > 1 || self.ledger.is_clean())
    }
}
