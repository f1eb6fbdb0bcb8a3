//! `claw-registry serve`: serves a registry from one folder, with no set-up.

use std::io::{self, Write as _};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::anyhow;
use claw_registry::crash::CrashPoint;
use claw_registry::limits::Limits;
use claw_registry::server::{self, Tls, TlsError};
use claw_registry::setup::{Setup, SetupError, SetupOptions};
use claw_trust::Origin;
use ipnet::IpNet;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tracing::warn;

use super::{Done, Folder};
use crate::complaint::{Complaint, FAILED, NOT_FOUND, USAGE};

/// The test hook: the step of a publish at which the process ends itself.
const CRASH_AT: &str = "CLAW_REGISTRY_CRASH_AT";
/// Random characters of an origin that nobody chose.
const SUFFIX_CHARACTERS: usize = 8;
/// Characters of a host's name that go into such an origin.
const HOST_CHARACTERS_MAX: usize = 64;

/// What `serve` takes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The address and the port to listen on; port 0 chooses a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7407", value_parser = socket)]
    listen: SocketAddr,
    #[command(flatten)]
    folder: Folder,
    /// The registry's lasting name, chosen on the first start and never changed afterwards.
    #[arg(long, value_name = "NAME")]
    origin: Option<Origin>,
    /// Serve HTTPS with the certificate in this PEM file, those that lead to its root after it. Read again
    /// when it changes.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's private key, a PEM file.
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    #[command(flatten)]
    rates: Rates,
    /// How the log on standard error is written.
    #[arg(
        long,
        value_name = "FORMAT",
        env = "CLAW_REGISTRY_LOG_FORMAT",
        default_value = "text"
    )]
    pub(crate) log_format: LogFormat,
}

/// How often clients may ask. Nobody on this machine is counted.
#[derive(Debug, clap::Args)]
struct Rates {
    /// Requests per minute that only look, for each client address and each token; 0 for no bound.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().reads_per_minute)]
    reads_per_minute: u32,
    /// Requests per minute that change something, for each client address and each token; 0 for no bound.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().writes_per_minute)]
    writes_per_minute: u32,
    /// Unknown tokens per minute from each client address; 0 for no bound.
    #[arg(long, value_name = "COUNT", default_value_t = Limits::default().failures_per_minute)]
    failures_per_minute: u32,
    /// A proxy whose `X-Forwarded-For` says whose request it is: an address, or a network such as
    /// `10.0.0.0/8`. May be repeated.
    #[arg(long, value_name = "CIDR", value_parser = network)]
    trusted_proxy: Vec<IpNet>,
}

impl Rates {
    fn limits(self) -> Limits {
        Limits {
            reads_per_minute: self.reads_per_minute,
            writes_per_minute: self.writes_per_minute,
            failures_per_minute: self.failures_per_minute,
            proxies: self.trusted_proxy,
            ..Limits::default()
        }
    }
}

fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        "it is not an IP address with a port, such as `127.0.0.1:7407` or `[::]:7407`".to_owned()
    })
}

fn network(text: &str) -> Result<IpNet, String> {
    let parsed = text
        .parse()
        .or_else(|_| text.parse().map(|address: IpAddr| address.into()));
    parsed.map_err(|_| "it is neither an address nor a network such as `10.0.0.0/8`".to_owned())
}

/// How a log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object per line, for programs.
    Json,
}

/// Runs the subcommand until it is told to stop.
pub(crate) async fn run(args: Args) -> Done {
    let act = format!("cannot serve `{}`", args.folder.data.display());
    serve(args)
        .await
        .map_err(|complaint| complaint.context(act))
}

async fn serve(args: Args) -> Done {
    let crash = crash_point()?;
    let default_origin = default_origin()?;
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => Some(Arc::new(tls(certificate, key)?)),
        _ => None,
    };
    let signals = Signals::new()?;
    // Before the first token is made: who can't be reached should not have shown it.
    let listener = TcpListener::bind(args.listen)
        .await
        .map_err(|error| deaf(args.listen, error))?;
    let address = listener.local_addr()?;
    let folder = args.folder.data;
    let options = SetupOptions {
        folder: folder.clone(),
        origin: args.origin,
        default_origin,
        crash,
        limits: args.rates.limits(),
    };
    let Setup { app, admin, lock } = Setup::open(options).await.map_err(complaint)?;
    let mut out = std::io::stdout();
    if let Some(admin) = admin {
        writeln!(out, "admin token {}", admin.expose())?;
        eprintln!(
            "a new registry in `{}`; its first token is shown once and kept nowhere",
            folder.display()
        );
    }
    eprintln!("origin {}", app.origin);
    let scheme = if tls.is_some() { "https" } else { "http" };
    writeln!(out, "listening on {scheme}://{address}")?;
    if tls.is_none() && !address.ip().is_loopback() {
        warn!(
            "clients of other machines refuse plain http://: give --tls-cert and --tls-key, or put a \
             proxy with TLS in front"
        );
    }
    let app = Arc::new(app);
    let mut signals = signals;
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = async {
        let stopped = async { drop(stopped.await) };
        server::serve(listener, Arc::clone(&app), tls, stopped).await;
        app.db.close().await;
    };
    let told_twice = async {
        signals.next().await;
        drop(stop);
        signals.next().await;
    };
    tokio::select! {
        () = serving => {}
        () = told_twice => {
            eprintln!("told twice to stop: requests under way are cut off");
            // Not by returning: the threads that wait for the disk would be waited for.
            std::process::exit(i32::from(FAILED));
        }
    }
    drop(lock);
    Ok(ExitCode::SUCCESS)
}

fn tls(certificate: &Path, key: &Path) -> Result<Tls, Complaint> {
    Tls::open(certificate, key).map_err(|error| {
        let code = match &error {
            TlsError::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                NOT_FOUND
            }
            TlsError::Read { .. } => FAILED,
            _ => USAGE,
        };
        Complaint::new(code, error)
    })
}

/// Why an address can't be listened on, and what can be done about it.
fn deaf(address: SocketAddr, error: io::Error) -> Complaint {
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => Some(
            "another program listens there: name another port with --listen ADDRESS:PORT, or 0 for a free one",
        ),
        io::ErrorKind::PermissionDenied => Some(
            "ports below 1024 are for root and for who has CAP_NET_BIND_SERVICE: name another with --listen \
             ADDRESS:PORT",
        ),
        _ => None,
    };
    let error = anyhow::Error::new(error).context(format!("could not listen on `{address}`"));
    let complaint = Complaint::new(FAILED, error);
    match hint {
        Some(hint) => complaint.hint(hint.to_owned()),
        None => complaint,
    }
}

fn complaint(error: SetupError) -> Complaint {
    match error {
        SetupError::OriginDiffers { .. } => Complaint::new(USAGE, error).hint(
            "leave out --origin, or begin another registry in another folder with --data"
                .to_owned(),
        ),
        SetupError::Folder {
            ref folder,
            ref source,
        } if source.kind() == io::ErrorKind::PermissionDenied => {
            let hint = format!(
                "have root make it yours: install -d -o USER {}; or name another folder with --data",
                folder.display()
            );
            Complaint::new(FAILED, error).hint(hint)
        }
        _ => Complaint::new(FAILED, error),
    }
}

fn crash_point() -> Result<CrashPoint, Complaint> {
    let Some(step) = std::env::var_os(CRASH_AT) else {
        return Ok(CrashPoint::default());
    };
    let step = step
        .to_str()
        .ok_or_else(|| anyhow!("`{CRASH_AT}` is not UTF-8"));
    let step = step
        .and_then(|step| Ok(step.parse()?))
        .map_err(|error| Complaint::new(USAGE, error))?;
    warn!("`{CRASH_AT}` is set: this registry ends itself at the step `{step}`");
    Ok(CrashPoint::at(step))
}

/// Ctrl-C, and the word of a service manager.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on: without it, either ends the process as it stands.
    fn new() -> Result<Self, Complaint> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for the next of either.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// An origin for a registry whose operator gave none: the host's name, and enough beside it that no
/// other registry has the same.
fn default_origin() -> Result<Origin, Complaint> {
    const BASE_32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

    let mut random = [0; SUFFIX_CHARACTERS];
    getrandom::fill(&mut random).map_err(|error| Complaint::new(FAILED, error))?;
    let suffix: String = random
        .iter()
        .map(|byte| char::from(BASE_32[usize::from(byte % 32)]))
        .collect();
    let host = host_name().and_then(|host| format!("{host}-{suffix}").parse().ok());
    let origin = match host {
        Some(origin) => origin,
        None => format!("registry-{suffix}")
            .parse()
            .map_err(|error| Complaint::new(FAILED, error))?,
    };
    Ok(origin)
}

/// The host's name, as far as an origin can hold it.
fn host_name() -> Option<String> {
    let name = ["/proc/sys/kernel/hostname", "/etc/hostname"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())?;
    let first = name.trim().to_ascii_lowercase();
    let kept = first
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-._".contains(*c));
    let kept: String = kept.take(HOST_CHARACTERS_MAX).collect();
    let kept = kept.trim_matches(|c: char| !c.is_ascii_alphanumeric());
    (!kept.is_empty()).then(|| kept.to_owned())
}
