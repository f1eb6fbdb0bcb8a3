//! Everyday chores in the git repository of the workspace.
//!
//! It reads what git prints for programs, never what it prints for people, and asks it for nothing that leaves the
//! machine.

mod branch;
mod message;
mod program;
mod proposal;
mod status;

pub use exports::acme::git_helper::git::{Change, Commit, Guest, Proposal, State};

claw_sdk::skill!(GitHelper);

/// The skill.
struct GitHelper;

impl Guest for GitHelper {
    fn status() -> Result<State, String> {
        Ok(status::status()?)
    }

    fn smart_commit(
        files: Option<Vec<String>>,
        stage_all: Option<bool>,
        emoji: Option<bool>,
        message: Option<String>,
    ) -> Result<Commit, String> {
        let staging = message::Staging {
            files: files.unwrap_or_default(),
            all: stage_all.unwrap_or(false),
        };
        Ok(message::commit(&staging, emoji.unwrap_or(false), message)?)
    }

    fn create_feature_branch(description: String, issue: Option<u32>) -> Result<String, String> {
        Ok(branch::create(&description, issue)?)
    }

    fn pull_request_text(base: Option<String>) -> Result<Proposal, String> {
        Ok(proposal::write(base)?)
    }

    fn clean_up(base: Option<String>, dry_run: Option<bool>) -> Result<Vec<String>, String> {
        Ok(branch::clean_up(base, dry_run.unwrap_or(false))?)
    }
}
