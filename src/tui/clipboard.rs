//! The clipboard of the person's own terminal, by OSC 52, through tmux where one is between.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The longest base64 text that terminals take (xterm's limit on the whole sequence).
const MAX_BASE64_BYTES: usize = 74_994;

/// The bytes that put `text` on the clipboard; nothing where terminals would drop it as too long.
pub(crate) fn sequence(text: &str, tmux: bool) -> Option<Vec<u8>> {
    let encoded = STANDARD.encode(text);
    if encoded.len() > MAX_BASE64_BYTES {
        return None;
    }
    let plain = format!("\u{1b}]52;c;{encoded}\u{7}");
    if !tmux {
        return Some(plain.into_bytes());
    }
    // tmux passes on what is inside its own DCS, with each escape doubled; where pass-through is
    // off it takes the plain sequence itself (`set-clipboard`). One of the two arrives.
    let doubled = plain.replace('\u{1b}', "\u{1b}\u{1b}");
    Some(format!("\u{1b}Ptmux;{doubled}\u{1b}\\{plain}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_goes_out_as_base64_only() {
        let bytes = sequence("a\u{1b}]0;x\u{7}", false).unwrap();
        assert_eq!(bytes, b"\x1b]52;c;YRtdMDt4Bw==\x07");
    }

    #[test]
    fn tmux_gets_it_wrapped_and_plain() {
        let bytes = sequence("hi", true).unwrap();
        assert_eq!(
            bytes,
            b"\x1bPtmux;\x1b\x1b]52;c;aGk=\x07\x1b\\\x1b]52;c;aGk=\x07"
        );
    }

    #[test]
    fn what_terminals_would_drop_is_refused() {
        assert!(sequence(&"x".repeat(80_000), false).is_none());
    }
}
