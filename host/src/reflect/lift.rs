//! Component values to JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Number, Value};
use wasmtime::component::Val;

use super::{Answer, Shape};

/// The answer has more bytes than allowed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// JSON numbers hold integers up to here exactly, in every language.
const EXACT_INTEGER_MAX: u64 = 1 << 53;

pub(super) fn answer(
    shape: Option<&Shape>,
    results: &[Val],
    bytes_max: u64,
) -> Result<Answer, TooLarge> {
    let mut budget = Budget(bytes_max);
    match (shape, results.first()) {
        (None, _) | (_, None) => Ok(Answer::Ok(Value::Null)),
        (Some(Shape::Result { ok, err }), Some(Val::Result(result))) => match result {
            Ok(payload) => Ok(Answer::Ok(side(
                ok.as_deref(),
                payload.as_deref(),
                &mut budget,
            )?)),
            Err(payload) => Ok(Answer::Error(side(
                err.as_deref(),
                payload.as_deref(),
                &mut budget,
            )?)),
        },
        (Some(shape), Some(value)) => Ok(Answer::Ok(json(shape, value, &mut budget)?)),
    }
}

/// Bytes of JSON that may still be made. It counts less than there will be, so that a list of a
/// million empty strings stops early; the exact size is checked on the text.
struct Budget(u64);

impl Budget {
    fn charge(&mut self, bytes: usize) -> Result<(), TooLarge> {
        self.0 = self.0.checked_sub(bytes as u64).ok_or(TooLarge)?;
        Ok(())
    }
}

/// Values come from Wasmtime, which has checked them against the same type. The last arm is what
/// the compiler cannot know to be impossible.
fn json(shape: &Shape, value: &Val, budget: &mut Budget) -> Result<Value, TooLarge> {
    budget.charge(1)?;
    Ok(match (shape, value) {
        (_, Val::Bool(flag)) => Value::Bool(*flag),
        (_, Val::U8(number)) => Value::from(*number),
        (_, Val::U16(number)) => Value::from(*number),
        (_, Val::U32(number)) => Value::from(*number),
        (_, Val::S8(number)) => Value::from(*number),
        (_, Val::S16(number)) => Value::from(*number),
        (_, Val::S32(number)) => Value::from(*number),
        (_, Val::U64(number)) if *number > EXACT_INTEGER_MAX => Value::String(number.to_string()),
        (_, Val::U64(number)) => Value::from(*number),
        (_, Val::S64(number)) if number.unsigned_abs() > EXACT_INTEGER_MAX => {
            Value::String(number.to_string())
        }
        (_, Val::S64(number)) => Value::from(*number),
        (_, Val::Float32(number)) => float(shortest(*number)),
        (_, Val::Float64(number)) => float(*number),
        (_, Val::Char(character)) => Value::String(character.to_string()),
        (_, Val::String(text) | Val::Enum(text)) => {
            budget.charge(text.len())?;
            Value::String(text.clone())
        }
        (Shape::Bytes, Val::List(items)) => {
            budget.charge(items.len())?;
            let bytes: Vec<u8> = items
                .iter()
                .map(|item| if let Val::U8(byte) = item { *byte } else { 0 })
                .collect();
            Value::String(BASE64.encode(bytes))
        }
        (Shape::List(element), Val::List(items)) => items
            .iter()
            .map(|item| json(element, item, budget))
            .collect::<Result<_, _>>()?,
        (Shape::Tuple(shapes), Val::Tuple(items)) => shapes
            .iter()
            .zip(items)
            .map(|(shape, item)| json(shape, item, budget))
            .collect::<Result<_, _>>()?,
        (Shape::Record(shapes), Val::Record(fields)) => {
            let mut object = Map::new();
            for ((name, shape), (_, field)) in shapes.iter().zip(fields) {
                budget.charge(name.len())?;
                object.insert(name.clone(), json(shape, field, budget)?);
            }
            Value::Object(object)
        }
        (Shape::Variant(cases), Val::Variant(chosen, payload)) => {
            budget.charge(chosen.len())?;
            let shape = cases
                .iter()
                .find(|(name, _)| name == chosen)
                .and_then(|(_, shape)| shape.as_ref());
            match (shape, payload) {
                (Some(shape), Some(payload)) => entry(chosen, json(shape, payload, budget)?),
                _ => Value::String(chosen.clone()),
            }
        }
        (_, Val::Flags(names)) => {
            budget.charge(names.iter().map(String::len).sum())?;
            Value::from(names.clone())
        }
        (_, Val::Option(None)) => Value::Null,
        (Shape::Option(inner), Val::Option(Some(value))) => match &**inner {
            Shape::Option(_) => entry("some", json(inner, value, budget)?),
            _ => json(inner, value, budget)?,
        },
        (Shape::Result { ok, err }, Val::Result(result)) => match result {
            Ok(payload) => entry("ok", side(ok.as_deref(), payload.as_deref(), budget)?),
            Err(payload) => entry("err", side(err.as_deref(), payload.as_deref(), budget)?),
        },
        _ => Value::Null,
    })
}

fn side(
    shape: Option<&Shape>,
    payload: Option<&Val>,
    budget: &mut Budget,
) -> Result<Value, TooLarge> {
    match (shape, payload) {
        (Some(shape), Some(payload)) => json(shape, payload, budget),
        _ => Ok(Value::Null),
    }
}

fn entry(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

fn float(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number.is_nan() => Value::from("NaN"),
        None if number > 0.0 => Value::from("Infinity"),
        None => Value::from("-Infinity"),
    }
}

/// The double that is written like the float: 0.1, not 0.10000000149011612.
fn shortest(number: f32) -> f64 {
    if number.is_finite() {
        number.to_string().parse().unwrap_or(f64::from(number))
    } else {
        number.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(shape: &Shape, value: &Val) -> Value {
        json(shape, value, &mut Budget(1_000)).unwrap()
    }

    #[test]
    fn integers_beyond_the_exact_range_are_strings() {
        assert_eq!(of(&Shape::U64, &Val::U64(1 << 53)), json!(1_u64 << 53));
        assert_eq!(
            of(&Shape::U64, &Val::U64((1 << 53) + 1)),
            json!("9007199254740993")
        );
        assert_eq!(
            of(&Shape::S64, &Val::S64(-(1 << 53))),
            json!(-(1_i64 << 53))
        );
        assert_eq!(
            of(&Shape::S64, &Val::S64(i64::MIN)),
            json!("-9223372036854775808")
        );
    }

    #[test]
    fn floats_are_written_as_people_do() {
        assert_eq!(of(&Shape::Float32, &Val::Float32(0.1)).to_string(), "0.1");
        assert_eq!(of(&Shape::Float32, &Val::Float32(f32::NAN)), json!("NaN"));
        assert_eq!(
            of(&Shape::Float64, &Val::Float64(f64::NEG_INFINITY)),
            json!("-Infinity")
        );
        assert_eq!(
            of(&Shape::Float64, &Val::Float64(f64::INFINITY)),
            json!("Infinity")
        );
    }

    #[test]
    fn a_top_level_error_is_the_actions_error() {
        let shape = Shape::Result {
            ok: None,
            err: Some(Box::new(Shape::String)),
        };
        let error = Val::Result(Err(Some(Box::new(Val::String("no".to_owned())))));
        assert_eq!(
            answer(Some(&shape), &[error], 100),
            Ok(Answer::Error(json!("no")))
        );
        assert_eq!(
            answer(Some(&shape), &[Val::Result(Ok(None))], 100),
            Ok(Answer::Ok(json!(null)))
        );
        assert_eq!(answer(None, &[], 100), Ok(Answer::Ok(json!(null))));
    }

    #[test]
    fn a_large_answer_stops_before_it_is_built() {
        let shape = Shape::List(Box::new(Shape::String));
        let value = Val::List(vec![Val::String(String::new()); 101]);
        assert_eq!(answer(Some(&shape), &[value], 100), Err(TooLarge));
    }
}
