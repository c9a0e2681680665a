//! Wires the snapshot's journal of acknowledgements to the store, which it does not know.

use crate::domain::id::SyncId;
use crate::snapshot::{AckLog, AckLogError, FoldCommit};
use crate::store::Store;

/// The store as the snapshot sees it.
pub(crate) struct StoreAckLog(pub Store);
