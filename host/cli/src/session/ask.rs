//! The one question about a release: who it is from, what it wants, and a yes.
//!
//! On a terminal it is asked; without one, or under `strict`, the command that answers it is the
//! hint of a refusal.

use claw_package::{Permission, PermissionKind};

use super::Arrival;
use crate::consent::{Flags, Open};
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::processes;
use crate::show;

/// Who a release is from and what it asks for.
pub(super) fn introduction(arrival: &Arrival) -> String {
    let manifest = arrival.stored.component.permissions();
    let mut text = format!("{}\n", origin(arrival));
    if manifest.is_empty() {
        text.push_str("  it asks for nothing");
    } else {
        let asks = show::permissions(manifest, "    ");
        text.push_str(&format!("  it asks to:\n{asks}"));
    }
    text
}

/// Who a release is from.
pub(crate) fn origin(arrival: &Arrival) -> String {
    let (source, release) = (arrival.source, &arrival.stored.release);
    format!(
        "{} from `{}` ({})\n  signed by {}\n  keyset {}",
        release.title(),
        source.registry.origin,
        source.registry.address,
        show::signer(release),
        release.release().keyset
    )
}

/// Asks on a terminal, or says which command would answer.
pub(super) fn ask(arrival: &Arrival, open: &Open, grown: &[Permission]) -> Outcome {
    let Arrival { source, stored, .. } = arrival;
    let release = &stored.release;
    let name = &release.release().package;
    if open.grew {
        output::say_lines(format_args!(
            "  it asks for more than the release you accepted:\n{}",
            show::permissions(grown, "  + ")
        ));
    }
    if !(open.may_ask && output::somebody_is_there()) {
        return Err(unanswered(arrival, open));
    }
    if output::ask(&question(&requests(arrival, open)))? {
        return Ok(());
    }
    let failure = Failure::refused(format!("you said no to {}", release.title()));
    Err(if open.trust {
        // Trust is no part of what `--no-grants` answers.
        let (origin, keyset) = (&source.registry.origin, source.keyset.reference());
        failure.hint(format!(
            "once its owner has confirmed the digest: claw trust add {} --origin {origin} --keyset {keyset}",
            name.namespace()
        ))
    } else if open.permissions.is_empty() {
        failure
    } else {
        failure.hint(format!("{} --no-grants", arrival.command))
    })
}

/// Shows what a yes would mean, and says it in a few words for the question.
pub(crate) fn requests(arrival: &Arrival, open: &Open) -> Vec<String> {
    let mut requests = Vec::new();
    let namespace = arrival.stored.release.release().package.namespace();
    if open.trust {
        output::say(format_args!(
            "  `{namespace}` is new here. Compare these words, or the digest of its keyset, with its owner's: {}",
            show::release_keys(&arrival.source.keyset)
        ));
        requests.push(format!(
            "trust these keys for everything named `{namespace}/…`"
        ));
    }
    if !open.permissions.is_empty() {
        output::say_lines(format_args!(
            "  to be granted:\n{}",
            show::permissions(&open.permissions, "    ")
        ));
        if open.permissions.has_kind(PermissionKind::ProcessExecute)
            && let Some(caveat) = processes::caveat(processes::confinement())
        {
            output::say(format_args!("  {caveat}"));
        }
        requests.push("grant this".to_owned());
    } else if open.grew {
        requests.push("accept this release".to_owned());
    }
    requests
}

/// One question for everything that a yes would mean.
pub(crate) fn question(requests: &[String]) -> String {
    let mut question = requests.join(" and ");
    if let Some(first) = question.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    format!("{question}?")
}

/// Why a release can't be used without an answer, and the command that gives one.
pub(crate) fn unanswered(arrival: &Arrival, open: &Open) -> Failure {
    let Arrival {
        source,
        stored,
        command,
        ..
    } = arrival;
    let release = &stored.release;
    let namespace = release.release().package.namespace();
    if open.trust && !open.may_ask {
        // Under `strict` trust comes first, and from a command of its own.
        let (origin, keyset) = (&source.registry.origin, source.keyset.reference());
        let failure = Failure::refused(format!(
            "`{namespace}` is not pinned, which `strict` asks for"
        ));
        let hint = format!("claw trust add {namespace} --origin {origin} --keyset {keyset}");
        return failure
            .during(format!("can't use {}", release.title()))
            .hint(hint);
    }
    let mut reasons = Vec::new();
    let mut flags = String::new();
    if open.trust {
        reasons.push(format!("nobody has said that `{namespace}` is trusted"));
        flags.push_str(&format!(" --trust {}", source.keyset.reference()));
    }
    if open.grew {
        reasons.push("it asks for more than the release you accepted".to_owned());
    }
    if !open.permissions.is_empty() {
        reasons.push(format!(
            "nobody has granted {}",
            show::one_line(&open.permissions)
        ));
    }
    match arrival.flags {
        // What was said of grants is said again: nothing of this command is kept.
        Flags::Allow(said) => flags.push_str(&show::allow_flags(said)),
        Flags::NoGrants => flags.push_str(" --no-grants"),
        Flags::Silent if !open.permissions.is_empty() => {
            flags.push_str(&show::allow_flags(&open.permissions));
        }
        Flags::Silent if open.grew => flags.push_str(" --no-grants"),
        Flags::Silent => {}
    }
    Failure::refused(reasons.join(", and "))
        .during(format!("can't use {}", release.title()))
        .hint(format!("{command}{flags}"))
}
