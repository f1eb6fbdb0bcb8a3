//! A guest that runs whatever it is told. It judges nothing: the tests do.

use claw_sdk::process::{Child, Command, StreamError};
use exports::acme::process::process::{Guest, Ran};

claw_sdk::skill!(Process);

struct Process;

impl Guest for Process {
    fn run(
        argv: Vec<String>,
        folder: Option<String>,
        environment: Option<Vec<String>>,
        stdin: Option<String>,
        timeout_ms: Option<u64>,
        output_bytes: Option<u64>,
    ) -> Result<Ran, String> {
        let mut command = command(argv);
        if let Some(folder) = folder {
            command = command.folder(folder);
        }
        for name in environment.unwrap_or_default() {
            command = command.environment(name);
        }
        if let Some(text) = stdin {
            command = command.stdin(text);
        }
        if let Some(timeout_ms) = timeout_ms {
            command = command.timeout_ms(timeout_ms);
        }
        if let Some(bytes) = output_bytes {
            command = command.output_bytes(bytes);
        }
        let output = command.run().map_err(|error| error.to_string())?;
        Ok(Ran {
            status: output.status.to_string(),
            stdout: output.stdout_text(),
            stderr: output.stderr_text(),
            truncated: output.stdout_truncated || output.stderr_truncated,
        })
    }

    fn talk(argv: Vec<String>, text: String) -> Result<Ran, String> {
        let child = command(argv).spawn().map_err(|error| error.to_string())?;
        let stdin = child.take_stdin().ok_or("its input is taken")?;
        stdin
            .blocking_write_and_flush(text.as_bytes())
            .map_err(broken)?;
        drop(stdin);
        let stdout = child.take_stdout().ok_or("its output is taken")?;
        let mut said = Vec::new();
        loop {
            match stdout.blocking_read(64 * 1024) {
                Ok(bytes) => said.extend(bytes),
                Err(StreamError::Closed) => break,
                Err(error) => return Err(broken(error)),
            }
        }
        drop(stdout);
        child.subscribe().block();
        let status = child.try_wait().ok_or("it is ready and runs")?;
        ended(status, String::from_utf8_lossy(&said).into_owned())
    }

    fn kill(argv: Vec<String>) -> Result<Ran, String> {
        let child = command(argv).spawn().map_err(|error| error.to_string())?;
        child.kill();
        ended(child.wait(), String::new())
    }

    fn leave(argv: Vec<String>, count: u32) -> Result<u32, String> {
        let mut children: Vec<Child> = Vec::new();
        for _ in 0..count {
            match command(argv.clone()).spawn() {
                Ok(child) => {
                    let stdout = child.take_stdout().ok_or("its output is taken")?;
                    // Once it has said something it runs.
                    stdout.blocking_read(1).map_err(broken)?;
                    children.push(child);
                }
                Err(_) => break,
            }
        }
        let count = children.len() as u32;
        std::mem::forget(children);
        Ok(count)
    }

    fn again(argv: Vec<String>, count: u32) -> Result<u32, String> {
        let runs = (0..count).take_while(|_| command(argv.clone()).run().is_ok());
        Ok(runs.count() as u32)
    }
}

fn command(mut argv: Vec<String>) -> Command {
    let program = match argv.is_empty() {
        true => String::new(),
        false => argv.remove(0),
    };
    Command::new(program).args(argv)
}

/// Why a stream does not go on.
fn broken(error: StreamError) -> String {
    match error {
        StreamError::LastOperationFailed(error) => error.to_debug_string(),
        StreamError::Closed => "it is closed".to_owned(),
    }
}

fn ended(
    status: Result<claw_sdk::process::ExitStatus, claw_sdk::process::Error>,
    stdout: String,
) -> Result<Ran, String> {
    Ok(Ran {
        status: status.map_err(|error| error.to_string())?.to_string(),
        stdout,
        stderr: String::new(),
        truncated: false,
    })
}
