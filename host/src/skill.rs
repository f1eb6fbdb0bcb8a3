//! A component made ready: its actions are known, its imports are linked, only a store is missing.

use std::sync::Arc;

use claw_package::{Digest, LimitRequests, PermissionSet};
use claw_trust::VerifiedComponent;
use wasmtime::component::{Component, InstancePre};

use crate::exports::{self, Callable};
use crate::host::{LoadError, Shared};
use crate::invocation::{Invocation, Report};
use crate::run;
use crate::state::State;
use crate::text;

/// A loaded skill. Clones are the same skill.
#[derive(Clone)]
pub struct Skill {
    loaded: Arc<Loaded>,
}

/// One exported function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it is called: the function's name where that is unique, else with its interface's.
    pub name: String,
    /// The interface that exports it, in full; none for a function of the world itself.
    pub interface: Option<String>,
    /// The function's own name.
    pub function: String,
    /// Why JSON cannot call it, when it cannot.
    pub not_callable: Option<String>,
}

/// No slip is longer than this.
const NAME_CHARACTERS_MAX: usize = 100;

pub(crate) struct Loaded {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pre: InstancePre<State>,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) component: Digest,
    permissions: PermissionSet,
    limits: LimitRequests,
    actions: Vec<Action>,
    callable: Vec<Callable>,
}

impl Skill {
    pub(crate) fn new(
        shared: Arc<Shared>,
        verified: &VerifiedComponent,
        component: &Component,
    ) -> Result<Self, LoadError> {
        let skill = || verified.skill().to_owned();
        let pre = shared
            .linker
            .instantiate_pre(component)
            .map_err(|error| LoadError::Link {
                skill: skill(),
                source: text::line(&format!("{error:#}")).into(),
            })?;
        let (actions, callable) = exports::actions(component, &shared.engine);
        Ok(Self {
            loaded: Arc::new(Loaded {
                pre,
                name: skill(),
                version: verified.version().to_owned(),
                component: verified.digest(),
                permissions: verified.permissions().clone(),
                limits: *verified.limits(),
                actions,
                callable,
                shared,
            }),
        })
    }

    /// The package's name, or `local:<digest>`.
    pub fn name(&self) -> &str {
        &self.loaded.name
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.loaded.version
    }

    /// The digest of its component.
    pub fn component(&self) -> Digest {
        self.loaded.component
    }

    /// What its manifest declares that it needs: the most it can be granted.
    pub fn permissions(&self) -> &PermissionSet {
        &self.loaded.permissions
    }

    /// The limits its manifest asks for, see [`crate::Limits::for_skill`].
    pub fn limits(&self) -> &LimitRequests {
        &self.loaded.limits
    }

    /// Its actions, in the component's order.
    pub fn actions(&self) -> &[Action] {
        &self.loaded.actions
    }

    /// Runs one action to its end. Dropping the future ends it at once.
    ///
    /// It must be polled inside a Tokio runtime with time enabled.
    pub async fn invoke(&self, invocation: Invocation) -> Report {
        run::invoke(&self.loaded, invocation).await
    }
}

impl Loaded {
    /// Finds an action by its name, its function's name when that is unique, or `interface.function`.
    pub(crate) fn find(&self, name: &str) -> Option<(&Action, &Callable)> {
        let index = self
            .actions
            .iter()
            .position(|action| action.name == name)
            .or_else(|| {
                let mut found = self.actions.iter().enumerate().filter(|(_, action)| {
                    action.interface.as_deref().is_some_and(|interface| {
                        exports::names(interface, &action.function).contains(&name.to_owned())
                    })
                });
                match (found.next(), found.next()) {
                    (Some((index, _)), None) => Some(index),
                    _ => None,
                }
            })?;
        Some((&self.actions[index], &self.callable[index]))
    }

    /// The name most like the given one.
    pub(crate) fn nearest(&self, name: &str) -> Option<String> {
        let name: String = name.chars().take(NAME_CHARACTERS_MAX).collect();
        let distance = |known: &str| strsim::damerau_levenshtein(&name, known);
        self.actions
            .iter()
            .map(|action| {
                (
                    distance(&action.name).min(distance(&action.function)),
                    action,
                )
            })
            .filter(|(distance, _)| *distance <= 1 + name.len() / 3)
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, action)| action.name.clone())
    }
}
