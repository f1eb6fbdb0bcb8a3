//! Runs one action: check, enter the guest, and come back in time whatever it does.

use std::future::{self, Future};
use std::panic::{self, AssertUnwindSafe};
use std::pin::pin;
use std::time::Instant;

use claw_package::Digest;
use tokio_util::sync::CancellationToken;
use wasmtime::component::Val;
use wasmtime::{Store, UpdateDeadline};

use crate::denial::Denials;
use crate::exports::Callable;
use crate::invocation::{Invocation, Report};
use crate::limits::{Limits, TIMEOUT_MAX};
use crate::outcome::{Outcome, Output};
use crate::receipts::{self, Calls, Receipt};
use crate::reflect::{Answer, Fault, Signature};
use crate::secrets::Held;
use crate::skill::Loaded;
use crate::state::State;
use crate::stop::Stop;
use crate::text;

/// What an invocation leaves behind, besides its outcome.
#[derive(Default)]
struct Traces {
    calls: Calls,
    memory_bytes: u64,
    denials: Denials,
}

pub(crate) async fn invoke(loaded: &Loaded, invocation: Invocation) -> Report {
    let started = Instant::now();
    let time = receipts::now();
    let input = serde_json::to_vec(&invocation.input).unwrap_or_default();
    let mut traces = Traces::default();
    let (action, outcome) = match loaded.find(&invocation.action) {
        None => {
            let name = text::line(&invocation.action);
            let nearest = loaded.nearest(&invocation.action);
            (name.clone(), Outcome::UnknownAction { name, nearest })
        }
        Some((action, callable)) => {
            let checked = check(callable, &invocation, input.len() as u64);
            let outcome = match checked {
                Err(refused) => refused,
                Ok((signature, arguments)) => {
                    let call = Call {
                        loaded,
                        callable,
                        signature,
                        arguments,
                        started,
                    };
                    call.run(&invocation, &mut traces).await
                }
            };
            (action.name.clone(), outcome)
        }
    };
    let (outcome, result) = measured(outcome, &invocation.limits);
    let receipt = Receipt {
        v: 1,
        time,
        skill: loaded.name.clone(),
        version: loaded.version.clone(),
        component: loaded.component,
        action,
        input: Digest::of(&input),
        result,
        grants: invocation.grants.digest(),
        calls: traces.calls,
        refused: traces.denials.counts().clone(),
        duration_us: u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        memory_bytes: traces.memory_bytes,
        outcome: outcome.code().to_owned(),
    };
    Report {
        outcome,
        denials: traces.denials.into_kept(),
        receipt,
    }
}

/// What can be refused before the guest is entered.
fn check<'a>(
    callable: &'a Callable,
    invocation: &Invocation,
    input_bytes: u64,
) -> Result<(&'a Signature, Vec<Val>), Outcome> {
    let signature = callable
        .signature
        .as_ref()
        .map_err(|reason| Outcome::NotCallable {
            reason: reason.clone(),
        })?;
    let limit = invocation.limits.input_bytes;
    if input_bytes > limit {
        let message = format!("the input has {input_bytes} bytes, more than {limit}");
        return Err(Outcome::InvalidInput {
            pointer: String::new(),
            message,
        });
    }
    let arguments = signature
        .arguments(&invocation.input)
        .map_err(|Fault { pointer, message }| Outcome::InvalidInput { pointer, message })?;
    Ok((signature, arguments))
}

/// The digest of a result's text, whose exact size is known only now.
fn measured(outcome: Outcome, limits: &Limits) -> (Outcome, Option<Digest>) {
    let (Outcome::Ok(value) | Outcome::ActionError(value)) = &outcome else {
        return (outcome, None);
    };
    let text = serde_json::to_vec(value).unwrap_or_default();
    if text.len() as u64 > limits.result_bytes {
        return (result_too_large(limits), None);
    }
    (outcome, Some(Digest::of(&text)))
}

fn result_too_large(limits: &Limits) -> Outcome {
    Outcome::OutputTooLarge {
        output: Output::Result,
        limit: limits.result_bytes,
    }
}

/// Everything about a call that has passed its checks.
struct Call<'a> {
    loaded: &'a Loaded,
    callable: &'a Callable,
    signature: &'a Signature,
    arguments: Vec<Val>,
    started: Instant,
}

impl Call<'_> {
    async fn run(self, invocation: &Invocation, traces: &mut Traces) -> Outcome {
        let limits = &invocation.limits;
        let deadline = self.started + limits.timeout.min(TIMEOUT_MAX);
        let shared = &self.loaded.shared;
        let mut store = Store::new(&shared.engine, State::new(invocation, limits, shared));
        store.limiter(|state| &mut state.resources);
        store.set_hostcall_fuel(limits.copied_bytes());
        store.set_max_component_handles(limits.handles as usize);
        store.set_epoch_deadline(1);
        watch(&mut store, deadline, invocation.cancel.clone());

        let _running = shared.ticker.running();
        let mut results = vec![Val::Bool(false); self.signature.results_len()];
        let ended = {
            let call = pin!(caught(self.enter(&mut store, &mut results)));
            tokio::select! {
                biased;
                ended = call => ended,
                () = invocation.cancel.cancelled() => Ok(Err(Stop::Cancelled.into())),
                () = tokio::time::sleep_until(deadline.into()) => Ok(Err(Stop::OutOfTime.into())),
            }
        };
        let mut outcome = match ended {
            Err(panic) => Outcome::Internal(panic),
            Ok(Err(error)) => Outcome::of_error(&error, limits),
            Ok(Ok(())) if store.data().has_too_many_calls() => {
                Outcome::of_stop(Stop::TooManyHostCalls, limits)
            }
            Ok(Ok(())) => match self.signature.answer(&results, limits.result_bytes) {
                Ok(Answer::Ok(value)) => Outcome::Ok(value),
                Ok(Answer::Error(value)) => Outcome::ActionError(value),
                Err(_) => result_too_large(limits),
            },
        };
        let mut state = store.into_data();
        // A program that a skill started is gone before its result is shown.
        #[cfg(target_os = "linux")]
        state.processes.end().await;
        let mut denials = state.denials;
        denials.absorb(state.traffic.take_denials());
        if let Some(secrets) = &state.secrets {
            mask(secrets, &mut outcome, &mut denials);
        }
        traces.calls = state.calls;
        traces.memory_bytes = state.resources.memory_bytes_peak();
        traces.denials = denials;
        outcome
    }

    async fn enter(&self, store: &mut Store<State>, results: &mut [Val]) -> wasmtime::Result<()> {
        let instance = self.loaded.pre.instantiate_async(&mut *store).await?;
        let function = instance
            .get_func(&mut *store, self.callable.export)
            .ok_or_else(|| wasmtime::format_err!("the action is not a function"))?;
        function.call_async(store, &self.arguments, results).await
    }
}

/// A server may have sent a secret back.
fn mask(secrets: &Held, outcome: &mut Outcome, denials: &mut Denials) {
    match outcome {
        Outcome::Ok(value) | Outcome::ActionError(value) => secrets.mask_json(value),
        Outcome::Trap(text) | Outcome::Internal(text) => {
            if let Some(masked) = secrets.masked(text) {
                *text = masked;
            }
        }
        _ => {}
    }
    for denial in denials.kept_mut() {
        if let Some(masked) = secrets.masked(&denial.what) {
            denial.what = masked;
        }
    }
}

/// Looks at the clock, the count of calls and the caller's wish at each tick while guest code runs,
/// and lets other tasks have their turn.
fn watch(store: &mut Store<State>, deadline: Instant, cancel: CancellationToken) {
    store.epoch_deadline_callback(move |store| {
        if store.data().has_too_many_calls() {
            return Err(Stop::TooManyHostCalls.into());
        }
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled.into());
        }
        if Instant::now() >= deadline {
            return Err(Stop::OutOfTime.into());
        }
        Ok(UpdateDeadline::Yield(1))
    });
}

/// A panic in a host function ends one invocation, not the process.
async fn caught<T>(future: impl Future<Output = T>) -> Result<T, String> {
    let mut future = pin!(future);
    future::poll_fn(|context| {
        match panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => {
                let message = payload
                    .downcast_ref::<String>()
                    .map(String::as_str)
                    .or_else(|| payload.downcast_ref::<&str>().copied())
                    .unwrap_or("unknown panic");
                std::task::Poll::Ready(Err(text::line(message)))
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_text() {
        let ended = caught(async { panic!("bad \u{1b}[0m day") }).await;
        let ended: Result<(), String> = ended;
        assert_eq!(ended, Err("bad \u{fffd}[0m day".to_owned()));
        assert_eq!(caught(async { 1 }).await, Ok(1));
    }

    #[test]
    fn the_text_of_a_result_is_what_counts() {
        let limits = Limits {
            result_bytes: 4,
            ..Limits::default()
        };
        let fits = Outcome::Ok(Value::from("ab"));
        assert_eq!(measured(fits.clone(), &limits).0, fits);
        assert_eq!(
            measured(Outcome::Ok(Value::from("abc")), &limits).0,
            result_too_large(&limits)
        );
    }
}
