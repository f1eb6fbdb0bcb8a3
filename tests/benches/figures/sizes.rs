//! How large the programs are that people download.

use std::process::Command;

use claw_tests::programs;
use tempfile::TempDir;

use crate::table::{Table, Target};

pub(crate) fn measure(table: &mut Table) {
    let folder = TempDir::new().expect("a temporary folder");
    for name in ["claw", "cargo-claw", "claw-registry"] {
        let stripped = folder.path().join(name);
        let status = Command::new("strip")
            .arg("-o")
            .args([&stripped, &programs::path(name)])
            .status();
        if !status.is_ok_and(|status| status.success()) {
            table.remark("`strip` (binutils) is not installed: the programs were not measured.");
            return;
        }
        let size = std::fs::metadata(&stripped).expect("strip wrote it").len() as f64;
        let what = format!("size of `{name}`, stripped");
        table.alone(&what, size / (1024.0 * 1024.0), "MiB", Target::AtMost(40.0));
    }
}
