//! `cargo claw test`: runs `tests/*.toml` against the component in the sandbox in which agents run it.
//!
//! Each test has a workspace of its own that is gone afterwards. Nothing of the machine is seen by any of them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use claw_package::PermissionSet;
use serde_json::json;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::output::Progress;
use crate::project::Project;
use crate::sandbox::Sandbox;
use crate::scenario::{File, Scenario};
use crate::{compile, output};

/// Run the tests in `tests/*.toml`
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only the tests with this text in their name
    filter: Option<String>,
}

/// How one test went.
struct Tested {
    name: String,
    faults: Vec<String>,
}

/// Builds, runs the tests, and prints how each went.
pub(crate) fn run(args: Args, json: bool) -> Outcome {
    let project = Project::here()?;
    let scenarios = scenarios(&project.folder)?;
    let is_wanted = |scenario: &Scenario| {
        args.filter
            .as_ref()
            .is_none_or(|filter| scenario.name.contains(filter.as_str()))
    };
    let wanted: Vec<Scenario> = scenarios.into_iter().filter(is_wanted).collect();
    let built = compile::build(&project, Progress::beside(json))?;
    let sandbox = Sandbox::new(&project, &built)?;
    let mut all = Vec::new();
    for scenario in wanted {
        let tested = Tested {
            faults: test(&sandbox, &project, &scenario)?,
            name: scenario.name,
        };
        if !json {
            print(&tested)?;
        }
        all.push(tested);
    }
    let failed = all
        .iter()
        .filter(|tested| !tested.faults.is_empty())
        .count();
    if json {
        let tests: Vec<_> = all
            .iter()
            .map(|tested| json!({"name": tested.name, "faults": tested.faults}))
            .collect();
        output::json(&json!({"tests": tests, "failed": failed}))?;
    } else {
        output::data(format_args!(
            "{} passed, {failed} failed",
            all.len() - failed
        ))?;
    }
    match failed {
        0 => Ok(()),
        1 => Err(Failure::new(Kind::Check, "a test failed")),
        _ => Err(Failure::new(Kind::Check, format!("{failed} tests failed"))),
    }
}

/// Every test of the skill, in the order of files and of each file.
fn scenarios(folder: &Path) -> Outcome<Vec<Scenario>> {
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
    let mut scenarios = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path)
            .or_fail(Kind::Io, format!("could not read `{}`", path.display()))?;
        scenarios.extend(File::parse(&path, &text)?.test);
    }
    if scenarios.is_empty() {
        output::warn(format_args!("there are no tests in `{}`", folder.display()));
    }
    Ok(scenarios)
}

/// Runs one test; what is not as expected is the answer.
fn test(sandbox: &Sandbox, project: &Project, scenario: &Scenario) -> Outcome<Vec<String>> {
    if let Some(path) = scenario.path_outside() {
        return Err(Failure::usage(format!(
            "the test `{}` has a file `{path}` outside of the workspace",
            scenario.name
        )));
    }
    let act = || format!("could not make the workspace of `{}`", scenario.name);
    let workspace = tempfile::tempdir().or_fail(Kind::Io, act())?;
    // Where the folder for such files is a link, what it points to is what the sandbox sees.
    let folder = workspace.path().canonicalize().or_fail(Kind::Io, act())?;
    for (path, text) in &scenario.files {
        write(&folder.join(path), path, text).or_fail(Kind::Io, act())?;
    }
    let granted = match &scenario.grants {
        Some(grants) => PermissionSet::new(grants.iter().cloned()),
        None => project.manifest.permissions.clone(),
    };
    let mut invocation = sandbox.invocation(&scenario.action, scenario.input.clone(), &granted);
    invocation.workspace = Some(folder.clone());
    invocation.environment = scenario.environment.clone().into_iter().collect();
    if let Some(timeout_ms) = scenario.timeout_ms {
        invocation.limits.timeout = Duration::from_millis(timeout_ms);
    }
    let report = sandbox.invoke(invocation);
    Ok(scenario.faults(&report, &folder))
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
    let result = if tested.faults.is_empty() {
        "ok"
    } else {
        "FAILED"
    };
    output::data(format_args!("test {} ... {result}", tested.name))?;
    for fault in &tested.faults {
        output::data(format_args!("  {}", output::tame(fault)))?;
    }
    Ok(())
}
