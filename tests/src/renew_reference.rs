//! `cargo reference`: writes the command reference again.

fn main() -> std::io::Result<()> {
    std::fs::write(claw_tests::reference::file(), claw_tests::reference::page())
}
