//! Permissions: read, printed, and met as the laws say, whatever the lines are.

use claw_package::limits::PERMISSIONS_MAX;
use claw_package::{Permission, PermissionSet};

use super::text::printed_is_read_back;

/// Reads each line of bytes as a permission, and all of them as the list of a manifest.
pub fn permission(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let lines: Vec<String> = text
        .split('\n')
        .take(PERMISSIONS_MAX)
        .map(str::to_owned)
        .collect();
    let permissions: Vec<Permission> = lines
        .iter()
        .filter_map(|line| printed_is_read_back(line))
        .collect();
    for one in &permissions {
        assert!(one.covers(one));
        assert!(!one.describe().contains('\n'));
    }
    if let [a, b, ..] = &permissions[..] {
        laws(a, b);
    }

    let forward = PermissionSet::new(permissions.iter().cloned());
    let backward = PermissionSet::new(permissions.iter().rev().cloned());
    assert_eq!(forward, backward);
    assert_eq!(forward.digest(), backward.digest());
    assert_eq!(forward.meet(&forward), forward);
    assert!(permissions.iter().all(|one| forward.covers(one)));
    if let Ok(set) = PermissionSet::from_manifest(&lines) {
        let printed: Vec<String> = set.iter().map(ToString::to_string).collect();
        assert_eq!(PermissionSet::from_manifest(&printed).as_ref(), Ok(&set));
    }
}

fn laws(a: &Permission, b: &Permission) {
    let both = a.meet(b);
    assert_eq!(both, b.meet(a));
    match both {
        Some(both) => {
            assert!(a.covers(&both) && b.covers(&both));
            assert_eq!(both.to_string().parse::<Permission>().as_ref(), Ok(&both));
        }
        None => assert!(!a.covers(b) && !b.covers(a)),
    }
}
