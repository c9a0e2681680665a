//! Tests of the screens: a robot presses keys and reads what stands on the screen.

mod catalogs;
mod connection_flows;
mod connection_pictures;
mod crm;
mod flows;
mod hostile;
mod hostile_edits;
mod hostile_pages;
mod leaving_flows;
mod log_flows;
pub mod logs;
mod mapping_flows;
mod model_flows;
mod model_pictures;
mod new_sync_flows;
mod pictures;
mod real;
pub mod robot;
mod schedule_flows;
mod sync_pictures;
pub mod worlds;
