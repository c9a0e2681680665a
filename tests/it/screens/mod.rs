//! Tests of the screens: a robot presses keys and reads what stands on the screen.

mod catalogs;
mod connection_flows;
mod connection_pictures;
mod connection_real;
mod flows;
mod hostile;
mod hostile_pages;
mod log_flows;
mod model_flows;
mod model_pictures;
mod pictures;
mod real;
pub mod robot;
pub mod worlds;
