//! Overlays: what stands above the screen and takes the keys until it is gone.

pub(crate) mod dialog;
pub(crate) mod help;
pub(crate) mod menu;
pub(crate) mod palette;
pub(crate) mod picker;
pub(crate) mod prompt;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::look::Look;
use super::msg::Effect;
use super::state::State;

/// What stands above the screen.
#[derive(Debug)]
pub(crate) enum Overlay {
    Help(help::Help),
    Palette(palette::Palette),
    Menu(menu::RunMenu),
    Dialog(Box<dialog::Dialog>),
    Prompt(prompt::Prompt),
    Picker(picker::Picker),
}

/// Gives a key to the overlay, which is open.
pub(crate) fn key(state: &mut State, key: KeyEvent) -> Vec<Effect> {
    match state.overlay.take() {
        Some(Overlay::Help(help)) => help::key(state, help, key),
        Some(Overlay::Palette(palette)) => palette::key(state, palette, key),
        Some(Overlay::Menu(menu)) => menu::key(state, menu, key),
        Some(Overlay::Dialog(dialog)) => dialog::key(state, *dialog, key),
        Some(Overlay::Prompt(prompt)) => prompt::key(state, prompt, key),
        Some(Overlay::Picker(picker)) => picker::key(state, picker, key),
        None => Vec::new(),
    }
}

/// Gives pasted text to the overlay's field, where it has one.
pub(crate) fn paste(state: &mut State, text: &str) {
    match &mut state.overlay {
        Some(Overlay::Palette(palette)) => palette.paste(text),
        Some(Overlay::Prompt(_)) => prompt::paste(state, text),
        Some(Overlay::Picker(picker)) => picker.paste(text),
        Some(Overlay::Dialog(dialog)) => dialog.paste(text, state.now.ms),
        _ => {}
    }
}

/// Draws the overlay and gives the place of the real cursor.
pub(crate) fn draw(state: &State, look: &Look, screen: Rect, buf: &mut Buffer) -> Option<Position> {
    Some(match state.overlay.as_ref()? {
        Overlay::Help(help) => help::draw(state, help, look, screen, buf),
        Overlay::Palette(palette) => palette::draw(state, palette, look, screen, buf),
        Overlay::Menu(menu) => menu::draw(state, menu, look, screen, buf),
        Overlay::Dialog(dialog) => dialog::draw(dialog, look, screen, buf),
        Overlay::Prompt(prompt) => prompt::draw(state, prompt, look, screen, buf),
        Overlay::Picker(picker) => picker::draw(state, picker, look, screen, buf),
    })
}
