//! Guards: the limits that hold deletes or stop a run before it does harm.

use serde::{Deserialize, Serialize};

/// Limits of one sync; each absent one takes the workspace's.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GuardSettings {
    /// Deletes that always pass (10).
    pub delete_rows: Option<u64>,
    /// Deletes that pass as a share of the known records, in percent (10).
    pub delete_percent: Option<f64>,
    /// The most deletes that pass by the share (500).
    pub delete_max: Option<u64>,
    /// A model with fewer rows than this share of its last good run stops it, in percent (50).
    pub shrink_percent: Option<f64>,
    /// Rows of the last good run from which the shrink guard looks (100).
    pub shrink_from_rows: Option<u64>,
    /// More invalid rows than this share stop the run, in percent (50).
    pub invalid_percent: Option<f64>,
    /// First answered rows that must not all be rejected (500).
    pub rejected_rows: Option<u64>,
}
