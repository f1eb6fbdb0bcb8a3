//! Index files: what is read is what is written, in order, each version once.

use std::collections::HashSet;

use claw_registry_api::index::parse;

/// Reads bytes as an index file.
pub fn index(bytes: &[u8]) {
    let Ok(lines) = parse(bytes) else {
        return;
    };
    let written: String = lines.iter().map(|line| line.to_json_line()).collect();
    let again = parse(written.as_bytes()).expect("what is written is read");
    assert_eq!(again, lines);
    assert!(lines.is_sorted_by(|a, b| a.leaf < b.leaf));
    let versions: HashSet<_> = lines.iter().map(|line| &line.version).collect();
    assert_eq!(versions.len(), lines.len());
    assert!(lines.windows(2).all(|pair| pair[0].name == pair[1].name));
}
