//! `cargo demo`: the whole chain on this machine, each step printed as the command a person would type.
//!
//! Every step runs the real program in a home and a folder that are made for the demo. Nothing leaves the machine,
//! and nothing of the caller's is touched. `--keep` leaves the registry running until Ctrl-C.

#[path = "demo/actor.rs"]
mod actor;

#[cfg(target_os = "linux")]
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use claw_tests::environment::Person;
use claw_tests::{guests, programs, registry::Registry};
use rmcp::ServiceExt;
use rmcp::model::{CallToolRequestParams, CallToolResult};
use rmcp::transport::TokioChildProcess;
use serde_json::{Value, json};

#[cfg(target_os = "linux")]
use actor::print_indented;
use actor::{Actor, shortened};

fn main() -> ExitCode {
    let keep = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--keep" => true,
        _ => {
            eprintln!("usage: cargo demo [-- --keep]");
            return ExitCode::from(2);
        }
    };
    match demo(keep) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: the demo stopped: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn demo(keep: bool) -> Result<()> {
    chapter("The programs");
    println!("$ cargo build --workspace --bins");
    programs::folder();
    guests::ensure_toolchain()?;
    let root = tempfile::TempDir::new().context("no temporary folder can be made")?;

    chapter("A team lead starts a registry");
    let data = root.path().join("registry");
    println!("lead$ claw-registry serve --listen 127.0.0.1:0 --data registry");
    let registry = Registry::start(&data);
    println!("  listening on {}", registry.address);
    let lead = Actor::new(
        "lead",
        Person {
            home: data.clone(),
            folder: root.path().to_path_buf(),
        },
    );

    chapter("An author makes a key, and the lead a namespace for it");
    let author = Actor::new("author", Person::new(root.path(), "author"));
    author.run("cargo-claw", &["key", "new", "acme/alice"])?;
    let genesis = author.run_into(
        "cargo-claw",
        &[
            "key",
            "genesis",
            "acme/alice",
            "--registry",
            &registry.address,
        ],
        &root.path().join("acme.keyset"),
    )?;
    let keyset = format!("1:{}", claw_package::Digest::of(genesis.as_bytes()));
    lead.run(
        "claw-registry",
        &[
            "namespace",
            "create",
            "acme",
            "--keyset",
            "acme.keyset",
            "--data",
            "registry",
        ],
    )?;
    let create = [
        "token",
        "create",
        "--scope",
        "publish,yank",
        "--namespace",
        "acme",
        "--data",
        "registry",
    ];
    let token = lead.run_quietly("claw-registry", &create)?;
    author.run_with_input(
        "cargo-claw",
        &["login", "--registry", &registry.address],
        token.trim(),
    )?;

    chapter("The author tests and publishes three skills");
    for skill in ["hello", "files", "git-helper"] {
        let author = author.in_folder(programs::repository().join("skills").join(skill));
        author.run("cargo-claw", &["test"])?;
        author.run("cargo-claw", &["publish"])?;
    }

    chapter("An agent, in another home, adds one of them");
    let agent = Actor::new("agent", Person::new(root.path(), "agent"));
    agent.run("claw", &["init", "--registry", &registry.address])?;
    agent.run("claw", &["info", "acme/files"])?;
    println!(
        "\n  # No terminal here, so nothing is asked: the keyset came from the lead, and the grant is given by name."
    );
    let add = [
        "add",
        "acme/files@^0.1",
        "--trust",
        &keyset,
        "--allow",
        "filesystem.read=docs",
    ];
    agent.run("claw", &add)?;
    agent.run("claw", &["list"])?;

    chapter("It searches a real folder");
    let workspace = programs::repository().display().to_string();
    let search = [
        "run",
        "acme/files",
        "search",
        "query=Invariant",
        "path=docs",
        "--workspace",
        &workspace,
    ];
    let found = agent.run("claw", &search)?;
    ensure!(
        found.contains("docs/architecture.md"),
        "the search did not find what is there"
    );

    chapter("Outside of what was granted it is denied");
    let outside = [
        "run",
        "acme/files",
        "read",
        "path=README.md",
        "--workspace",
        &workspace,
    ];
    agent.expect(3, "claw", &outside)?;
    let elsewhere = [
        "run",
        "acme/files",
        "read",
        "path=/etc/passwd",
        "--workspace",
        &workspace,
    ];
    agent.expect(3, "claw", &elsewhere)?;

    chapter("The same action as an MCP tool");
    println!("agent$ claw mcp --workspace {workspace}");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(over_mcp(&agent, &workspace))?;

    #[cfg(target_os = "linux")]
    {
        chapter("A skill runs a program: a commit in a new repository");
        commit(&agent, &root.path().join("agent/repository"))?;
    }

    chapter("Done");
    println!(
        "From the author's key to the bytes and the powers that ran, every link was checked, at every step."
    );
    if keep {
        println!(
            "\nThe registry goes on at {} until Ctrl-C; its files are in {}.",
            registry.address,
            data.display()
        );
        println!(
            "An agent that may add from it: CLAW_HOME={}",
            agent.person.home.display()
        );
        runtime.block_on(tokio::signal::ctrl_c())?;
    }
    Ok(())
}

/// Has a skill commit in a repository that knows no author: that is in the agent's own configuration of git.
#[cfg(target_os = "linux")]
fn commit(agent: &Actor, repository: &Path) -> Result<()> {
    let home = agent
        .person
        .home
        .parent()
        .context("a home is in a folder")?;
    std::fs::write(
        home.join(".gitconfig"),
        "[user]\n\tname = Ada Example\n\temail = ada@example.com\n",
    )?;
    std::fs::create_dir_all(repository)?;
    let git = |words: &[&str]| -> Result<String> {
        println!("\nagent$ git {}", words.join(" "));
        let output = std::process::Command::new("git")
            .args(words)
            .current_dir(repository)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", home)
            .output()
            .context("git is not installed")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        print_indented(&text);
        ensure!(output.status.success(), "git failed: {output:?}");
        Ok(text)
    };
    git(&["init", "--quiet", "--initial-branch=main"])?;
    std::fs::write(repository.join("README.md"), "# A new project\n")?;
    println!(
        "\n  # It is granted git, and of git what it asks for; which file git is gets written down."
    );
    let add = [
        "add",
        "acme/git-helper",
        "--allow",
        "filesystem.write=.",
        "--allow",
        "process.execute=git **",
    ];
    agent.run("claw", &add)?;
    let folder = repository.display().to_string();
    let act = |words: &[&str]| {
        let fixed = ["run", "acme/git-helper"];
        agent.run("claw", &[&fixed, words, &["--workspace", &folder]].concat())
    };
    act(&["status"])?;
    act(&["smart-commit", "stage-all=true"])?;
    let log = git(&["log", "--format=%an <%ae>: %s"])?;
    ensure!(
        log.trim() == "Ada Example <ada@example.com>: Add README.md",
        "the commit is not as it should be: {log}"
    );
    Ok(())
}

/// Lists the tools and calls one, as any MCP client does.
async fn over_mcp(agent: &Actor, workspace: &str) -> Result<()> {
    let command = agent
        .person
        .command("claw", &["mcp", "--workspace", workspace]);
    let client = ()
        .serve(TokioChildProcess::new(tokio::process::Command::from(
            command,
        ))?)
        .await?;
    for tool in client.list_all_tools().await? {
        println!(
            "  tool {}: {}",
            tool.name,
            tool.description
                .as_deref()
                .unwrap_or("")
                .lines()
                .next()
                .unwrap_or("")
        );
    }
    let arguments = json!({ "query": "Invariant", "path": "docs" });
    println!("  → tools/call files__search {arguments}");
    let Value::Object(arguments) = arguments else {
        unreachable!("an object literal")
    };
    let request = CallToolRequestParams::new("files__search").with_arguments(arguments);
    let result: CallToolResult = client.call_tool(request).await?;
    client.cancel().await?;
    let text = result
        .structured_content
        .map(|content| content.to_string())
        .unwrap_or_default();
    println!("  ← {}", shortened(&text, 300));
    ensure!(
        result.is_error != Some(true) && text.contains("docs/architecture.md"),
        "the tool did not find what is there"
    );
    Ok(())
}

fn chapter(title: &str) {
    println!("\n── {title}");
}
