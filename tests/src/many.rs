//! Makes the folder of a registry with very many releases, as if authors had published them one by one:
//! real packages, notes signed by real keys, the index that the registry would have made.
//!
//! It writes through the registry's own library, without HTTP and without a sync for each release, or
//! it would take an hour. `claw-registry verify` accepts what it makes. It is for tests and figures:
//! a loss of power while it runs leaves a folder to be thrown away.

mod names;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

use anyhow::{Context as _, Result};
use claw_package::{Digest, Manifest, PackSource, PackageName, PermissionSet, Toolchain, pack};
use claw_registry::clock;
use claw_registry::crash::CrashPoint;
use claw_registry::db::index_files::{self, IndexFile};
use claw_registry::db::summaries::{self, Summary};
use claw_registry::db::{Connection, downloads, entries, events, packages, releases};
use claw_registry::limits::Limits;
use claw_registry::namespaces;
use claw_registry::setup::{Setup, SetupOptions};
use claw_registry::storage::Storage;
use claw_registry_api::{IndexLine, Timestamp, index};
use claw_trust::{Keyset, KeysetRef, NoteKind, Origin, Release, SigningKey, Yank, YankAction};

/// The origin of the registries made here.
pub const ORIGIN: &str = "skills.many.test";

/// Packages written between two commits.
const PACKAGES_PER_COMMIT: usize = 200;
/// Packages made and not yet written.
const WAITING_MAX: usize = 64;
/// When the first release was accepted: the start of 2025.
const FIRST_PUBLISHED: u64 = 1_735_689_600;
/// Seconds between two releases: 100,000 of them take almost two years.
const PUBLISHED_EVERY: u64 = 550;
/// One package of so many has its first release yanked.
const YANKED_EVERY: usize = 50;

/// The package of that number, from 0.
pub fn name(number: usize) -> PackageName {
    names::package(number).0
}

/// How many to make.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Skills.
    pub packages: usize,
    /// Releases of all of them: one skill in ten has many, the others have few.
    pub releases: usize,
}

/// What was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// Skills.
    pub packages: usize,
    /// Releases of all of them.
    pub releases: usize,
    /// Yanks.
    pub yanks: usize,
}

/// Whoever holds the key of a namespace.
struct Publisher {
    key: SigningKey,
    genesis: Vec<u8>,
    keyset: KeysetRef,
}

/// One release, before it has an entry.
struct Prepared {
    row: releases::Row,
    note: String,
    summary: Summary,
}

/// All releases of one package, the first of them perhaps with a yank.
struct PreparedPackage {
    number: usize,
    name: PackageName,
    releases: Vec<Prepared>,
    yank: Option<String>,
}

/// Makes the folder, which is not there yet.
///
/// # Errors
///
/// When the folder can't be written, or holds something.
pub fn make(folder: &Path, size: Size) -> Result<Made> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let origin: Origin = ORIGIN.parse().expect("an origin");
    let publishers: Vec<Publisher> = (0..names::NAMESPACES)
        .map(|number| Publisher::new(&names::namespace(number), &origin))
        .collect();
    let setup = runtime.block_on(Setup::open(SetupOptions {
        folder: folder.to_path_buf(),
        origin: Some(origin.clone()),
        default_origin: origin.clone(),
        crash: CrashPoint::default(),
        limits: Limits::default(),
    }))?;
    let db = setup.app.db.clone();
    let storage = setup.app.storage.clone();
    for shard in 0..=u8::MAX {
        fs::create_dir_all(storage.blobs().join(format!("{shard:02x}")))?;
    }
    let counts = releases_of(size);
    let next = AtomicUsize::new(0);
    let made = std::thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING_MAX);
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..workers {
            let (counts, next, publishers, storage, origin, sender) = (
                &counts,
                &next,
                &publishers,
                &storage,
                &origin,
                sender.clone(),
            );
            scope.spawn(move || prepare_all(counts, next, publishers, storage, origin, &sender));
        }
        drop(sender);
        runtime.block_on(async {
            for publisher in &publishers {
                let keyset = namespaces::read(&origin, &publisher.genesis)?;
                let now = Timestamp::from_unix_seconds(FIRST_PUBLISHED);
                namespaces::create(&db, &keyset, &publisher.genesis, now).await?;
            }
            let mut made = Made {
                packages: 0,
                releases: 0,
                yanks: 0,
            };
            let mut tx = db.begin_write().await?;
            for package in receiver {
                let package: PreparedPackage = package?;
                made.releases += package.releases.len();
                made.yanks += usize::from(package.yank.is_some());
                write(&mut tx, package).await?;
                made.packages += 1;
                if made.packages.is_multiple_of(PACKAGES_PER_COMMIT) {
                    tx.commit().await?;
                    tx = db.begin_write().await?;
                }
            }
            tx.commit().await?;
            db.close().await;
            anyhow::Ok(made)
        })
    })?;
    drop(setup);
    Ok(made)
}

/// How many releases each package has: those of every tenth make up for the others.
fn releases_of(size: Size) -> Vec<usize> {
    let mean = (size.releases / size.packages.max(1)).max(1);
    let few = mean.div_ceil(2);
    let many = 10 * mean - 9 * few;
    let of = |number: usize| if number.is_multiple_of(10) { many } else { few };
    (0..size.packages).map(of).collect()
}

/// Makes packages until there are no more numbers.
fn prepare_all(
    counts: &[usize],
    next: &AtomicUsize,
    publishers: &[Publisher],
    storage: &Storage,
    origin: &Origin,
    sender: &SyncSender<Result<PreparedPackage>>,
) {
    let components = [component(0), component(1), component(2)];
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(count) = counts.get(number) else {
            return;
        };
        let package = prepare(number, *count, &components, publishers, storage, origin);
        // Nobody takes it when writing failed: that failure is the one that is told.
        if sender.send(package).is_err() {
            return;
        }
    }
}

fn prepare(
    number: usize,
    count: usize,
    components: &[Vec<u8>; 3],
    publishers: &[Publisher],
    storage: &Storage,
    origin: &Origin,
) -> Result<PreparedPackage> {
    let (name, owner) = names::package(number);
    let publisher = &publishers[owner];
    let (permissions, component) = names::permissions(number);
    let mut releases = Vec::with_capacity(count);
    for step in 2..count + 2 {
        let version = format!("{}.{}.{}", step / 8, step % 8 / 2, step % 2);
        let source = PackSource {
            manifest: Manifest {
                name: name.clone(),
                version: version.parse().context("a version")?,
                description: names::description(number),
                license: Some("MIT".to_owned()),
                permissions: PermissionSet::from_manifest(&permissions)?,
                repository: None,
                categories: Vec::new(),
                keywords: names::keywords(number),
                triggers: Vec::new(),
                limits: Default::default(),
                host: None,
            },
            component: components[component].clone(),
            toolchain: Toolchain {
                compiler: "wat".to_owned(),
                target: "wasm32".to_owned(),
                builder: "claw-tests".to_owned(),
            },
            files: Vec::new(),
        };
        let packed = pack(source)?;
        fs::write(
            storage.blob_path(&packed.tarball_digest.digest),
            &packed.tarball,
        )?;
        let release = Release::of(&packed, origin.clone(), publisher.keyset, None);
        let note = release.sign(&publisher.key);
        releases.push(Prepared {
            row: releases::Row {
                entry: 0,
                package: name.clone(),
                version: release.version.clone(),
                tarball: packed.tarball_digest.digest,
                size: packed.tarball_digest.size,
                component: packed.component.digest,
                permissions: packed.skill.manifest.permissions.clone(),
                host: None,
                published: clock::now(),
                events: 0,
                note: Digest::of(&note),
                yanked: None,
            },
            note: String::from_utf8(note)?,
            summary: Summary::of(&packed.skill),
        });
    }
    let yanked = releases
        .first()
        .filter(|_| number % YANKED_EVERY == 1 && count > 1);
    let yank = yanked.map(|release| {
        let yank = Yank {
            action: YankAction::Yank,
            registry: origin.clone(),
            package: name.clone(),
            version: release.row.version.clone(),
            release: release.row.note,
            sequence: 1,
            reason: None,
            keyset: publisher.keyset,
        };
        String::from_utf8(yank.sign(&publisher.key))
    });
    Ok(PreparedPackage {
        number,
        name,
        releases,
        yank: yank.transpose()?,
    })
}

/// Writes a package as its publishes would have.
async fn write(connection: &mut Connection, package: PreparedPackage) -> Result<()> {
    let mut lines = Vec::with_capacity(package.releases.len());
    for prepared in package.releases {
        let Prepared {
            mut row,
            note,
            summary,
        } = prepared;
        row.entry = entries::append(connection, NoteKind::Release, &row.note, &note).await?;
        let published = FIRST_PUBLISHED + row.entry * PUBLISHED_EVERY;
        row.published = Timestamp::from_unix_seconds(published);
        packages::ensure(connection, &row.package, row.published).await?;
        releases::insert(connection, &row).await?;
        summaries::insert(connection, row.entry, &summary).await?;
        lines.push(line(row));
    }
    if let Some(note) = package.yank {
        let digest = Digest::of(note.as_bytes());
        let leaf = entries::append(connection, NoteKind::Yank, &digest, &note).await?;
        let first = &mut lines[0];
        events::insert(connection, leaf, first.leaf, 1).await?;
        releases::set_yanked(connection, first.leaf, 1, Some(leaf)).await?;
        first.yanked = Some(digest);
    }
    if let Some(newest) = lines.last() {
        // A few are fetched by everybody, most by hardly anyone.
        let count = 1_000_000 / (package.number as u64 + 1);
        downloads::add(connection, &newest.tarball, count).await?;
        let body: String = lines.iter().map(IndexLine::to_json_line).collect();
        let file = IndexFile {
            digest: Digest::of(body.as_bytes()),
            modified: newest.published,
            body,
        };
        index_files::replace(connection, &package.name, &file).await?;
    }
    Ok(())
}

fn line(row: releases::Row) -> IndexLine {
    IndexLine {
        v: index::VERSION,
        name: row.package,
        version: row.version,
        note: row.note,
        tarball: row.tarball,
        size: row.size,
        component: row.component,
        permissions: row.permissions,
        host: row.host,
        published: row.published,
        leaf: row.entry,
        yanked: row.yanked,
    }
}

impl Publisher {
    fn new(namespace: &str, origin: &Origin) -> Self {
        let name = format!("{namespace}/robot").parse().expect("a key's name");
        let key = SigningKey::generate(name).expect("the system has random numbers");
        let genesis = Keyset::genesis(origin, &key);
        let keyset = Keyset::verify(&genesis).expect("it was just signed");
        let keyset = keyset.reference();
        Self {
            key,
            genesis,
            keyset,
        }
    }
}

/// A component with one action that does nothing, and one of three sets of imports.
fn component(number: usize) -> Vec<u8> {
    let imports = match number {
        0 => "",
        1 => {
            r#"(import "wasi:io/streams@0.2.6" (instance)) (import "wasi:filesystem/types@0.2.6" (instance))"#
        }
        _ => {
            r#"(import "wasi:io/poll@0.2.6" (instance)) (import "wasi:http/outgoing-handler@0.2.6" (instance))"#
        }
    };
    crate::packages::component(&format!(
        r#"(component {imports}
  (core module $m (func (export "f")))
  (core instance $i (instantiate $m))
  (func $f (canon lift (core func $i "f")))
  (instance $api (export "run" (func $f)))
  (export "many:skills/api@0.1.0" (instance $api)))"#
    ))
}
