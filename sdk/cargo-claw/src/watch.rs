//! Waits for changes of what a skill is built from: sources, `wit/`, manifests.
//!
//! What a build itself makes is not looked at, and neither is what only editors and version control see. Changes that
//! come together are one change. It builds nothing and ends when it is interrupted.

use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use notify::event::EventKind;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::failure::{Kind, OrFail, Outcome};
use crate::project::{Code, Project};

/// How long it has to be quiet after a change: editors write a file in several steps, and tools many files.
const QUIET: Duration = Duration::from_millis(100);

/// Folders that hold what was made, and not what it is made from.
const MADE: [&str; 3] = ["target", "dist", "node_modules"];

/// What there is to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signal {
    Changed,
    Interrupted,
}

/// A watch on a skill's folder.
pub(crate) struct Watch {
    folder: PathBuf,
    workspace: Option<PathBuf>,
    watcher: RecommendedWatcher,
    signals: Receiver<Signal>,
}

impl Watch {
    /// Watches from now on, and listens for Ctrl-C in place of being ended by it.
    pub(crate) fn new(project: &Project) -> Outcome<Watch> {
        let (sender, signals) = channel();
        let act = || format!("could not watch `{}`", project.folder.display());
        // What is seen has no links in its path.
        let folder = project.folder.canonicalize().or_fail(Kind::Io, act())?;
        let workspace = match &project.code {
            Code::Rust(package) if package.workspace != project.folder => {
                Some(package.workspace.clone())
            }
            _ => None,
        };
        interrupted(sender.clone())?;
        let root = folder.clone();
        let seen = move |event: notify::Result<Event>| {
            // An error means that something was missed, and a build then is better than none.
            if event.map_or(true, |event| is_about_sources(&root, &event)) {
                // Nobody listens when the process is about to end.
                let _ = sender.send(Signal::Changed);
            }
        };
        let watcher = notify::recommended_watcher(seen).or_fail(Kind::Io, act())?;
        let mut watch = Watch {
            folder,
            workspace,
            watcher,
            signals,
        };
        watch.cover().or_fail(Kind::Io, act())?;
        Ok(watch)
    }

    /// Waits until something changed and it is quiet again, or until Ctrl-C.
    pub(crate) fn next(&mut self) -> Outcome<Signal> {
        let signal = settled(&self.signals, QUIET);
        if signal == Signal::Changed {
            // There may be new folders.
            let act = format!("could not watch `{}`", self.folder.display());
            self.cover().or_fail(Kind::Io, act)?;
        }
        Ok(signal)
    }

    /// Watches the files of the skill's folder, and everything below its folders but those that are made.
    fn cover(&mut self) -> notify::Result<()> {
        let mut watched = vec![(self.folder.clone(), RecursiveMode::NonRecursive)];
        watched.extend(
            self.workspace
                .iter()
                .map(|folder| (folder.clone(), RecursiveMode::NonRecursive)),
        );
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if path.is_dir() && !is_passed_by(&self.folder, &path) {
                watched.push((path, RecursiveMode::Recursive));
            }
        }
        watched
            .iter()
            .try_for_each(|(path, mode)| self.watcher.watch(path, *mode))
    }
}

/// Tells of Ctrl-C, from a thread that waits for it.
fn interrupted(sender: Sender<Signal>) -> Outcome {
    let act = "could not listen for Ctrl-C";
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .or_fail(Kind::Io, act)?;
    let signal = {
        let _entered = runtime.enter();
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
    };
    let mut signal = signal.or_fail(Kind::Io, act)?;
    std::thread::spawn(move || {
        runtime.block_on(signal.recv());
        // Nobody listens when the process is about to end.
        let _ = sender.send(Signal::Interrupted);
    });
    Ok(())
}

/// The next signal, with changes gathered until it has been quiet.
fn settled(signals: &Receiver<Signal>, quiet: Duration) -> Signal {
    // Both senders live as long as the process: without them there is nothing left to wait for.
    let Ok(Signal::Changed) = signals.recv() else {
        return Signal::Interrupted;
    };
    loop {
        match signals.recv_timeout(quiet) {
            Ok(Signal::Changed) => {}
            Err(RecvTimeoutError::Timeout) => return Signal::Changed,
            Ok(Signal::Interrupted) | Err(RecvTimeoutError::Disconnected) => {
                return Signal::Interrupted;
            }
        }
    }
}

/// Whether something was changed that a component is made from.
fn is_about_sources(root: &Path, event: &Event) -> bool {
    !matches!(event.kind, EventKind::Access(_))
        && event.paths.iter().any(|path| !is_passed_by(root, path))
}

/// Whether a path is of no meaning for a build: made by one, hidden, or what an editor leaves behind.
fn is_passed_by(root: &Path, path: &Path) -> bool {
    let below = path.strip_prefix(root).unwrap_or(path);
    let is_below = below != path;
    let mut names = below.components().filter_map(|part| match part {
        Component::Normal(name) => name.to_str(),
        _ => None,
    });
    // Outside of the skill only the manifest of its workspace is looked at.
    if !is_below {
        let name = path.file_name().and_then(|name| name.to_str());
        return !matches!(name, Some("Cargo.toml" | "Cargo.lock"));
    }
    names.any(|name| {
        MADE.contains(&name) || name.starts_with('.') || name.ends_with('~') || name == "4913"
    })
}

#[cfg(test)]
mod tests {
    use notify::event::{AccessKind, CreateKind};

    use super::*;

    #[test]
    fn sources_wit_and_manifests_are_looked_at_and_what_is_made_is_not() {
        let root = Path::new("/skill");
        for path in [
            "src/lib.rs",
            "wit/world.wit",
            "Cargo.toml",
            "skill.wasm",
            "src/a/b.rs",
        ] {
            assert!(!is_passed_by(root, &root.join(path)), "{path}");
        }
        for path in [
            "target/release/x.wasm",
            "dist/x.wasm",
            ".git/index",
            "src/.lib.rs.swp",
            "src/lib.rs~",
            "src/4913",
        ] {
            assert!(is_passed_by(root, &root.join(path)), "{path}");
        }
        assert!(!is_passed_by(root, Path::new("/Cargo.toml")));
        assert!(is_passed_by(root, Path::new("/notes.txt")));
        let event = |kind| Event::new(kind).add_path(root.join("src/lib.rs"));
        assert!(is_about_sources(
            root,
            &event(EventKind::Create(CreateKind::File))
        ));
        assert!(!is_about_sources(
            root,
            &event(EventKind::Access(AccessKind::Read))
        ));
    }

    #[test]
    fn changes_that_come_together_are_one_and_an_interruption_wins() {
        let (sender, signals) = channel();
        for _ in 0..3 {
            sender.send(Signal::Changed).unwrap();
        }
        assert_eq!(settled(&signals, Duration::ZERO), Signal::Changed);
        assert!(signals.try_recv().is_err(), "all three were taken");
        sender.send(Signal::Changed).unwrap();
        sender.send(Signal::Interrupted).unwrap();
        assert_eq!(settled(&signals, Duration::ZERO), Signal::Interrupted);
        drop(sender);
        assert_eq!(settled(&signals, Duration::ZERO), Signal::Interrupted);
    }
}
