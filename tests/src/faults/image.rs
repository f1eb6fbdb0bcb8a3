//! A tree of files as a disk may hold it: kept in memory, and put back in its place to be looked at.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claw_package::{Digest, Hasher};

use super::Loss;

/// One thing in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    Folder(u32),
    File(u32, Arc<Vec<u8>>),
    Link(PathBuf),
}

/// A tree that a disk may hold.
#[derive(Debug, Clone)]
pub struct Image {
    /// What was lost to make it this one.
    pub loss: Loss,
    /// How many things somebody had been told to be done when the disk may have held it.
    pub acknowledged: usize,
    /// What the program was about to do.
    pub moment: String,
    pub(super) tree: BTreeMap<PathBuf, Node>,
}

impl Image {
    /// What is below `root` now.
    pub fn of(root: &Path) -> Image {
        let mut tree = BTreeMap::new();
        walk(root, Path::new(""), &mut |path, node| {
            tree.insert(path, node);
        });
        Image {
            loss: Loss::Nothing,
            acknowledged: 0,
            moment: "as it is".to_owned(),
            tree,
        }
    }

    /// Puts the tree in the place of what is below `root`.
    pub fn restore(&self, root: &Path) {
        empty(root);
        let mut modes = Vec::new();
        for (path, node) in &self.tree {
            let path = root.join(path);
            match node {
                Node::Folder(mode) => {
                    fs::create_dir(&path).expect("a folder can be made");
                    modes.push((path, *mode));
                }
                Node::File(mode, bytes) => {
                    fs::write(&path, bytes.as_slice()).expect("a file can be written");
                    modes.push((path, *mode));
                }
                Node::Link(target) => symlink(target, &path).expect("a link can be made"),
            }
        }
        for (path, mode) in modes.into_iter().rev() {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode can be set");
        }
    }

    /// The bytes of one file.
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        match self.tree.get(Path::new(path))? {
            Node::File(_, bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The paths of everything in it.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.tree.keys().map(PathBuf::as_path)
    }

    /// Two trees with this in common hold the same.
    pub(super) fn digest(&self) -> Digest {
        let mut hasher = Hasher::new();
        for (path, node) in &self.tree {
            hasher.update(path.as_os_str().as_encoded_bytes());
            hasher.update(&[0]);
            match node {
                Node::Folder(mode) => hasher.update(format!("folder {mode} ").as_bytes()),
                Node::File(mode, bytes) => {
                    hasher.update(format!("file {mode} {} ", bytes.len()).as_bytes());
                    hasher.update(bytes);
                }
                Node::Link(target) => hasher.update(target.as_os_str().as_encoded_bytes()),
            }
        }
        hasher.finish()
    }
}

/// Hands out everything below `root`, folders before what is in them. What goes away meanwhile is left out.
pub(super) fn walk(root: &Path, below: &Path, take: &mut dyn FnMut(PathBuf, Node)) {
    for entry in fs::read_dir(root.join(below))
        .into_iter()
        .flatten()
        .flatten()
    {
        let path = below.join(entry.file_name());
        let Some(node) = node(&root.join(&path)) else {
            continue;
        };
        let is_folder = matches!(node, Node::Folder(_));
        take(path.clone(), node);
        if is_folder {
            walk(root, &path, take);
        }
    }
}

fn node(path: &Path) -> Option<Node> {
    let metadata = fs::symlink_metadata(path).ok()?;
    let mode = metadata.permissions().mode() & 0o7777;
    if metadata.is_dir() {
        Some(Node::Folder(mode))
    } else if metadata.is_symlink() {
        Some(Node::Link(fs::read_link(path).ok()?))
    } else {
        Some(Node::File(mode, Arc::new(fs::read(path).ok()?)))
    }
}

/// Removes everything below `root`, and keeps `root` itself, which somebody may have open.
fn empty(root: &Path) {
    for entry in fs::read_dir(root).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let removed = if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.expect("what is there can be removed");
    }
}
