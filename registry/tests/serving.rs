//! The program as its operator runs it: HTTPS by files, flags, a log for programs, told to stop.
//!
//! What a running server promises its clients is tested in the library; here is what only a process has.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use claw_package::Digest;
use tempfile::TempDir;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claw-registry"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// A running registry over a folder of its own, ended when it is dropped.
struct Registry {
    root: TempDir,
    process: Child,
    host: String,
    scheme: String,
    admin: String,
}

impl Registry {
    fn start(more: &[&str]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut process = program()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(more)
            // Where no folder is named, there is one in the folder it is started from.
            .current_dir(root.path())
            .stdout(Stdio::piped())
            .stderr(File::create(root.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut line = |start: &str| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(start).unwrap().to_owned()
        };
        let admin = line("admin token ");
        let address = line("listening on ");
        let (scheme, host) = address.split_once("://").unwrap();
        Self {
            root,
            process,
            host: host.to_owned(),
            scheme: scheme.to_owned(),
            admin,
        }
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        TcpStream::connect(&self.host)
    }

    /// The answer to a `GET`, as it comes.
    fn get(&self, path: &str, headers: &str) -> String {
        let mut stream = self.connect().unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// An upload of which the registry has taken the first two bytes.
    fn half_an_upload(&self) -> TcpStream {
        let mut stream = self.connect().unwrap();
        let head = format!(
            "PUT /api/v1/blobs/{} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\
             authorization: Bearer {}\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n",
            Digest::of(b"bytes"),
            self.admin
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut go_on = [0; 25];
        stream.read_exact(&mut go_on).unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(b"by").unwrap();
        stream
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let status = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(status.success());
    }

    /// Tells it to stop, and waits until it takes no new connections.
    fn stop(&self, name: &str) {
        self.signal(name);
        while self.connect().is_ok() {
            std::thread::yield_now();
        }
    }

    fn exit_code(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.root.path().join("log")).unwrap()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// A certificate for the loopback and its key, in files below `folder`.
fn pair(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let certificate = folder.join(format!("{name}.pem"));
    let key = folder.join(format!("{name}.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn with_a_certificate_it_serves_https_and_complains_of_a_key_that_everybody_reads() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = pair(folder.path(), "one");
    for (mode, complains) in [(0o600, false), (0o644, true)] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).unwrap();
        let words = ["--tls-cert", text(&certificate), "--tls-key", text(&key)];
        let registry = Registry::start(&words);
        assert_eq!(registry.scheme, "https");
        let log = registry.log();
        assert_eq!(log.contains("can be read by everybody"), complains, "{log}");
    }
}

#[test]
fn files_that_make_no_pair_are_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let (certificate, key) = pair(folder.path(), "one");
    let (_, other) = pair(folder.path(), "other");
    let missing = folder.path().join("nowhere.pem");
    let serve = |words: &[&str]| -> Output {
        let mut command = program();
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]);
        command.arg(&data).args(words).output().unwrap()
    };
    let (certificate, key) = (text(&certificate), text(&key));
    for (words, code, says) in [
        (
            &["--tls-cert", certificate, "--tls-key", text(&other)][..],
            2,
            "is not the one of",
        ),
        (
            &["--tls-cert", certificate, "--tls-key", certificate],
            2,
            "holds no private key",
        ),
        (
            &["--tls-cert", text(&missing), "--tls-key", key],
            5,
            "could not read `",
        ),
        (&["--tls-cert", certificate], 2, "--tls-key"),
        (
            &["--trusted-proxy", "nonsense"],
            2,
            "neither an address nor a network",
        ),
    ] {
        let output = serve(words);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(says), "{said}");
    }
    assert!(!data.exists());
}

#[test]
fn told_to_stop_it_finishes_an_upload_and_ends_well() {
    for signal in ["-TERM", "-INT"] {
        let mut registry = Registry::start(&[]);
        let mut upload = registry.half_an_upload();
        registry.stop(signal);
        upload.write_all(b"tes").unwrap();
        let mut answer = String::new();
        upload.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        assert_eq!(registry.exit_code(), Some(0), "{}", registry.log());
    }
}

#[test]
fn told_twice_it_ends_at_once() {
    let mut registry = Registry::start(&[]);
    let mut upload = registry.half_an_upload();
    registry.stop("-TERM");
    registry.signal("-TERM");
    assert_eq!(registry.exit_code(), Some(1), "{}", registry.log());
    let mut answer = String::new();
    // It is cut off, in whatever way.
    let _cut = upload.read_to_string(&mut answer);
    assert_eq!(answer, "");
    assert!(registry.log().contains("told twice"), "{}", registry.log());
}

#[test]
fn a_log_for_programs_has_an_object_for_each_request_and_no_secret() {
    let mut registry = Registry::start(&["--log-format", "json"]);
    let secret = "claw_read_secret";
    let headers = format!("x-request-id: mine-1\r\nauthorization: Bearer {secret}\r\n");
    registry.get(&format!("/index/acme/nothing?token={secret}"), &headers);
    registry.stop("-TERM");
    assert_eq!(registry.exit_code(), Some(0));
    let log = registry.log();
    let objects = log.lines().filter(|line| line.starts_with('{'));
    let objects: Vec<serde_json::Value> = objects
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mine = objects.iter().find(|line| line["span"]["id"] == "mine-1");
    let mine = mine.unwrap_or_else(|| panic!("nothing of the request in {log}"));
    assert_eq!(mine["message"], "answered");
    assert_eq!(mine["route"], "/index/{namespace}/{name}");
    assert_eq!(
        (&mine["status"], &mine["code"]),
        (&404.into(), &"not-found".into())
    );
    assert!(!log.contains(secret), "{log}");
}

#[test]
fn budgets_are_the_operators_to_set() {
    let registry = Registry::start(&["--reads-per-minute", "1", "--trusted-proxy", "127.0.0.1"]);
    let get = |client: &str| registry.get("/health", &format!("x-forwarded-for: {client}\r\n"));
    assert!(get("203.0.113.1").starts_with("HTTP/1.1 200 "));
    let refused = get("203.0.113.1");
    assert!(refused.starts_with("HTTP/1.1 429 "), "{refused}");
    assert!(refused.contains("\r\nretry-after: "), "{refused}");
    assert!(get("203.0.113.2").starts_with("HTTP/1.1 200 "));
}
