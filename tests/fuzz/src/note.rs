//! Notes and the statements in them: one byte form each, and no forgery.

use std::sync::LazyLock;

use claw_trust::{
    Keyset, Release, SIGNATURES_MAX, SignedNote, VerifiedRelease, VerifiedYank, Yank,
};

const KEYSET: &[u8] = include_bytes!("../corpus/keyset/genesis");
const RELEASE: &[u8] = include_bytes!("../corpus/note/release");
const YANK: &[u8] = include_bytes!("../corpus/note/yank");
const UNYANK: &[u8] = include_bytes!("../corpus/note/unyank");

/// The keyset of a key that signed the notes of the corpus and was then forgotten.
static SIGNERS: LazyLock<Keyset> =
    LazyLock::new(|| Keyset::verify(KEYSET).expect("the corpus has its genesis"));

/// Reads bytes as a note of any kind.
pub fn note(bytes: &[u8]) {
    let Ok(note) = SignedNote::parse(bytes) else {
        assert!(VerifiedRelease::verify(bytes, &SIGNERS).is_err());
        return;
    };
    assert_eq!(note.to_bytes(), bytes);
    assert!((1..=SIGNATURES_MAX).contains(&note.signatures().len()));
    let mut built = format!("{}\n", note.text());
    for line in note.signatures() {
        built.push_str(&format!("{line}\n"));
    }
    assert_eq!(built.as_bytes(), bytes);

    if let Ok(release) = Release::from_text(note.text()) {
        assert_eq!(release.to_text(), note.text());
    }
    if let Ok(yank) = Yank::from_text(note.text()) {
        assert_eq!(yank.to_text(), note.text());
    }
    // Whatever stands around it, what is believed is what was signed.
    if VerifiedRelease::verify(bytes, &SIGNERS).is_ok() {
        assert_eq!(note.text(), text_of(RELEASE));
    }
    if VerifiedYank::verify(bytes, &SIGNERS).is_ok() {
        assert!(
            [YANK, UNYANK]
                .map(text_of)
                .contains(&note.text().to_owned())
        );
    }
}

fn text_of(note: &[u8]) -> String {
    let note = SignedNote::parse(note).expect("the corpus has its notes");
    note.text().to_owned()
}
