//! A real `claw-registry` on a free port, with a folder of its own, ended when it is dropped.
//!
//! It is only ever reached over HTTP or through its own command line; nothing here opens its database.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use crate::programs::{self, Run};

/// A running registry.
pub struct Registry {
    process: Child,
    data: PathBuf,
    /// `http://127.0.0.1:PORT`
    pub address: String,
    /// The token that the first start printed; empty when the folder was not new.
    pub admin_token: String,
}

/// How to start a registry.
#[derive(Default)]
pub struct RegistryOptions<'a> {
    /// `--origin`; the program's own choice without one.
    pub origin: Option<&'a str>,
    /// The step of a publish at which the process ends itself, as `kill -9` would.
    pub crash_at: Option<&'a str>,
    /// The address to listen on; a free port of the loopback without one.
    pub listen: Option<&'a str>,
    /// The files of a certificate and its key, for HTTPS.
    pub tls: Option<(&'a Path, &'a Path)>,
    /// The disk that it runs on, if that is to fail.
    #[cfg(target_os = "linux")]
    pub disk: Option<&'a crate::faults::Disk>,
}

impl Registry {
    /// Starts one over the folder `data`.
    pub fn start(data: &Path) -> Registry {
        Registry::start_with(data, &RegistryOptions::default())
    }

    /// Starts one over the folder `data`, as `options` say, and waits until it says where it listens.
    pub fn start_with(data: &Path, options: &RegistryOptions<'_>) -> Registry {
        let mut command = programs::command("claw-registry", data.parent().unwrap_or(data), data);
        command
            .args([
                "serve",
                "--listen",
                options.listen.unwrap_or("127.0.0.1:0"),
                "--data",
            ])
            .arg(data);
        if let Some(origin) = options.origin {
            command.args(["--origin", origin]);
        }
        if let Some((certificate, key)) = options.tls {
            command.arg("--tls-cert").arg(certificate);
            command.arg("--tls-key").arg(key);
        }
        if let Some(step) = options.crash_at {
            command.env("CLAW_REGISTRY_CRASH_AT", step);
        }
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(data.with_extension("log"))
            .expect("the log of the registry can be written");
        command.stdout(Stdio::piped()).stderr(log);
        let mut process = spawn(command, options);
        let mut admin_token = String::new();
        let mut address = None;
        let mut lines = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
        while address.is_none() {
            let Some(Ok(line)) = lines.next() else {
                let log = std::fs::read_to_string(data.with_extension("log")).unwrap_or_default();
                panic!("claw-registry ended before it listened:\n{log}");
            };
            if let Some(token) = line.strip_prefix("admin token ") {
                admin_token = token.trim().to_owned();
            }
            address = line
                .strip_prefix("listening on ")
                .map(|address| address.trim().to_owned());
        }
        // Whatever it prints later is read to its end, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let address = address.expect("the loop ends with an address");
        Registry {
            process,
            data: data.to_path_buf(),
            address,
            admin_token,
        }
    }

    /// The folder it keeps everything in.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Runs another command of `claw-registry` on the same folder, while this one serves.
    pub fn admin(&self, words: &[&str]) -> Run {
        admin(&self.data, words)
    }

    /// Ends the process as `kill -9` does, and waits until it is gone.
    pub fn kill(&mut self) {
        // It may have ended already: a registry told to crash does.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Waits until the process ends by itself.
    pub fn wait(&mut self) {
        self.process.wait().expect("the registry can be waited for");
    }
}

fn spawn(mut command: std::process::Command, options: &RegistryOptions<'_>) -> Child {
    #[cfg(target_os = "linux")]
    if let Some(disk) = options.disk {
        return disk.spawn(command);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = options;
    command.spawn().expect("claw-registry starts")
}

/// Runs a command of `claw-registry` on the folder `data`.
pub fn admin(data: &Path, words: &[&str]) -> Run {
    let mut command = programs::command("claw-registry", data.parent().unwrap_or(data), data);
    command.args(words).arg("--data").arg(data);
    Run::of(command)
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.kill();
    }
}
