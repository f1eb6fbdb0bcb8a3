//! What would be left of a tree if the power failed: kept up to date with each sync.
//!
//! A file's bytes are on the disk once the file was synced, a name once its folder was. Nothing else
//! counts, not the order of writes either. What was not synced may be there all the same, all of it or a
//! part; only a rename is one step: the old name is never gone while the new one is not there.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use claw_package::Digest;

use super::Loss;
use super::image::{Image, Node, walk};

/// A file or folder by what it is, whatever its name: its number is not given again while it is held open.
#[derive(Debug)]
struct Held {
    open: File,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Bytes(Arc<Vec<u8>>),
    /// Names, and the number and kind of what they name.
    Names(BTreeMap<std::ffi::OsString, (u64, Kind)>),
}

#[derive(Debug, Clone)]
enum Kind {
    Folder(u32),
    File(u32),
    Link(PathBuf),
}

/// What was synced, and every tree that the disk may have held.
#[derive(Debug)]
pub(super) struct Shadow {
    root: PathBuf,
    synced: HashMap<u64, Held>,
    /// The numbers of files and folders that were renamed.
    moved: HashSet<u64>,
    acknowledged: usize,
    images: Vec<Image>,
    /// Where an image with these contents is among them.
    seen: HashMap<Digest, usize>,
}

impl Shadow {
    /// Takes everything below `root` for synced.
    pub(super) fn of(root: &Path) -> Shadow {
        let mut shadow = Shadow {
            root: root.to_owned(),
            synced: HashMap::new(),
            moved: HashSet::new(),
            acknowledged: 0,
            images: Vec::new(),
            seen: HashMap::new(),
        };
        shadow.sync(root);
        walk(root, Path::new(""), &mut |path, node| {
            if !matches!(node, Node::Link(_)) {
                shadow.sync(&root.join(path));
            }
        });
        shadow
    }

    /// The file or folder that `path` leads to is on the disk as it is now.
    pub(super) fn sync(&mut self, path: &Path) {
        let Ok(open) = File::options()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)
        else {
            return;
        };
        let Ok(metadata) = open.metadata() else {
            return;
        };
        let content = if metadata.is_dir() {
            Content::Names(names(path))
        } else {
            Content::Bytes(Arc::new(fs::read(path).unwrap_or_default()))
        };
        let held = Held { open, content };
        self.synced.insert(metadata.ino(), held);
    }

    /// Remembers what the disk may hold at this moment.
    pub(super) fn capture(&mut self, moment: &str) {
        for loss in [Loss::Unsynced, Loss::Removed] {
            let mut tree = BTreeMap::new();
            if let Ok(root) = fs::metadata(&self.root) {
                self.synced_below(root.ino(), Path::new(""), loss, &mut tree);
            }
            self.keep(loss, moment, tree);
        }
        let [mut named, mut torn, mut whole] = [(); 3].map(|()| BTreeMap::new());
        let root = self.root.clone();
        walk(&root, Path::new(""), &mut |path, node| {
            let (left, half) = match &node {
                Node::File(mode, bytes) => {
                    let number = fs::symlink_metadata(root.join(&path)).map(|file| file.ino());
                    let synced = self.bytes(number.unwrap_or_default());
                    let half = Node::File(*mode, half_way(&synced, bytes));
                    (Node::File(*mode, synced), half)
                }
                other => (other.clone(), other.clone()),
            };
            named.insert(path.clone(), left);
            torn.insert(path.clone(), half);
            whole.insert(path, node);
        });
        self.keep(Loss::Bytes, moment, named);
        self.keep(Loss::Torn, moment, torn);
        self.keep(Loss::Nothing, moment, whole);
    }

    /// The file or folder of that number is about to be renamed.
    pub(super) fn moved(&mut self, number: Option<u64>) {
        self.moved.extend(number);
    }

    pub(super) fn acknowledge(&mut self) {
        self.acknowledged += 1;
        self.capture("after an answer");
    }

    pub(super) fn into_images(mut self) -> Vec<Image> {
        self.capture("at the end");
        self.images
    }

    fn keep(&mut self, loss: Loss, moment: &str, tree: BTreeMap<PathBuf, Node>) {
        let image = Image {
            loss,
            acknowledged: self.acknowledged,
            moment: moment.to_owned(),
            tree,
        };
        match self.seen.get(&image.digest()) {
            // The same disk as before, only that more is promised of it.
            Some(index) => self.images[*index].acknowledged = self.acknowledged,
            None => {
                self.seen.insert(image.digest(), self.images.len());
                self.images.push(image);
            }
        }
    }

    fn bytes(&self, number: u64) -> Arc<Vec<u8>> {
        match self.synced.get(&number).map(|held| &held.content) {
            Some(Content::Bytes(bytes)) => Arc::clone(bytes),
            _ => Arc::default(),
        }
    }

    fn synced_below(
        &self,
        folder: u64,
        path: &Path,
        loss: Loss,
        tree: &mut BTreeMap<PathBuf, Node>,
    ) {
        let Some(held) = self.synced.get(&folder) else {
            return;
        };
        let Content::Names(synced) = &held.content else {
            return;
        };
        // Whatever the folder is called now.
        let now = names(Path::new(&format!(
            "/proc/self/fd/{}",
            held.open.as_raw_fd()
        )));
        for (name, (number, kind)) in synced {
            let is_removed = !now.contains_key(name) && !self.moved.contains(number);
            if loss == Loss::Removed && is_removed {
                continue;
            }
            let path = path.join(name);
            match kind {
                Kind::Folder(mode) => {
                    tree.insert(path.clone(), Node::Folder(*mode));
                    self.synced_below(*number, &path, loss, tree);
                }
                Kind::File(mode) => {
                    tree.insert(path, Node::File(*mode, self.bytes(*number)));
                }
                Kind::Link(target) => {
                    tree.insert(path, Node::Link(target.clone()));
                }
            }
        }
    }
}

/// What the disk made of `now`, when it was told of it and had `synced` for certain: its length, the first half
/// of what is new, and zeros.
fn half_way(synced: &Arc<Vec<u8>>, now: &[u8]) -> Arc<Vec<u8>> {
    let same = synced.iter().zip(now).take_while(|(a, b)| a == b).count();
    if same == now.len() {
        return Arc::new(now.to_vec());
    }
    let mut bytes = now[..same + (now.len() - same) / 2].to_vec();
    bytes.resize(now.len(), 0);
    Arc::new(bytes)
}

fn names(folder: &Path) -> BTreeMap<std::ffi::OsString, (u64, Kind)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let named = entries.filter_map(|entry| {
        let metadata = entry.metadata().ok()?;
        let mode = metadata.permissions().mode() & 0o7777;
        let kind = if metadata.is_dir() {
            Kind::Folder(mode)
        } else if metadata.is_symlink() {
            Kind::Link(fs::read_link(entry.path()).ok()?)
        } else {
            Kind::File(mode)
        };
        Some((entry.file_name(), (metadata.ino(), kind)))
    });
    named.collect()
}
