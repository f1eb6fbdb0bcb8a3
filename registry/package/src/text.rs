//! Small rules about text that more than one part of this crate needs: string serde for parsed
//! types, characters that deceive a reader, and the nearest known word to a misspelt one.

use crate::limits::DESCRIPTION_CHARACTERS_MAX;

/// Serde as the text that `Display` writes and `FromStr` reads.
macro_rules! serde_as_string {
    ($type:ty) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_as_string;

/// Whether a character shows nothing, or changes how its neighbours are shown.
///
/// Controls, bidirectional marks and overrides, zero-width and other invisible characters, line
/// separators, tag characters, private use and non-characters: none of them belongs in a path, a
/// permission or a description.
pub(crate) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{34f}'
                | '\u{61c}'
                | '\u{115f}'..='\u{1160}'
                | '\u{17b4}'..='\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{e000}'..='\u{f8ff}'
                | '\u{fdd0}'..='\u{fdef}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff0}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{e0000}'..='\u{e0fff}'
                | '\u{f0000}'..='\u{10ffff}'
        )
}

/// A description as people and agents are shown it: one line, without control characters,
/// bidirectional overrides or characters that hide text, cut at the limit. Joiners and the emoji
/// selector stay, since scripts and emoji need them. `None` where nothing is left.
pub fn clean_description(text: &str) -> Option<String> {
    let kept = |c: &char| !is_deceptive(*c) || matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0f}');
    let spaced = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(kept);
    let mut line = String::new();
    for c in spaced.take(DESCRIPTION_CHARACTERS_MAX * 4) {
        if c != ' ' || !(line.is_empty() || line.ends_with(' ')) {
            line.push(c);
        }
    }
    let line: String = line.chars().take(DESCRIPTION_CHARACTERS_MAX).collect();
    let line = line.trim_end();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The known word closest to `word`, when it is close enough to be a slip.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_ascii_lowercase();
    let distance = |candidate: &str| {
        // What is only cut short or drawn out is nearer than any slip.
        let cut =
            folded.len() >= 3 && (candidate.starts_with(&folded) || folded.starts_with(candidate));
        if cut {
            1
        } else {
            strsim::damerau_levenshtein(&folded, candidate)
        }
    };
    known
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().min(word.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// `" (did you mean `x`?)"`, or nothing.
pub(crate) fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_word_and_nonsense_finds_none() {
        let known = ["permissions", "description", "limits"];
        assert_eq!(nearest("permisions", known), Some("permissions"));
        assert_eq!(nearest("Description", known), Some("description"));
        assert_eq!(nearest("limit", known), Some("limits"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn a_description_is_one_clean_line_of_bounded_length() {
        let dirty = "\n Reads\u{202e} a\tfile.\u{1b}[31m\r\n\n  And \u{200b}more\u{e0041}. ";
        assert_eq!(
            clean_description(dirty).as_deref(),
            Some("Reads a file.[31m And more.")
        );
        assert_eq!(clean_description(" \n\u{7} "), None);
        let long = "é".repeat(DESCRIPTION_CHARACTERS_MAX + 1);
        assert_eq!(
            clean_description(&long).unwrap().chars().count(),
            DESCRIPTION_CHARACTERS_MAX
        );
        let once = clean_description(dirty).unwrap();
        assert_eq!(clean_description(&once), Some(once));
    }

    #[test]
    fn letters_of_every_script_are_plain_and_overrides_are_not() {
        assert!("grüße 日本 привет ñ".chars().all(|c| !is_deceptive(c)));
        assert!(
            "\u{202e}\u{200b}\u{7}\n\u{feff}\u{e0041}"
                .chars()
                .all(is_deceptive)
        );
    }
}
