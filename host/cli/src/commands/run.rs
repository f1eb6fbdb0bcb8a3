//! `claw run`: one action, once.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use claw_host::{HostConfig, ProgramPin, Report};
use claw_package::permission::Folder;
use claw_package::{PackageName, Permission, PermissionSet, SkillJson, Spec, limits};
use claw_trust::VerifiedComponent;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{Context, block_on};
use crate::durable::{self, Audience};
use crate::duration::Typed;
use crate::ending::Actor;
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::installed::{self, Shelf};
use crate::invoke::{self, Frame, HostToCome};
use crate::output;
use crate::parameters;
use crate::processes;
use crate::project::Project;
use crate::secrets;
use crate::settings::Settings;
use crate::show;
use crate::stop::Stop;
use crate::store::Unpack;
use crate::workspace;

/// Run one action of a skill and print its result as JSON.
///
/// The skill is one of this project, verified again before it runs, or a local .wasm or .tar.gz
/// file, which gets only what your levels and --allow give. What was denied is printed with the
/// command that would allow it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// namespace/name, or a file that ends in .wasm or .tar.gz.
    #[arg(value_name = "SPEC|FILE", add = crate::completions::skills_or_files())]
    skill: String,
    /// The action: FUNCTION, or INTERFACE.FUNCTION where that is ambiguous.
    #[arg(add = crate::completions::actions())]
    action: String,
    /// Parameters: text for a string, else JSON.
    #[arg(value_name = "KEY=VALUE", add = crate::completions::parameters())]
    pairs: Vec<String>,
    /// All parameters as one JSON object: JSON, @FILE, or - for stdin.
    #[arg(
        long,
        value_name = "JSON|@FILE|-",
        conflicts_with = "pairs",
        allow_hyphen_values = true
    )]
    input: Option<String>,
    /// Grant this for this run, for example filesystem.read=docs.
    #[arg(long, value_name = "PERMISSION")]
    allow: Vec<Permission>,
    /// The folder that the skill works in.
    #[arg(long, value_name = "DIR")]
    workspace: Option<PathBuf>,
    /// How long it may take, such as 500ms or 2m.
    #[arg(long, value_name = "DURATION")]
    timeout: Option<Typed>,
}

/// A skill that is about to run.
struct Ready {
    actor: Actor,
    component: VerifiedComponent,
    effective: PermissionSet,
    /// The programs that were granted before.
    pins: Vec<ProgramPin>,
    assets: Option<PathBuf>,
    /// What its actions take, by name, for reading words.
    schema: Option<Value>,
    /// Keeps the unpacked assets of a local package.
    _unpacked: Option<tempfile::TempDir>,
}

pub(crate) fn run(args: Args, context: &Context) -> Outcome {
    // Takes as long as the checks below, and needs nothing of them.
    let host = invoke::begin_host(HostConfig {
        cache: invoke::cache(&context.home),
        processes: Some(processes::config()),
        ..HostConfig::default()
    });
    let settings = context.settings()?;
    let allowed = PermissionSet::new(args.allow.iter().cloned());
    let (ready, project) = if is_file(&args.skill) {
        (
            local(&args, &settings, &allowed)?,
            Project::find(&context.home)?,
        )
    } else {
        installed(&args, context, &settings, &allowed)?
    };
    let input = match &args.input {
        Some(input) => parameters::from_input(input)?,
        None => parameters::from_pairs(&args.pairs, ready.schema.as_ref().unwrap_or(&Value::Null))?,
    };
    let workspace = if args.workspace.is_some() || invoke::needs_workspace(&ready.effective) {
        let working =
            std::env::current_dir().or_fail(Kind::Io, "could not find the working folder")?;
        Some(workspace::choose(
            args.workspace.as_deref(),
            project.workspace(),
            &working,
            &context.home,
        )?)
    } else {
        None
    };
    let programs = processes::programs(
        &ready.pins,
        &allowed,
        &ready.effective,
        workspace.as_deref(),
    );
    let frame = Frame {
        grants: ready.effective.clone(),
        programs,
        workspace,
        home: context.home.root().to_owned(),
        assets: ready.assets.clone(),
        network: invoke::network(&ready.effective)?,
        secrets: secrets::granted(&context.home, &ready.effective)?,
        limits: invoke::limits(
            &settings,
            ready.component.limits(),
            args.timeout.map(|typed| typed.0),
        ),
        log: Some(invoke::log_sink(&settings, &ready.actor.name)),
    };
    for permission in args.allow.iter().filter(|permission| {
        let wanted = PermissionSet::new([(*permission).clone()]);
        ready.component.permissions().meet(&wanted).is_empty()
    }) {
        output::warn(format_args!(
            "`{}` does not ask for `{permission}`, and --allow gives it nothing else",
            ready.actor.name
        ));
    }
    for permission in args
        .allow
        .iter()
        .filter(|permission| !allowed.without(&ready.actor.revoked).covers(permission))
    {
        output::warn(format_args!(
            "`{permission}` was revoked, and --allow does not lift that"
        ));
    }
    let (report, stopped_by) = call(&ready, &frame, host, context, &args.action, input)?;
    ready.actor.tell_denials(&report.denials, context.json);
    match ready.actor.judge(&report) {
        Ok(value) => {
            if !context.json {
                ready.actor.tell_remedy(&report.denials);
            }
            output::json(&value)
        }
        Err(mut failure) => {
            if let Some(kind) = stopped_by.filter(|_| failure.kind == Kind::Interrupted) {
                failure.kind = kind;
            }
            if let (true, claw_host::Outcome::ActionError(error)) = (context.json, &report.outcome)
            {
                output::json(error)?;
            }
            Err(failure)
        }
    }
}

fn is_file(skill: &str) -> bool {
    // A spec has no dot before its `@`, and these suffixes can't follow one.
    skill.ends_with(".wasm") || skill.ends_with(".tar.gz")
}

fn installed(
    args: &Args,
    context: &Context,
    settings: &Settings,
    allowed: &PermissionSet,
) -> Outcome<(Ready, Project)> {
    let spec: Spec = args.skill.parse().or_fail(
        Kind::Usage,
        format!("`{}` is no skill and no file", args.skill),
    )?;
    let shelf = Shelf::open(&context.home)?;
    let installed = shelf.get(&context.home, &spec.name)?;
    if let Some(requirement) = spec
        .requirement
        .filter(|requirement| !requirement.matches(&installed.locked.version))
    {
        let (name, version) = (&spec.name, &installed.locked.version);
        let failure = Failure::not_found(format!(
            "`{name}` is installed at {version}, which `{requirement}` does not match"
        ));
        return Err(failure.hint(crate::session::add_command(name, Some(&requirement))));
    }
    let component = installed.stored.component.clone();
    let manifest = component.permissions().clone();
    let effective = installed.effective(settings, allowed);
    let schema = if args.pairs.is_empty() {
        None
    } else {
        schema_of(&installed.stored.skill_json()?, &args.action)
    };
    let actor = actor(&spec.name, args, manifest, installed.record.revoked.clone());
    let ready = Ready {
        actor,
        component,
        effective,
        pins: installed.record.programs.clone(),
        assets: installed.stored.assets(),
        schema,
        _unpacked: None,
    };
    Ok((ready, shelf.project))
}

fn actor(
    name: &PackageName,
    args: &Args,
    manifest: PermissionSet,
    revoked: PermissionSet,
) -> Actor {
    Actor {
        name: name.to_string(),
        action: args.action.clone(),
        local: None,
        manifest,
        revoked,
    }
}

/// A file on this machine: it has no publisher, and is never stored.
fn local(args: &Args, settings: &Settings, allowed: &PermissionSet) -> Outcome<Ready> {
    let path = Path::new(&args.skill);
    let act = || format!("could not read `{}`", path.display());
    let (component, manifest, unpacked) = if args.skill.ends_with(".wasm") {
        let bytes = durable::read(path, limits::COMPONENT_BYTES_MAX, Audience::Everyone)?;
        let bytes = bytes
            .ok_or_else(|| Failure::not_found(format!("there is no file `{}`", path.display())))?;
        (bytes, None, None)
    } else {
        let file = File::open(path).map_err(|error| {
            let kind = if error.kind() == io::ErrorKind::NotFound {
                Kind::NotFound
            } else {
                Kind::Io
            };
            Failure {
                kind,
                error: anyhow::Error::new(error).context(act()),
                hint: None,
            }
        })?;
        let folder =
            tempfile::tempdir().or_fail(Kind::Io, "could not make a folder to unpack into")?;
        let mut sink =
            Unpack::into(&folder.path().join("package")).or_fail(Kind::Io, "could not unpack")?;
        let package = claw_package::read(file, &mut sink).or_fail(
            Kind::Verification,
            format!("`{}` is no good package", path.display()),
        )?;
        (package.component_bytes, Some(package.skill), Some(folder))
    };
    let schema = match &manifest {
        _ if args.pairs.is_empty() => None,
        Some(skill) => schema_of(skill, &args.action),
        None => {
            let info = claw_package::decode(&component).or_fail(
                Kind::Verification,
                format!("`{}` is no component", path.display()),
            )?;
            info.action(&args.action)
                .map(|action| action.input_schema.clone())
        }
    };
    let component = VerifiedComponent::local(component, manifest, allowed);
    let declared = component.permissions().clone();
    let none = PermissionSet::empty();
    let effective = installed::effective(settings, &declared, &none, allowed, &none);
    let assets = unpacked
        .as_ref()
        .map(|folder| folder.path().join("package/assets"))
        .filter(|path| path.is_dir());
    let actor = Actor {
        name: args.skill.clone(),
        action: args.action.clone(),
        local: Some(typed(args)),
        manifest: if args.skill.ends_with(".wasm") {
            anything()
        } else {
            declared
        },
        revoked: none,
    };
    Ok(Ready {
        actor,
        component,
        effective,
        pins: Vec::new(),
        assets,
        schema,
        _unpacked: unpacked,
    })
}

/// What was typed behind `claw run`, for a command that does the same with more allowed.
fn typed(args: &Args) -> String {
    let mut words = vec![args.skill.clone(), args.action.clone()];
    words.extend(args.pairs.iter().cloned());
    let workspace = args.workspace.as_ref();
    let workspace = workspace.map(|folder| folder.display().to_string());
    let timeout = args
        .timeout
        .as_ref()
        .map(|timeout| format!("{}ms", timeout.0.as_millis()));
    for (flag, value) in [
        ("--input", args.input.clone()),
        ("--workspace", workspace),
        ("--timeout", timeout),
    ] {
        if let Some(value) = value {
            words.extend([flag.to_owned(), value]);
        }
    }
    let words: Vec<_> = words.iter().map(|word| show::shell_word(word)).collect();
    let allowed = show::allow_flags(&args.allow);
    format!("{}{allowed}", words.join(" "))
}

/// Every file of the workspace, every place on a network and every program: the bound of a bare component, which
/// may be allowed more next time.
fn anything() -> PermissionSet {
    let places = [
        "network.external=http://*:*",
        "network.external=https://*:*",
        "network.internal=http://*:*",
        "network.internal=https://*:*",
        "network.tcp=0.0.0.0/0:*",
        "network.tcp=[::/0]:*",
        "process.execute=**",
    ];
    let places = places.map(|line| line.parse().expect("it is a permission"));
    let files = Permission::FilesystemWrite(Folder::workspace());
    PermissionSet::new(places.into_iter().chain([files]))
}

fn schema_of(skill: &SkillJson, action: &str) -> Option<Value> {
    let actions = &skill.derived.actions;
    let found = actions
        .iter()
        .find(|known| known.name == action)
        .or_else(|| {
            let (_, function) = action.rsplit_once('.')?;
            actions.iter().find(|known| known.name == function)
        });
    found.map(|action| action.input_schema.clone())
}

/// What became of it, and the signal that ended it.
fn call(
    ready: &Ready,
    frame: &Frame,
    host: HostToCome,
    context: &Context,
    action: &str,
    input: Value,
) -> Outcome<(Report, Option<Kind>)> {
    let receipts = invoke::receipts(&context.home)?;
    let host = host.ready()?;
    let loading = output::busy(format_args!("compiling `{}`", ready.actor.name));
    let skill = host
        .load(&ready.component)
        .map_err(|error| invoke::load_failure(error, &format!("`{}`", ready.actor.name)))?;
    drop(loading);
    let _running = output::busy(format_args!("running `{action}` of `{}`", ready.actor.name));
    block_on(async {
        let mut stop = Stop::listen();
        let cancel = CancellationToken::new();
        let called = invoke::call(&skill, frame, &receipts, action, input, cancel.clone());
        tokio::pin!(called);
        let kind = tokio::select! {
            report = &mut called => return Ok((report?, None)),
            kind = stop.asked() => kind,
        };
        cancel.cancel();
        Ok((called.await?, Some(kind)))
    })
}
