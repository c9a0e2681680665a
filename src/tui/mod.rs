//! The terminal interface: draws the workspace's state and turns keys into commands.
//!
//! A message goes into [`update`], which changes the [`State`] and gives back [`Effect`]s; [`view`]
//! draws the state. Both are pure: only [`run`] waits, draws on the terminal and talks to the core.
//! How a screen is added says `screens`; the pages of all screens lie on one another in `router`.

mod act;
mod action;
mod available;
mod away;
mod banner;
mod clipboard;
mod driver;
mod edits;
mod exporting;
mod external;
mod glyph;
mod intents;
mod keymap;
mod layout;
mod leaving;
mod log_file;
mod look;
mod msg;
mod opening;
mod options;
mod overlays;
mod panes;
mod placed;
mod questions;
mod requests;
mod router;
mod screens;
mod session;
mod sources;
mod state;
mod terminal;
mod text;
mod theme;
mod timer;
mod update;
mod view;
mod widgets;

pub use driver::{Error, run, stop_here};
pub use exporting::Export;
pub use glyph::GlyphSet;
pub use log_file::SavedLog;
pub use look::Look;
pub use msg::{Effect, Leave, Moment, Msg, What};
pub use opening::Opening;
pub use options::{Clock, MachineClock, Options};
pub use state::State;
pub use terminal::FrameWriter;
pub use text::Zone;
pub use theme::ThemeName;
pub use update::update;
pub use view::view;
