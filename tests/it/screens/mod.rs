//! Tests of the screens: a robot presses keys and reads what stands on the screen.

mod flows;
mod hostile;
mod leaving_flows;
mod log_flows;
pub mod logs;
mod pictures;
pub mod robot;
pub mod worlds;
