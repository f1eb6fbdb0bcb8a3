//! What counts as one word, in packages and in questions alike.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Longer words are cut: nobody types them whole.
const WORD_CHARACTERS_MAX: usize = 40;

/// The words of a text, in order: letters and digits, in lower case and without accents. Scripts that
/// put no spaces between words give one for each character.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut length = 0;
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c));
    for c in plain.flat_map(char::to_lowercase) {
        if is_alone(c) {
            words.extend((length > 0).then(|| std::mem::take(&mut word)));
            words.push(c.to_string());
            length = 0;
        } else if !c.is_alphanumeric() {
            words.extend((length > 0).then(|| std::mem::take(&mut word)));
            length = 0;
        } else if length < WORD_CHARACTERS_MAX {
            word.push(c);
            length += 1;
        }
    }
    words.extend((length > 0).then_some(word));
    words
}

/// Whether a character is a word by itself: Chinese and Japanese, which have no spaces.
fn is_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_people_type() {
        assert_eq!(words("acme/pdf-extract"), ["acme", "pdf", "extract"]);
        assert_eq!(
            words("  Résumé: PDF→text (v2)!"),
            ["resume", "pdf", "text", "v2"]
        );
        assert_eq!(words("PDF提取 tool"), ["pdf", "提", "取", "tool"]);
        assert_eq!(words("ﬁle"), ["file"]);
        assert!(words("!? \u{301}").is_empty());
        assert_eq!(words(&"x".repeat(100)), ["x".repeat(WORD_CHARACTERS_MAX)]);
    }
}
