//! Tests of the screens: a robot presses keys and reads what stands on the screen.

pub mod browsing;
mod browsing_pictures;
mod catalogs;
mod connection_flows;
mod connection_pictures;
mod flows;
mod hostile;
mod hostile_pages;
mod hostile_records;
mod log_flows;
mod model_flows;
mod model_pictures;
mod pictures;
mod plan_flows;
mod real;
pub mod robot;
mod row_flows;
mod run_flows;
pub mod worlds;
