//! A registry of hundreds of releases that were made without publishing: it is sound, everything in it is
//! found and served, and life goes on. The figures at full size are `cargo bench --bench registry_scale`'s.

use std::sync::atomic::{AtomicBool, Ordering};

use claw_tests::http::{self, Answer};
use claw_tests::many::{self, Made, Size};
use claw_tests::packages::{Publisher, TestPackage};
use claw_tests::registry::{Registry, admin};
use serde_json::Value;

/// Asks until the search is ready, as its `Retry-After` says.
fn search(address: &str, query: &str) -> Value {
    loop {
        let path = format!("/api/v1/search?{query}");
        let answer: Answer = http::request(address, "GET", &path, &[], b"");
        match answer.status {
            200 => return serde_json::from_str(&answer.body).expect("JSON"),
            503 => assert_eq!(answer.header("retry-after"), Some("1")),
            status => panic!("{status} {}", answer.body),
        }
        std::thread::yield_now();
    }
}

/// Tells the others to end, also when the test fails.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_registry_of_many_releases_is_sound_found_and_alive() {
    const SIZE: Size = Size {
        packages: 60,
        releases: 300,
    };
    let root = tempfile::tempdir().expect("a folder");
    let data = root.path().join("data");
    let made = many::make(&data, SIZE).expect("it is made");
    assert_eq!((made.packages, made.releases), (60, 300));
    assert!(made.yanks > 0, "{made:?}");
    admin(&data, &["verify"]).ok();

    let registry = Registry::start(&data);
    let address = registry.address.as_str();
    assert_eq!(search(address, "")["total"], 60);
    for number in 0..SIZE.packages {
        let name = many::name(number).to_string();
        let found = search(address, &format!("q={name}"));
        assert_eq!(found["results"][0]["name"], *name, "{found}");
        let index = http::request(address, "GET", &format!("/index/{name}"), &[], b"");
        let newest: Value = index
            .body
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .rfind(|line: &Value| line["yanked"].is_null())
            .expect("a release stands");
        assert_eq!(found["results"][0]["version"], newest["version"]);
    }

    // Publishes go on while others search and read.
    let author = Publisher::new(&registry, many::ORIGIN, "live");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _ends_the_others = Ending(&is_over);
        for query in ["q=report", "permission=filesystem.read"] {
            let is_over = &is_over;
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    search(address, query);
                }
            });
        }
        for number in 0..10 {
            let package = TestPackage::new(&format!("live/package-n{number}"), "1.0.0");
            let answer = author.send(address, &package);
            assert_eq!(answer.status, 201, "{}", answer.body);
            let found = search(address, &format!("q=live/package-n{number}"));
            let name = format!("live/package-n{number}");
            assert_eq!(found["results"][0]["name"], *name, "{found}");
        }
    });
    registry.admin(&["verify"]).ok();
    let more = Made {
        packages: made.packages + 10,
        ..made
    };
    assert_eq!(search(address, "")["total"], more.packages);
}

#[test]
fn a_backup_taken_while_authors_publish_is_served_elsewhere_under_the_same_name() {
    let root = tempfile::tempdir().expect("a folder");
    let (data, copy, elsewhere) = (
        root.path().join("data"),
        root.path().join("copy"),
        root.path().join("elsewhere"),
    );
    many::make(
        &data,
        Size {
            packages: 20,
            releases: 100,
        },
    )
    .expect("it is made");
    let registry = Registry::start(&data);
    let author = Publisher::new(&registry, many::ORIGIN, "live");
    let backup = ["backup", copy.to_str().expect("UTF-8")];
    std::thread::scope(|scope| {
        let publishing = scope.spawn(|| {
            for number in 0..20 {
                let package = TestPackage::new("live/x", &format!("1.{number}.0"));
                let answer = author.send(&registry.address, &package);
                assert_eq!(answer.status, 201, "{}", answer.body);
            }
        });
        while !publishing.is_finished() {
            registry.admin(&backup).ok();
            admin(&copy, &["verify"]).ok();
        }
    });
    registry.admin(&backup).ok();
    registry.admin(&backup).ok().says("0 of them new");
    let restore = ["restore", copy.to_str().expect("UTF-8")];
    admin(&elsewhere, &restore).ok();
    admin(&elsewhere, &["verify"]).ok();
    registry.admin(&restore).exits(1).says("already");

    let restored = Registry::start(&elsewhere);
    let get = |registry: &Registry, path: &str| {
        let answer = http::request(&registry.address, "GET", path, &[], b"");
        assert_eq!(answer.status, 200, "{path}");
        answer.bytes
    };
    let well_known = "/.well-known/claw-registry.json";
    assert_eq!(get(&restored, well_known), get(&registry, well_known));
    let names = (0..20).map(|number| many::name(number).to_string());
    for name in names.chain(["live/x".to_owned()]) {
        let path = format!("/index/{name}");
        let index = get(&registry, &path);
        assert_eq!(get(&restored, &path), index);
        for line in String::from_utf8(index).expect("JSON").lines() {
            let line: Value = serde_json::from_str(line).expect("JSON");
            let hex = line["tarball"]
                .as_str()
                .expect("a digest")
                .replace("sha256:", "");
            let path = format!("/blobs/sha256/{hex}");
            assert_eq!(get(&restored, &path), get(&registry, &path));
        }
    }
}
