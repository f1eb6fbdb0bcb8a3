//! Bounds what compiling a component costs, before anybody compiles it.
//!
//! A compiler keeps something for each variable at each place of a function, so that what it takes
//! grows with the product of the two: half a megabyte of code with three thousand variables takes it
//! most of a minute and gigabytes. Only the sizes that functions state are read here; whether they are
//! valid is for the validator.

use wasmparser::{CompositeInnerType, Parser, Payload};

use super::ComponentError;
use crate::limits::{CODE_WEIGHT_MAX, FUNCTION_WEIGHT_MAX};

/// What is known of a module while its sections go by.
#[derive(Default)]
struct Module {
    /// The number of parameters of each type that is a function's.
    types: Vec<u64>,
    /// The number of parameters of each function that has a body.
    functions: Vec<u64>,
    /// How many bodies have gone by.
    bodies: usize,
}

/// Weighs every function: its variables times its bytes.
pub(super) fn check(bytes: &[u8]) -> Result<(), ComponentError> {
    let mut open: Vec<Module> = Vec::new();
    let mut total: u64 = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if matches!(payload, Payload::Version { .. }) {
            open.push(Module::default());
        }
        let Some(module) = open.last_mut() else {
            continue;
        };
        match payload {
            Payload::TypeSection(section) => {
                for group in section {
                    let types = group?.into_types();
                    module
                        .types
                        .extend(types.map(|ty| match &ty.composite_type.inner {
                            CompositeInnerType::Func(function) => function.params().len() as u64,
                            _ => 0,
                        }));
                }
            }
            Payload::FunctionSection(section) => {
                for ty in section {
                    let parameters = module.types.get(ty? as usize).copied();
                    module.functions.push(parameters.unwrap_or_default());
                }
            }
            Payload::CodeSectionEntry(body) => {
                let mut variables = module
                    .functions
                    .get(module.bodies)
                    .copied()
                    .unwrap_or_default();
                module.bodies += 1;
                for group in body.get_locals_reader()? {
                    variables = variables.saturating_add(u64::from(group?.0));
                }
                let weight = variables.saturating_mul(body.range().len() as u64);
                total = total.saturating_add(weight);
                if weight > FUNCTION_WEIGHT_MAX || total > CODE_WEIGHT_MAX {
                    return Err(ComponentError::CodeTooHeavy);
                }
            }
            Payload::End(_) => {
                open.pop();
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component with one function of so many variables and so many additions.
    fn component(parameters: usize, locals: usize, additions: usize) -> Vec<u8> {
        let text = format!(
            "(component (core module (func (param {}) (local {}) {})))",
            "i32 ".repeat(parameters),
            "i32 ".repeat(locals),
            "(local.set 0 (i32.add (local.get 0) (local.get 0)))".repeat(additions),
        );
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn a_function_that_would_take_a_minute_is_refused() {
        // Seven bytes for each addition.
        let additions = (FUNCTION_WEIGHT_MAX / 3000 / 7) as usize;
        assert_eq!(check(&component(1, 2900, additions * 9 / 10)), Ok(()));
        let heavy = component(1, 3000, additions * 11 / 10);
        assert_eq!(check(&heavy), Err(ComponentError::CodeTooHeavy));
        assert_eq!(
            super::super::decode(&heavy),
            Err(ComponentError::CodeTooHeavy)
        );
    }

    #[test]
    fn parameters_count_as_variables() {
        let additions = (FUNCTION_WEIGHT_MAX / 1000 / 7) as usize;
        let heavy = component(1000, 0, additions * 11 / 10);
        assert_eq!(check(&heavy), Err(ComponentError::CodeTooHeavy));
    }
}
