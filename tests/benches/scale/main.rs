//! Measures a registry with 100,000 releases of 20,000 skills against an empty one, and its index against
//! nginx serving the same files.
//!
//! `cargo bench --workspace --bench registry_scale [-- PACKAGES [RELEASES]]`. The folder is made on the
//! first run, in the target folder, and used again. It asserts nothing but that every request succeeds:
//! a machine that does other things is no failure.

mod load;
mod nginx;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use claw_tests::many::{self, Size};
use claw_tests::packages::{Publisher, TestPackage};
use claw_tests::registry::Registry;
use claw_tests::{http, programs};

use load::{Connection, Times};

/// Starts of each registry; the median counts.
const STARTS: usize = 9;
/// Searches of one client.
const SEARCHES: usize = 3_000;
/// Index files that are asked for, each twice.
const FILES: usize = 4_000;
/// Releases published with and without other load.
const PUBLISHES: usize = 60;

fn main() -> Result<()> {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse().ok());
    let packages = numbers.next().unwrap_or(20_000);
    let releases = numbers.next().unwrap_or(5 * packages);
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("registry-scale");
    std::fs::create_dir_all(&root)?;
    let full = prepared(&root, Size { packages, releases })?;
    let small = prepared(
        &root,
        Size {
            packages: 10,
            releases: 10,
        },
    )?;

    println!("{releases} releases of {packages} skills");
    starts(&small, &full);

    let registry = Registry::start(&full);
    let ready = until_search_is_ready(&registry.address);
    println!("search ready after start     {:>10}", millis(ready));
    println!(
        "memory, idle                 {:>10}",
        memory(registry.id(), "VmRSS")?
    );

    let times = load::gets(&registry.address, searches(packages))?;
    println!("search, one client           {times}");
    let clients: Vec<Result<Times>> = std::thread::scope(|scope| {
        let run = || load::gets(&registry.address, searches(packages));
        let clients: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        let clients = clients.into_iter();
        clients
            .map(|client| client.join().expect("a client ends"))
            .collect()
    });
    let all = clients.into_iter().collect::<Result<Vec<_>>>()?;
    println!("search, four clients         {}", Times::joined(all));

    let paths = index_paths(packages);
    println!(
        "index GET, first time        {}",
        load::gets(&registry.address, paths.clone())?
    );
    let again = load::gets(&registry.address, paths.clone())?;
    println!("index GET, again             {again}");
    let few = Registry::start(&small);
    let names = (0..FILES).map(|number| index_path(number % 10)).collect();
    println!(
        "index GET of ten skills      {}",
        load::gets(&few.address, names)?
    );
    drop(few);
    match nginx::Nginx::start(&registry.address, &paths)? {
        Some(nginx) => {
            load::gets(&nginx.address, paths.clone())?;
            let times = load::gets(&nginx.address, paths)?;
            println!("index GET, nginx             {times}");
            println!(
                "index GET, times nginx's     {:>9.2}×",
                again.median() / times.median()
            );
        }
        None => {
            println!("index GET, nginx             not measured: there is no nginx on the PATH")
        }
    }

    publishes(&registry, packages)?;
    println!(
        "memory, now                  {:>10}",
        memory(registry.id(), "VmRSS")?
    );
    println!(
        "memory, peak                 {:>10}",
        memory(registry.id(), "VmHWM")?
    );
    Ok(())
}

/// A folder of that size, made unless it is there.
fn prepared(root: &Path, size: Size) -> Result<PathBuf> {
    let folder = root.join(format!("{}-{}", size.packages, size.releases));
    if folder.exists() {
        return Ok(folder);
    }
    let draft = folder.with_extension("draft");
    if draft.exists() {
        std::fs::remove_dir_all(&draft)?;
    }
    let start = Instant::now();
    let made = many::make(&draft, size)?;
    let seconds = start.elapsed().as_secs_f64();
    eprintln!(
        "made {} releases of {} skills in {seconds:.0} s",
        made.releases, made.packages
    );
    std::fs::rename(&draft, &folder)?;
    Ok(folder)
}

/// From the start of the process to the first answer.
fn starts(small: &Path, full: &Path) {
    let start = |folder: &Path| {
        let start = Instant::now();
        let registry = Registry::start(folder);
        let answer = http::request(&registry.address, "GET", "/health", &[], b"");
        assert_eq!(answer.status, 200);
        start.elapsed()
    };
    // Built, and in the memory of the operating system, before anything counts.
    programs::folder();
    let (mut of_small, mut of_full) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        of_small.push(start(small));
        of_full.push(start(full));
    }
    let (of_small, of_full) = (Times::of(of_small), Times::of(of_full));
    println!("start, ten releases          {of_small}");
    println!("start, all of them           {of_full}");
    println!(
        "start, times the small one's {:>9.2}×",
        of_full.median() / of_small.median()
    );
}

fn until_search_is_ready(address: &str) -> Duration {
    let start = Instant::now();
    while http::request(address, "GET", "/api/v1/search", &[], b"").status == 503 {
        std::thread::yield_now();
    }
    start.elapsed()
}

/// What people and agents ask: names, words with and without slips, sentences, filters, everything.
fn searches(packages: usize) -> Vec<String> {
    let query = |number: usize| {
        let name = many::name((number * 7919) % packages);
        let words = name.name().replace('-', "+");
        let slip = format!("{}{}", &words[1..2], &words[..1]) + &words[2..];
        match number % 8 {
            0 => format!("q={words}"),
            1 => format!("q={slip}"),
            2 => format!("q={}", &words[..3]),
            3 => format!("q=help+me+{words}+from+my+files+every+day"),
            4 => format!("q={words}&permission=network.external"),
            5 => format!(
                "q=reports&import=wasi:filesystem&limit=100&offset={}",
                number % 500
            ),
            6 => format!("q={}", name.namespace()),
            _ => "permission=filesystem.read&limit=50".to_owned(),
        }
    };
    (0..SEARCHES)
        .map(|number| format!("/api/v1/search?{}", query(number)))
        .collect()
}

fn index_paths(packages: usize) -> Vec<String> {
    (0..FILES)
        .map(|number| index_path((number * 7919) % packages))
        .collect()
}

fn index_path(number: usize) -> String {
    format!("/index/{}", many::name(number))
}

/// Publishes alone, and while others search and read.
fn publishes(registry: &Registry, packages: usize) -> Result<()> {
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
    let namespace = format!("live-t{}", seconds.as_millis());
    let author = Publisher::new(registry, many::ORIGIN, &namespace);
    let publish = |from: usize| -> Result<Times> {
        let one = |number: usize| {
            let package = TestPackage::new(&format!("{namespace}/x"), &format!("1.{number}.0"));
            let start = Instant::now();
            let answer = author.send(&registry.address, &package);
            ensure!(answer.status == 201, "{} {}", answer.status, answer.body);
            Ok(start.elapsed())
        };
        let times = (from..from + PUBLISHES).map(one);
        Ok(Times::of(times.collect::<Result<_>>()?))
    };
    println!("publish, alone               {}", publish(0)?);
    let is_over = AtomicBool::new(false);
    let loaded = std::thread::scope(|scope| {
        let keep_asking = |paths: Vec<String>| {
            let mut connection = Connection::open(&registry.address)?;
            let mut times = Vec::new();
            for path in paths.iter().cycle() {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                times.push(connection.get(path)?);
            }
            anyhow::Ok(Times::of(times))
        };
        let searching = scope.spawn(move || keep_asking(searches(packages)));
        let reading = scope.spawn(move || keep_asking(index_paths(packages)));
        let published = publish(PUBLISHES);
        // Before anything is asked of it: the others wait for this.
        is_over.store(true, Ordering::Relaxed);
        let searched = searching.join().expect("a client ends")?;
        let read = reading.join().expect("a client ends")?;
        anyhow::Ok((published?, searched, read))
    })?;
    println!("publish, beside clients      {}", loaded.0);
    println!("  search meanwhile           {}", loaded.1);
    println!("  index GET meanwhile        {}", loaded.2);
    Ok(())
}

/// A line of what the kernel knows of a process, in MiB.
fn memory(id: u32, line: &str) -> Result<String> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let found = status
        .lines()
        .find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    let kilobytes: f64 = found
        .and_then(|text| text.split_whitespace().next())
        .context("the kernel says it")?
        .parse()?;
    Ok(format!("{:.1} MiB", kilobytes / 1024.0))
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
