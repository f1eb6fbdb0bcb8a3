//! A guest that uses a secret and looks for its value everywhere. It judges nothing: the tests do.

use claw_sdk::http::Request;
use claw_sdk::process::Command;
use exports::acme::secret::secret::{Ending, Guest};

claw_sdk::skill!(Secret);

struct Secret;

/// The name of the secret.
const NAME: &str = "TOKEN";

/// The bytes of a page of memory.
const PAGE: usize = 64 * 1024;

impl Guest for Secret {
    fn spill(
        url: String,
        argv: Vec<String>,
        memory: String,
        ending: Ending,
    ) -> Result<String, String> {
        let mut found = answer(url);
        let placeholder = std::env::var(NAME).unwrap_or_default();
        found.push_str(&placeholder);
        for command in [
            command(&argv),
            command(&argv).stdin(placeholder.clone()),
            command(&argv).environment(NAME),
            command(&argv).args([placeholder]),
        ] {
            match command.run() {
                Ok(output) => {
                    found.push_str(&output.stdout_text());
                    found.push_str(&output.stderr_text());
                }
                Err(error) => found.push_str(&error.to_string()),
            }
        }
        claw_sdk::log::info(&found);
        println!("{found}");
        eprintln!("{found}");
        std::fs::write("found.txt", &found).map_err(|error| error.to_string())?;
        std::fs::write(memory, whole_memory()).map_err(|error| error.to_string())?;
        match ending {
            Ending::Value => Ok(found),
            Ending::Error => Err(found),
            Ending::Trap => panic!("{found}"),
        }
    }
}

/// Everything that a server answers to somebody who has the secret, or why there is nothing.
fn answer(url: String) -> String {
    let asked = Request::get(url)
        .bearer(NAME)
        .and_then(|request| request.follow(3).send());
    match asked {
        Ok(answer) => {
            let values = answer.headers().iter();
            let mut found: String = values
                .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
                .collect();
            found.push_str(&answer.text().unwrap_or_else(|error| error.to_string()));
            found
        }
        Err(error) => error.to_string(),
    }
}

fn command(argv: &[String]) -> Command {
    let (program, words) = argv.split_first().expect("a program");
    Command::new(program).args(words)
}

/// All memory that this guest has, but for the byte that no pointer may point to.
fn whole_memory() -> &'static [u8] {
    let bytes = core::arch::wasm32::memory_size(0) * PAGE;
    // SAFETY: all of it is this guest's own and initialised, and nothing else runs while it is read.
    unsafe { std::slice::from_raw_parts(std::ptr::without_provenance(1), bytes - 1) }
}
