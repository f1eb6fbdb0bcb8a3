//! `cargo reference`: writes the command reference and the table of hostile cases again.

fn main() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    std::fs::write(
        claw_tests::hostile::page_file(),
        claw_tests::hostile::page(),
    )?;
    std::fs::write(claw_tests::reference::file(), claw_tests::reference::page())
}
