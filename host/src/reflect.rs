//! Arguments and results: JSON on the outside, component values on the inside.
//!
//! Strict both ways. What does not fit the action's type exactly is refused before the guest is
//! entered, with a JSON pointer to the fault. Handles (resources, streams, futures) have no JSON
//! form, so a function that has one is never called.

use serde_json::Value;
use wasmtime::component::Val;
use wasmtime::component::types::ComponentFunc;

mod fault;
mod lift;
mod lower;
mod numbers;
mod shape;

pub use fault::Fault;
pub(crate) use lift::TooLarge;
pub(crate) use shape::Shape;

/// The type of an action.
#[derive(Debug)]
pub(crate) struct Signature {
    parameters: Vec<(String, Shape)>,
    result: Option<Shape>,
}

/// What an action answered, by its own account.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Ok(Value),
    Error(Value),
}

impl Signature {
    /// Reads a function's type, or says why JSON cannot call it.
    pub(crate) fn of(function: &ComponentFunc) -> Result<Self, String> {
        if function.async_() {
            return Err("it is asynchronous".to_owned());
        }
        let mut nodes = shape::Nodes::default();
        let mut parameters = Vec::new();
        for (name, ty) in function.params() {
            let shape = Shape::of(&ty, &mut nodes)
                .map_err(|reason| format!("parameter `{name}` {reason}"))?;
            parameters.push((name.to_owned(), shape));
        }
        let result = match function.results().next() {
            Some(ty) => {
                Some(Shape::of(&ty, &mut nodes).map_err(|reason| format!("its result {reason}"))?)
            }
            None => None,
        };
        Ok(Self { parameters, result })
    }

    /// The arguments in order, from an object of named ones.
    pub(crate) fn arguments(&self, input: &Value) -> Result<Vec<Val>, Fault> {
        lower::arguments(&self.parameters, input)
    }

    /// How many values a call returns.
    pub(crate) fn results_len(&self) -> usize {
        usize::from(self.result.is_some())
    }

    /// The answer as JSON of at most `bytes_max` bytes.
    pub(crate) fn answer(&self, results: &[Val], bytes_max: u64) -> Result<Answer, TooLarge> {
        lift::answer(self.result.as_ref(), results, bytes_max)
    }
}

#[cfg(test)]
mod tests;
