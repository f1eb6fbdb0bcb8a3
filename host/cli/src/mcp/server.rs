//! The MCP side: lists tools, calls them, and lets go of calls that nobody waits for any more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use claw_host::{NoTurn, Queue, QueueConfig, ReceiptLog, Report};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use tokio::task;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer;
use super::served::{Floor, Served};
use super::tools::{self, Target};
use crate::ending::Actor;
use crate::failure::{Failure, Kind, Outcome};
use crate::invoke;
use crate::output;

/// Calls that may wait in line for one that runs. Each may hold a message of the greatest size.
const WAITING_MAX: usize = 64;

/// How long each may wait: as long as a call may take that runs before it. A model that hears nothing
/// for longer takes the tool for broken.
const WAIT_MAX: Duration = Duration::from_secs(30);

const INSTRUCTIONS: &str = "Each tool is an action of a verified skill that runs in a sandbox. \
    What it may do was granted by the operator beforehand. A denial can't be lifted from here: \
    tell the person you work for what is missing.";

/// The server.
pub(super) struct Server {
    floor: Arc<Floor>,
    skills: Vec<Served>,
    directory: BTreeMap<String, Target>,
    receipts: ReceiptLog,
    queue: Queue,
    calls: Calls,
}

/// The calls that run or wait, for whoever ends them all.
#[derive(Clone, Default)]
pub(super) struct Calls {
    stop: CancellationToken,
    open: TaskTracker,
}

impl Calls {
    /// Cancels all of them, and every later one.
    pub(super) fn cancel(&self) {
        self.stop.cancel();
    }

    /// The same, and waits until they have left their receipts, for so long.
    pub(super) async fn end(&self, bound: Duration) {
        self.cancel();
        self.open.close();
        // What does not end in time is left behind.
        let _ = tokio::time::timeout(bound, self.open.wait()).await;
    }
}

impl Server {
    pub(super) fn new(floor: Arc<Floor>, skills: Vec<Served>, receipts: ReceiptLog) -> Self {
        let queue = Queue::new(QueueConfig {
            running: floor.settings.max_concurrent,
            waiting: WAITING_MAX,
            wait: WAIT_MAX,
        });
        Server {
            directory: tools::directory(&skills),
            floor,
            skills,
            receipts,
            queue,
            calls: Calls::default(),
        }
    }

    /// A handle to end all calls by.
    pub(super) fn calls(&self) -> Calls {
        self.calls.clone()
    }

    /// How many calls may run at once.
    pub(super) fn concurrent(&self) -> usize {
        self.floor.settings.max_concurrent as usize
    }

    async fn call(
        &self,
        target: Target,
        input: Value,
        context: &RequestContext<RoleServer>,
    ) -> CallToolResult {
        let served = &self.skills[target.skill];
        let action = &served.actions[target.action];
        let called = self.try_call(served, &action.name, input, context).await;
        match called {
            Ok((report, actor)) => {
                actor.tell_denials(&report.denials, false);
                actor.tell_remedy(&report.denials);
                answer::of_report(action, &actor, &report)
            }
            Err(failure) => {
                if failure.kind != Kind::Interrupted {
                    output::warn(format_args!(
                        "{} of {}: {}",
                        action.name,
                        served.name(),
                        failure.one_line()
                    ));
                }
                answer::of_failure(&failure)
            }
        }
    }

    async fn try_call(
        &self,
        served: &Served,
        action: &str,
        input: Value,
        context: &RequestContext<RoleServer>,
    ) -> Outcome<(Report, Actor)> {
        let _open = self.calls.open.token();
        let cancel = self.calls.stop.child_token();
        let called = self.in_turn(served, action, input, &cancel);
        tokio::pin!(called);
        tokio::select! {
            called = &mut called => return called,
            () = context.ct.cancelled() => cancel.cancel(),
        }
        called.await
    }

    async fn in_turn(
        &self,
        served: &Served,
        action: &str,
        input: Value,
        cancel: &CancellationToken,
    ) -> Outcome<(Report, Actor)> {
        // A call that is cancelled while it waits never starts, and leaves no receipt.
        let turn = self.queue.turn(&served.name().to_string(), cancel).await;
        let _turn = turn.map_err(|no| match no {
            NoTurn::Cancelled => Failure::new(Kind::Interrupted, "it was cancelled"),
            busy => Failure {
                kind: Kind::Busy,
                error: busy.into(),
                hint: None,
            },
        })?;
        let powers = served.powers(&self.floor)?;
        // A keyring may take its time, and ask a person first.
        let frame = task::block_in_place(|| served.frame(&self.floor, &powers))?;
        let cancel = cancel.clone();
        let report =
            invoke::call(&served.skill, &frame, &self.receipts, action, input, cancel).await?;
        Ok((report, served.actor(action, &powers)))
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let mut implementation = Implementation::new("claw", env!("CARGO_PKG_VERSION"));
        implementation.title = self.floor.settings.name.clone();
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(implementation)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let mut powers = BTreeMap::new();
        let mut listed = Vec::new();
        for (name, target) in &self.directory {
            let served = &self.skills[target.skill];
            let powers = powers
                .entry(target.skill)
                .or_insert_with(|| served.powers(&self.floor).ok());
            // A skill that was withdrawn meanwhile is not offered any more.
            if let Some(powers) = powers {
                let action = &served.actions[target.action];
                listed.push(tools::tool(
                    name,
                    &served.name().to_string(),
                    action,
                    &powers.effective,
                ));
            }
        }
        Ok(ListToolsResult::with_all_items(listed))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(target) = self.directory.get(request.name.as_ref()).copied() else {
            // A name of ours is never longer; what a client makes up is not repeated without end.
            let name: String = request.name.chars().take(64).collect();
            return Err(ErrorData::invalid_params(
                format!("there is no tool `{name}`"),
                None,
            ));
        };
        let input = Value::Object(request.arguments.unwrap_or_default());
        Ok(self.call(target, input, &context).await.into())
    }
}
