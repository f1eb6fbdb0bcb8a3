//! `claw-registry serve`: serves a registry from one folder, with no set-up.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use claw_registry::crash::CrashPoint;
use claw_registry::limits::Limits;
use claw_registry::server;
use claw_registry::setup::{Setup, SetupError, SetupOptions};
use claw_trust::Origin;
use tokio::net::TcpListener;
use tracing::warn;

use super::{Done, Folder};
use crate::complaint::{Complaint, FAILED, USAGE};

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
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7407")]
    listen: SocketAddr,
    #[command(flatten)]
    folder: Folder,
    /// The registry's lasting name, chosen on the first start and never changed afterwards.
    #[arg(long, value_name = "NAME")]
    origin: Option<Origin>,
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
    // Before the first token is made: who can't be reached should not have shown it.
    let listener = TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("could not listen on `{}`", args.listen))
        .map_err(|error| Complaint::new(FAILED, error))?;
    let address = listener.local_addr()?;
    let folder = args.folder.data;
    let options = SetupOptions {
        folder: folder.clone(),
        origin: args.origin,
        default_origin,
        crash,
        limits: Limits::default(),
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
    writeln!(out, "listening on http://{address}")?;
    if !address.ip().is_loopback() {
        warn!("clients of other machines refuse plain http://: put a proxy with TLS in front");
    }
    let app = Arc::new(app);
    server::serve(listener, Arc::clone(&app), stopped()).await;
    app.db.close().await;
    drop(lock);
    Ok(ExitCode::SUCCESS)
}

fn complaint(error: SetupError) -> Complaint {
    match error {
        SetupError::OriginDiffers { .. } => Complaint::new(USAGE, error),
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

/// Waits for Ctrl-C or for the word of a service manager.
async fn stopped() {
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(error) => {
                warn!("could not listen for SIGTERM: {error}");
                std::future::pending().await
            }
        }
    };
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => {
            if let Err(error) = interrupted {
                warn!("could not listen for Ctrl-C: {error}");
                std::future::pending::<()>().await;
            }
        }
        () = terminated => {}
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
