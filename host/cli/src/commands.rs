//! Every subcommand, one file each: an `Args` whose comments are the help, and one `run`.

mod add;
mod audit;
mod completions;
mod doctor;
mod grant;
mod info;
mod init;
mod install;
mod list;
mod man;
mod mcp;
mod receipts;
mod remove;
mod revoke;
mod run;
mod search;
mod secret;
mod trust;
mod update;
mod verify;

use std::future::Future;

use crate::failure::{Kind, OrFail, Outcome};
use crate::home::Home;
use crate::settings::Settings;

/// What every command knows.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) home: Home,
    /// `--json`.
    pub(crate) json: bool,
}

impl Context {
    /// The operator's settings.
    pub(crate) fn settings(&self) -> Outcome<Settings> {
        Settings::read(&self.home)
    }
}

/// How registries are reached.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct NetworkArgs {
    /// Allow plain http:// to registries on other machines.
    #[arg(long)]
    pub(crate) allow_http: bool,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Add(add::Args),
    Install(install::Args),
    Remove(remove::Args),
    Update(update::Args),
    List(list::Args),
    Info(info::Args),
    Search(search::Args),
    Run(run::Args),
    Grant(grant::Args),
    Revoke(revoke::Args),
    Secret(secret::Args),
    Trust(trust::Args),
    Verify(verify::Args),
    Audit(audit::Args),
    Receipts(receipts::Args),
    Doctor(doctor::Args),
    Mcp(mcp::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// Whether it works in a home that others may change: it says what is wrong with it, or needs
    /// none.
    fn takes_any_home(&self) -> bool {
        matches!(
            self,
            Command::Doctor(_) | Command::Completions(_) | Command::Man(_)
        )
    }

    /// The operator's folder, fit for this command.
    pub(crate) fn home(&self) -> Outcome<Home> {
        let home = Home::locate()?;
        if !self.takes_any_home() {
            home.check()?;
        }
        Ok(home)
    }

    pub(crate) fn run(self, context: &Context) -> Outcome {
        match self {
            Command::Init(args) => init::run(args, context),
            Command::Add(args) => add::run(args, context),
            Command::Install(args) => install::run(args, context),
            Command::Remove(args) => remove::run(args, context),
            Command::Update(args) => update::run(args, context),
            Command::List(args) => list::run(args, context),
            Command::Info(args) => info::run(args, context),
            Command::Search(args) => search::run(args, context),
            Command::Run(args) => run::run(args, context),
            Command::Grant(args) => grant::run(args, context),
            Command::Revoke(args) => revoke::run(args, context),
            Command::Secret(args) => secret::run(args, context),
            Command::Trust(args) => trust::run(args, context),
            Command::Verify(args) => verify::run(args, context),
            Command::Audit(args) => audit::run(args, context),
            Command::Receipts(args) => receipts::run(args, context),
            Command::Doctor(args) => doctor::run(args, context),
            Command::Mcp(args) => mcp::run(args, context),
            Command::Completions(args) => completions::run(args, context),
            Command::Man(args) => man::run(args, context),
        }
    }
}

/// Runs what waits for a network or a guest, on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.or_fail(Kind::Io, "could not start the runtime")?;
    let outcome = runtime.block_on(future);
    // Nobody can stop a name from being looked up, and nobody waits for it.
    runtime.shutdown_background();
    outcome
}
