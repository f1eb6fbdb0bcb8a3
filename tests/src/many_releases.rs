//! `many-releases FOLDER [PACKAGES [RELEASES]]`: makes a registry's folder with very many releases, to try
//! a registry or another program at that size. The folder must not be there yet.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use claw_tests::many::{self, Size};

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    let Some(folder) = words.next().map(PathBuf::from) else {
        bail!("usage: many-releases FOLDER [PACKAGES [RELEASES]]");
    };
    let mut number = |otherwise: usize| match words.next() {
        Some(word) => word
            .parse()
            .with_context(|| format!("`{word}` is no number")),
        None => Ok(otherwise),
    };
    let packages = number(20_000)?;
    let releases = number(5 * packages)?;
    if folder.exists() {
        bail!("`{}` is there already", folder.display());
    }
    let start = Instant::now();
    let made = many::make(&folder, Size { packages, releases })?;
    eprintln!(
        "made {} releases of {} skills, {} of them yanked, in {:.0} s: try `claw-registry serve --data {}`",
        made.releases,
        made.packages,
        made.yanks,
        start.elapsed().as_secs_f64(),
        folder.display()
    );
    Ok(())
}
