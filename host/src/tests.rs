//! Whole invocations of hand-written components, through the public interface.

use std::sync::LazyLock;

use claw_package::PermissionSet;
use claw_trust::VerifiedComponent;
use serde_json::{Value, json};

use crate::{Allocation, Host, HostConfig, Invocation, Report, Skill};

mod calls;

/// One host for all tests, as in a real process.
static HOST: LazyLock<Host> = LazyLock::new(|| {
    Host::new(HostConfig {
        allocation: Allocation::OnDemand,
        cache: None,
    })
    .unwrap()
});

fn verified(text: &str) -> VerifiedComponent {
    let bytes = wat::parse_str(text).unwrap();
    VerifiedComponent::local(bytes, None, &PermissionSet::empty())
}

fn skill(text: &str) -> Skill {
    HOST.load(&verified(text)).unwrap()
}

async fn call(text: &str, action: &str, input: Value) -> Report {
    skill(text).invoke(Invocation::new(action, input)).await
}
