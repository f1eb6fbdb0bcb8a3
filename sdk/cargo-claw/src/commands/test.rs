//! `cargo claw test`: runs `tests/*.toml` against the component in the sandbox in which agents run it.
//!
//! Each test has a workspace of its own that is gone afterwards. Nothing of the machine is seen by any of them, and
//! only `--update` writes into the author's files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use claw_host::{Network, Report, Script as ProgramScript, SecretValue};
use claw_package::PermissionSet;
use serde_json::json;
use zeroize::Zeroizing;

use crate::accept::{Accepting, Found};
use crate::coverage::Coverage;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::output::Progress;
use crate::project::Project;
use crate::sandbox::Sandbox;
use crate::scenario::{File, Scenario};
use crate::script::Script;
use crate::{compile, output};

/// Run the tests in `tests/*.toml`, and tell which actions no test calls
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the tests with this text in their name
    filter: Option<String>,
    /// Write what was found into the tests that fail, as what they expect from now on; comments stay
    #[arg(long)]
    update: bool,
}

/// A file of tests as it was read.
struct TestFile {
    path: PathBuf,
    text: String,
    tests: Vec<Scenario>,
}

/// How one test went.
struct Tested {
    name: String,
    place: String,
    faults: Vec<String>,
    is_accepted: bool,
}

impl Tested {
    fn has_failed(&self) -> bool {
        !self.faults.is_empty() && !self.is_accepted
    }
}

/// Builds, runs the tests, and prints how each went.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let project = Project::here()?;
    let files = files(&project.folder)?;
    let built = compile::build(&project, Progress::beside(json))?;
    let sandbox = Sandbox::new(&project, &built)?;
    let filter = args.filter.as_deref().unwrap_or_default();
    let mut all = Vec::new();
    for file in &files {
        let mut accepting = args
            .update
            .then(|| Accepting::new(&file.text))
            .transpose()?;
        for (index, scenario) in file.tests.iter().enumerate() {
            if !scenario.name.get_ref().contains(filter) {
                continue;
            }
            let tested = test(&sandbox, &project, file, index, accepting.as_mut())?;
            if !json {
                print(&tested)?;
            }
            all.push(tested);
        }
        let text = accepting.map(|accepting| accepting.text());
        if let Some(text) = text.filter(|text| *text != file.text) {
            let act = || format!("could not write `{}`", file.path.display());
            fs::write(&file.path, text).or_fail(Kind::Io, act())?;
        }
    }
    if let (Some(filter), true) = (&args.filter, all.is_empty()) {
        output::warn(format_args!("no test has `{filter}` in its name"));
    }
    let tests = files.iter().flat_map(|file| &file.tests);
    let called = tests.map(|scenario| scenario.action.as_str());
    // What a filter leaves out says nothing of what is covered.
    let coverage = args
        .filter
        .is_none()
        .then(|| Coverage::of(&built.info, called));
    conclude(&all, coverage.as_ref(), json)
}

/// Prints how all of it went.
fn conclude(all: &[Tested], coverage: Option<&Coverage>, json: bool) -> Outcome {
    let failed = all.iter().filter(|tested| tested.has_failed()).count();
    let accepted = all.iter().filter(|tested| tested.is_accepted).count();
    if json {
        let tests: Vec<_> = all
            .iter()
            .map(|tested| {
                json!({"name": tested.name, "place": tested.place, "faults": tested.faults, "accepted": tested.is_accepted})
            })
            .collect();
        let coverage = coverage
            .map(|coverage| json!({"called": coverage.called, "not_called": coverage.not_called}));
        output::json(&json!({"tests": tests, "failed": failed, "coverage": coverage}))?;
    } else {
        let passed = all.len() - failed - accepted;
        let accepted = match accepted {
            0 => String::new(),
            _ => format!(", {accepted} accepted"),
        };
        output::data(format_args!("{passed} passed, {failed} failed{accepted}"))?;
        if let Some(coverage) = coverage {
            output::data(coverage.line())?;
        }
    }
    let failure = match failed {
        0 => return Ok(()),
        1 => Failure::new(Kind::Check, "a test failed"),
        _ => Failure::new(Kind::Check, format!("{failed} tests failed")),
    };
    Err(failure.hint("cargo claw test --update accepts what was found"))
}

/// Every test of the skill, in the order of files and of each file.
fn files(folder: &Path) -> Outcome<Vec<TestFile>> {
    let folder = folder.join("tests");
    let act = || format!("could not read `{}`", folder.display());
    let mut paths: Vec<PathBuf> = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder).or_fail(Kind::Io, act())? {
            paths.push(entry.or_fail(Kind::Io, act())?.path());
        }
    }
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path)
            .or_fail(Kind::Io, format!("could not read `{}`", path.display()))?;
        let tests = File::parse(&path, &text)?.test;
        files.push(TestFile { path, text, tests });
    }
    if files.iter().all(|file| file.tests.is_empty()) {
        output::warn(format_args!("there are no tests in `{}`", folder.display()));
    }
    Ok(files)
}

/// Runs one test, and accepts what it finds where that is asked for.
fn test(
    sandbox: &Sandbox,
    project: &Project,
    file: &TestFile,
    index: usize,
    accepting: Option<&mut Accepting>,
) -> Outcome<Tested> {
    let scenario = &file.tests[index];
    let name = scenario.name.get_ref();
    if let Some(path) = scenario.path_outside() {
        return Err(Failure::usage(format!(
            "the test `{name}` has a file `{path}` outside of the workspace"
        )));
    }
    let act = || format!("could not make the workspace of `{name}`");
    let workspace = tempfile::tempdir().or_fail(Kind::Io, act())?;
    // Where the folder for such files is a link, what it points to is what the sandbox sees.
    let folder = workspace.path().canonicalize().or_fail(Kind::Io, act())?;
    for (path, text) in &scenario.files {
        write(&folder.join(path), path, text).or_fail(Kind::Io, act())?;
    }
    let script = Arc::new(Script::new(&scenario.http));
    let report = call(sandbox, project, scenario, &folder, &script)?;
    let found = Found {
        outcome: &report.outcome,
        denials: &report.denials,
        workspace: &folder,
    };
    let mut faults = scenario.faults(found);
    faults.extend(script.faults());
    let is_accepted = match accepting {
        Some(accepting) if !faults.is_empty() => {
            let act = format!("could not accept what `{name}` found");
            let accepted = accepting.accept(index, scenario, found);
            accepted.map_err(|failure| failure.during(act))?;
            true
        }
        _ => false,
    };
    let path = file.path.strip_prefix(&project.folder);
    let path = path.unwrap_or(&file.path);
    let line = 1 + file.text[..scenario.name.span().start]
        .matches('\n')
        .count();
    Ok(Tested {
        name: name.clone(),
        place: format!("{}:{line}", path.display()),
        faults,
        is_accepted,
    })
}

/// Calls the action as the test says.
fn call(
    sandbox: &Sandbox,
    project: &Project,
    scenario: &Scenario,
    folder: &Path,
    script: &Arc<Script>,
) -> Outcome<Report> {
    let granted = match &scenario.grants {
        Some(grants) => PermissionSet::new(grants.iter().cloned()),
        None => project.manifest.permissions.clone(),
    };
    let mut invocation = sandbox.invocation(&scenario.action, scenario.input.clone(), &granted);
    invocation.workspace = Some(folder.to_path_buf());
    invocation.programs.scripts = Some(scripts(scenario));
    invocation.environment = scenario.environment.clone().into_iter().collect();
    invocation.network = Some(Network::scripted(Arc::<Script>::clone(script)));
    for (name, value) in &scenario.secrets {
        let act = format!(
            "`{name}` in `secrets` of `{}` is no secret",
            scenario.name.get_ref()
        );
        let value = SecretValue::new(Zeroizing::new(value.clone())).or_fail(Kind::Usage, act)?;
        invocation.secrets.insert(name.clone(), value);
    }
    if let Some(timeout_ms) = scenario.timeout_ms {
        invocation.limits.timeout = Duration::from_millis(timeout_ms);
    }
    Ok(sandbox.invoke(invocation))
}

/// The answers of its programs. A test without any runs no program either.
fn scripts(scenario: &Scenario) -> Vec<ProgramScript> {
    let answers = scenario.process.iter().map(|answer| ProgramScript {
        argv: answer.argv.clone(),
        exit: answer.exit,
        stdout: answer.stdout.clone(),
        stderr: answer.stderr.clone(),
    });
    answers.collect()
}

/// Writes a file of the workspace, or makes a folder where the path ends in `/`.
fn write(place: &Path, path: &str, text: &str) -> std::io::Result<()> {
    if path.ends_with('/') {
        return fs::create_dir_all(place);
    }
    place.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(place, text)
}

fn print(tested: &Tested) -> Outcome {
    let result = match (tested.faults.is_empty(), tested.is_accepted) {
        (true, _) => "ok".to_owned(),
        (false, true) => format!("accepted ({})", tested.place),
        (false, false) => format!("FAILED ({})", tested.place),
    };
    output::data(format_args!("test {} ... {result}", tested.name))?;
    for fault in &tested.faults {
        for line in output::tame(fault).lines() {
            output::data(format_args!("  {line}"))?;
        }
    }
    Ok(())
}
