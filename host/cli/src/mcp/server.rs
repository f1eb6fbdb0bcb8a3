//! The MCP side: lists tools, calls them, and lets go of calls that nobody waits for any more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use claw_host::ReceiptLog;
use claw_host::Report;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use super::answer;
use super::served::{Floor, Served};
use super::tools::{self, Target};
use crate::ending::Actor;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::invoke;
use crate::output;

/// Calls that may wait in line for one that runs. Each may hold a message of the greatest size.
const WAITING_MAX: usize = 64;

const INSTRUCTIONS: &str = "Each tool is an action of a verified skill that runs in a sandbox. \
    What it may do was granted by the operator beforehand. A denial can't be lifted from here: \
    tell the person you work for what is missing.";

/// The server.
pub(super) struct Server {
    floor: Arc<Floor>,
    skills: Vec<Served>,
    directory: BTreeMap<String, Target>,
    receipts: ReceiptLog,
    running: Semaphore,
    waiting: AtomicUsize,
}

impl Server {
    pub(super) fn new(floor: Arc<Floor>, skills: Vec<Served>, receipts: ReceiptLog) -> Self {
        let running = Semaphore::new(floor.settings.max_concurrent as usize);
        Server {
            directory: tools::directory(&skills),
            floor,
            skills,
            receipts,
            running,
            waiting: AtomicUsize::new(0),
        }
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
        let _turn = self.turn(&context.ct).await?;
        let powers = served.powers(&self.floor)?;
        let frame = served.frame(&self.floor, &powers)?;
        let cancel = context.ct.child_token();
        let report =
            invoke::call(&served.skill, &frame, &self.receipts, action, input, cancel).await?;
        Ok((report, served.actor(action, &powers)))
    }

    /// Waits in line, if the line is not too long. A call that is cancelled there never starts.
    async fn turn(&self, cancel: &CancellationToken) -> Outcome<SemaphorePermit<'_>> {
        if let Ok(permit) = self.running.try_acquire() {
            return Ok(permit);
        }
        let _place = Place::take(&self.waiting)?;
        tokio::select! {
            permit = self.running.acquire() => permit.or_fail(Kind::Bug, "the line was closed"),
            () = cancel.cancelled() => Err(Failure::new(Kind::Interrupted, "it was cancelled")),
        }
    }
}

/// One place in the line, given back however the wait ends.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Outcome<Self> {
        let place = Place(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            return Err(Failure::new(
                Kind::Limit,
                format!("more than {WAITING_MAX} calls wait already; call again later"),
            ));
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_no_longer_than_its_limit() {
        let waiting = AtomicUsize::new(0);
        let mut places: Vec<_> = (0..WAITING_MAX)
            .map(|_| Place::take(&waiting).unwrap())
            .collect();
        let Err(failure) = Place::take(&waiting) else {
            panic!("one place too many")
        };
        assert_eq!(failure.kind, Kind::Limit);
        places.pop();
        assert!(Place::take(&waiting).is_ok());
    }
}
