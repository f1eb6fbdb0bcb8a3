//! `claw mcp`: the skills of one project as MCP tools over stdio.
//!
//! stdout belongs to the protocol alone. A client may call and cancel; nothing it can send grants,
//! trusts or installs. What the operator grants or revokes meanwhile holds from the next call on.

mod answer;
mod served;
mod server;
mod tools;
mod watched;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use claw_host::{Allocation, HostConfig, Limits};
use rmcp::transport::async_rw::AsyncRwTransport;
use rmcp::transport::io::stdio_pipes;
use rmcp::{RoleServer, ServiceExt};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::commands::Context;
use crate::danger::Warning;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::installed::Shelf;
use crate::invoke;
use crate::output;
use crate::processes;
use crate::show;
use crate::stop::Stop;
use crate::workspace;
use served::{Floor, Served};
use server::Server;
use watched::Watched;

/// One message of a client: room for the largest input of an action with its escapes.
const MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How long calls may go on when the client has gone: it may have said all that it had to say and
/// still read the answers. Clients kill a server that does not end within some seconds.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// How long the end of the server waits for the receipts of calls that it cancels.
const LAST_RECEIPTS: Duration = Duration::from_secs(2);

/// Serves until the client goes away.
pub(crate) fn serve(context: &Context, named: Option<&Path>) -> Outcome {
    // Many clients never read stderr; a thread that waited for them would serve nobody.
    output::never_wait()?;
    let settings = context.settings()?;
    let shelf = Shelf::open(&context.home)?;
    let working = std::env::current_dir().or_fail(Kind::Io, "could not find the working folder")?;
    let project = shelf.project.workspace();
    let workspace = match workspace::choose(named, project, &working, &context.home) {
        Err(failure) if named.is_some() => return Err(failure),
        chosen => chosen,
    };
    let host = invoke::host(HostConfig {
        allocation: Allocation::Pooled {
            instances: settings.max_concurrent,
        },
        cache: invoke::cache(&context.home),
        // As much as all that run at once may have: one that is let in never lacks what it may have.
        memory_bytes_all: Some(
            Limits::default()
                .memory_bytes
                .saturating_mul(settings.max_concurrent.into()),
        ),
        processes: Some(processes::config()),
    })?;
    let mut skills = Vec::new();
    for name in shelf.lock.names() {
        if !settings.auto_discover && !settings.enabled.contains(name) {
            continue;
        }
        match Served::load(context, &settings, &shelf, &host, name) {
            Ok(served) => skills.push(served),
            Err(failure) => {
                output::warn(format_args!(
                    "{name} is not offered: {}",
                    failure.one_line()
                ));
                if let Some(hint) = failure.hint {
                    output::say(format_args!("hint: {hint}"));
                }
            }
        }
    }
    if skills.is_empty() {
        let folder = shelf.project.folder().display();
        output::warn(format_args!(
            "no skill is served: the project is `{folder}`"
        ));
        output::say(
            "hint: start claw mcp in the folder of the claw.toml that is meant, or: claw add NAMESPACE/NAME",
        );
    }
    let holders: Vec<_> = skills.iter().map(Served::holder).collect();
    for warning in Warning::all(&holders) {
        warning.say(false);
    }
    let workspace = match workspace {
        Ok(workspace) => Some(workspace),
        // Clients start servers anywhere; the folder matters only to skills that may see files.
        Err(failure) if skills.iter().any(Served::needs_workspace) => return Err(failure),
        Err(_) => None,
    };
    let floor = Floor {
        home: context.home.clone(),
        settings,
        project: shelf.project,
        workspace,
    };
    let receipts = invoke::receipts(&context.home)?;
    if output::somebody_is_there() {
        output::say(format_args!(
            "serving {} over standard input and output: programs that speak MCP start this command; Ctrl-D ends it",
            show::counted(skills.len(), "skill")
        ));
    }
    let server = Server::new(Arc::new(floor), skills, receipts);
    listen(server)
}

fn listen(server: Server) -> Outcome {
    // A guest in a loop holds a thread until its time is up. One more than can loop at once always
    // listens.
    let threads = server.concurrent() + 2;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build();
    let runtime = runtime.or_fail(Kind::Io, "could not start the runtime")?;
    let calls = server.calls();
    let served = runtime.block_on(async {
        let mut stop = Stop::listen();
        let (reader, writer) = stdio_pipes();
        let (reader, gone) = Watched::new(reader);
        let transport =
            AsyncRwTransport::new_server(reader, writer).with_max_line_length(MESSAGE_BYTES_MAX);
        let abandoned = async {
            gone.cancelled().await;
            tokio::time::sleep(LAST_ANSWERS).await;
            calls.cancel();
            std::future::pending().await
        };
        let served = tokio::select! {
            served = speak(server, transport) => served,
            never = abandoned => never,
            kind = stop.asked() => Err(Failure::new(kind, "the server was told to end")),
        };
        // Nobody waits for these calls any more; that they ran is still written down.
        calls.end(LAST_RECEIPTS).await;
        served
    });
    // Reading stdin can't be cancelled, and nothing is left to wait for.
    runtime.shutdown_background();
    served
}

/// Serves until the client goes away.
async fn speak<R, W>(server: Server, transport: AsyncRwTransport<RoleServer, R, W>) -> Outcome
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let running = match server.serve(transport).await {
        Ok(running) => running,
        // A client that leaves before it has said who it is has asked for nothing.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error).or_fail(Kind::Usage, "the client does not speak MCP"),
    };
    running
        .waiting()
        .await
        .map(drop)
        .or_fail(Kind::Bug, "the server broke off")
}
