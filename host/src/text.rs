//! Makes text that a guest wrote safe to show: bounded, and without terminal controls.

use crate::limits::MESSAGE_CHARACTERS_MAX;

/// One line of at most [`MESSAGE_CHARACTERS_MAX`] characters.
pub(crate) fn line(text: &str) -> String {
    let mut kept: String = text
        .chars()
        .take(MESSAGE_CHARACTERS_MAX)
        .map(|c| if is_deceptive(c) { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(MESSAGE_CHARACTERS_MAX).is_some() {
        kept.push('…');
    }
    kept
}

/// Text of any length, with line breaks and tabs kept.
pub(crate) fn block(text: &str) -> String {
    let keep = |c: char| c == '\n' || c == '\t' || !is_deceptive(c);
    if text.chars().all(keep) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| if keep(c) { c } else { '\u{fffd}' })
        .collect()
}

/// Controls, and marks that change the direction of the text around them.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_never_sees_a_guests_controls() {
        assert_eq!(
            line("a\u{1b}[2Jb\nc\u{202e}"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}"
        );
        assert_eq!(block("a\tb\nc\u{7}"), "a\tb\nc\u{fffd}");
    }

    #[test]
    fn a_line_is_cut() {
        let cut = line(&"x".repeat(MESSAGE_CHARACTERS_MAX + 1));
        assert_eq!(cut.chars().count(), MESSAGE_CHARACTERS_MAX + 1);
        assert!(cut.ends_with('…'));
        assert_eq!(
            line(&"x".repeat(MESSAGE_CHARACTERS_MAX)).len(),
            MESSAGE_CHARACTERS_MAX
        );
    }
}
