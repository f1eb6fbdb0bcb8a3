//! Lock files: an entry is what was written, or it is a fault and stops no other.

use claw_cli::lock::Lock;

/// Reads bytes as a lock file.
pub fn lock(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let lock = match Lock::parse(text) {
        Ok(lock) => lock,
        Err(failure) => return assert!(!failure.one_line().is_empty()),
    };
    assert!(
        lock.skills
            .keys()
            .all(|name| !lock.faults.contains_key(name))
    );
    assert!(
        lock.skills
            .iter()
            .all(|(name, locked)| *name == locked.name)
    );
    let mut prefixes: Vec<_> = lock.skills.values().map(|locked| &locked.prefix).collect();
    prefixes.sort();
    assert!(prefixes.is_sorted_by(|a, b| a < b));

    let good = Lock {
        faults: Default::default(),
        ..lock
    };
    let written = good.to_text().expect("good entries can be written");
    assert_eq!(Lock::parse(&written).expect("it was written"), good);
}
