//! Publishes per second, durable each, against the same bytes written, synced and committed by hand; and how long
//! a publish takes to be seen.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use claw_package::Digest;
use claw_tests::environment::ORIGIN;
use claw_tests::packages::{self, TestPackage};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlSafeStr as _};

use crate::load::{self, Connection};
use crate::measure::interleaved;
use crate::serving;
use crate::table::{Table, Target, per_second};
use crate::world::World;

const ROUNDS: usize = 5;
const PUBLISHES_A_ROUND: usize = 96;
const SEEN: usize = 50;

/// What a publisher sends, made beforehand.
struct Parcel {
    name: String,
    digest: Digest,
    tarball: Vec<u8>,
    note: Vec<u8>,
}

pub(crate) fn measure(world: &World, table: &mut Table) {
    seen(world, table);
    for clients in [1, 16] {
        let parcels = parcels(
            world,
            &format!("by-{}", if clients == 1 { "one" } else { "many" }),
            (ROUNDS + 1) * PUBLISHES_A_ROUND,
        );
        let rounds: Vec<&[Parcel]> = parcels.chunks(PUBLISHES_A_ROUND).collect();
        let (mut ours, mut bare) = (rounds.iter(), rounds.iter());
        let by_hand = ByHand::new(&world.env.root.path().join(format!("by-hand-{clients}")));
        let compared = interleaved(
            ROUNDS,
            || {
                let parcels = ours.next().expect("a round");
                rate(clients, parcels, || {
                    let mut connection =
                        Connection::open(serving::address(&world.env.registry.address));
                    move |parcel| publish(world, &mut connection, parcel)
                })
            },
            || {
                let parcels = bare.next().expect("a round");
                rate(clients, parcels, || |parcel| by_hand.keep(parcel))
            },
        );
        let what = format!(
            "publishes, {clients} client{}, against file + SQLite FULL by hand",
            if clients == 1 { "" } else { "s" }
        );
        table.compared(&what, compared, per_second, Target::None);
    }
}

/// How many publishes were not in the index at once, and what asking takes.
fn seen(world: &World, table: &mut Table) {
    let mut connection = Connection::open(serving::address(&world.env.registry.address));
    let mut late = 0;
    for parcel in parcels(world, "seen", SEEN) {
        publish(world, &mut connection, &parcel);
        let index = connection.body(&load::get(&format!("/index/{}", parcel.name)));
        let digest = parcel.digest.to_string();
        if !String::from_utf8_lossy(&index).contains(&digest) {
            late += 1;
        }
    }
    let what = format!("publish → resolvable: of {SEEN} publishes, not in the index at once");
    table.alone(&what, f64::from(late), "publishes", Target::AtMost(0.0));
}

fn parcels(world: &World, prefix: &str, count: usize) -> Vec<Parcel> {
    let key = world.env.key();
    let parcel = |index: usize| {
        let name = format!("acme/{prefix}-x{index}");
        let packed = TestPackage::new(&name, "1.0.0").pack();
        let note = packages::note(&packed, &key, ORIGIN, &world.env.keyset);
        Parcel {
            name,
            digest: packed.tarball_digest.digest,
            tarball: packed.tarball,
            note,
        }
    };
    (0..count).map(parcel).collect()
}

/// Parcels a second, over so many clients that take the next one each.
fn rate<'p, C: FnMut(&'p Parcel) + Send>(
    clients: usize,
    parcels: &'p [Parcel],
    client: impl Fn() -> C,
) -> f64 {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..clients {
            let mut client = client();
            let next = &next;
            scope.spawn(move || {
                while let Some(parcel) = parcels.get(next.fetch_add(1, Ordering::Relaxed)) {
                    client(parcel);
                }
            });
        }
    });
    parcels.len() as f64 / started.elapsed().as_secs_f64()
}

/// The upload and the note, as `cargo claw publish` sends them.
fn publish(world: &World, connection: &mut Connection, parcel: &Parcel) {
    let send = |connection: &mut Connection, method: &str, path: &str, body: &[u8]| {
        let token = &world.env.token;
        let length = body.len();
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
        )
        .into_bytes();
        request.extend_from_slice(body);
        let status = connection.send(&request).status;
        assert!((200..300).contains(&status), "{method} {path}: {status}");
    };
    let path = format!("/api/v1/blobs/{}", parcel.digest);
    send(connection, "PUT", &path, &parcel.tarball);
    send(connection, "POST", "/api/v1/releases", &parcel.note);
}

/// The least that keeps a release through a loss of power: a synced file under its lasting name, and one row for the
/// note and one for the index in one transaction.
struct ByHand {
    folder: std::path::PathBuf,
    runtime: tokio::runtime::Runtime,
    database: Mutex<SqliteConnection>,
}

impl ByHand {
    fn new(folder: &Path) -> ByHand {
        fs::create_dir_all(folder).expect("a folder can be made");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .build()
            .expect("a runtime");
        let options = SqliteConnectOptions::new()
            .filename(folder.join("by-hand.sqlite"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut database = runtime.block_on(options.connect()).expect("a database");
        let tables = "CREATE TABLE entries (number INTEGER PRIMARY KEY, note TEXT NOT NULL);
                      CREATE TABLE files (name TEXT PRIMARY KEY, body TEXT NOT NULL);";
        runtime
            .block_on(sqlx::raw_sql(tables.into_sql_str()).execute(&mut database))
            .expect("two tables");
        ByHand {
            folder: folder.to_owned(),
            runtime,
            database: Mutex::new(database),
        }
    }

    fn keep(&self, parcel: &Parcel) {
        let place = self.folder.join(parcel.digest.hex());
        let temporary = place.with_extension("new");
        let mut file = File::create(&temporary).expect("a file");
        file.write_all(&parcel.tarball).expect("room");
        file.sync_all().expect("a disk");
        fs::rename(&temporary, &place).expect("a name");
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .expect("a disk");
        let note = String::from_utf8_lossy(&parcel.note);
        let mut database = self.database.lock().expect("nobody panics in here");
        let database = &mut *database;
        self.runtime.block_on(async {
            for statement in [
                "BEGIN IMMEDIATE",
                "INSERT INTO entries (note) VALUES ($1)",
                "INSERT INTO files VALUES ($2, $1)",
                "COMMIT",
            ] {
                let mut query = sqlx::query(statement);
                if statement.contains("$1") {
                    query = query.bind(&*note);
                }
                if statement.contains("$2") {
                    query = query.bind(&parcel.name);
                }
                query.execute(&mut *database).await.expect("a statement");
            }
        });
    }
}
