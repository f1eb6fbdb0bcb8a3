//! One `claw mcp` with a client, and what the machine says of its process.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::service::RunningService;
use rmcp::{RoleClient, ServiceExt};
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::runtime::Runtime;

/// A client and its server.
pub(super) struct Session {
    client: RunningService<RoleClient, ()>,
    process: Child,
    runtime: Runtime,
}

impl Session {
    /// Starts what `command` says; what it prints for its operator goes to the file `log`.
    pub(super) fn start(command: std::process::Command, log: &Path) -> Session {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let log = File::create(log).expect("a file can be made");
        let (client, process) = runtime.block_on(async {
            let mut command = Command::from(command);
            command.stdin(Stdio::piped()).stdout(Stdio::piped());
            command.stderr(log).kill_on_drop(true);
            let mut process = command.spawn().expect("claw mcp starts");
            let stdout = process.stdout.take().expect("stdout is piped");
            let stdin = process.stdin.take().expect("stdin is piped");
            let client = ().serve((stdout, stdin)).await.expect("it speaks MCP");
            (client, process)
        });
        Session {
            client,
            process,
            runtime,
        }
    }

    /// Calls one tool.
    ///
    /// # Errors
    ///
    /// When the server answers with an error of the protocol.
    pub(super) fn call(&self, tool: &str, input: &Value) -> Result<CallToolResult, String> {
        let Value::Object(arguments) = input else {
            panic!("arguments are an object")
        };
        let request = CallToolRequestParams::new(tool.to_owned()).with_arguments(arguments.clone());
        let called = self.runtime.block_on(self.client.call_tool(request));
        called.map_err(|error| error.to_string())
    }

    /// The process of the server.
    pub(super) fn id(&self) -> u32 {
        self.process.id().expect("it has not been waited for")
    }

    /// Ends the client, and waits until the server has ended by itself.
    pub(super) fn end(self) {
        let Session {
            client,
            mut process,
            runtime,
        } = self;
        runtime.block_on(async {
            client.cancel().await.expect("the client ends");
            process.wait().await.expect("it can be waited for");
        });
    }
}
