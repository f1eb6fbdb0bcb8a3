//! JSON to numbers: every range checked, no digit lost.

use serde_json::Value;

use super::fault::unexpected;
use super::{Fault, Shape};

/// Beyond this a JSON number has lost digits on its way through most programs.
const EXACT_INTEGER_MAX: f64 = 9_007_199_254_740_992.0;

pub(super) fn integer<T: TryFrom<i64>>(json: &Value, shape: &Shape) -> Result<T, Fault> {
    let wrong = || unexpected(shape.describe(), json);
    let exact = |float: f64| float.fract() == 0.0 && float.abs() <= EXACT_INTEGER_MAX;
    let number = match json.as_i64() {
        Some(number) => number,
        // 3.0 is an integer to JSON Schema, and so to callers that checked against ours.
        None => json
            .as_f64()
            .filter(|float| exact(*float))
            .ok_or_else(wrong)? as i64,
    };
    T::try_from(number).map_err(|_| wrong())
}

/// 64 bits: also as a decimal string.
pub(super) fn wide_integer<T>(json: &Value, shape: &Shape) -> Result<T, Fault>
where
    T: TryFrom<i64> + TryFrom<u64> + std::str::FromStr + ToString,
{
    let wrong = || unexpected(shape.describe(), json);
    match json {
        Value::String(text) => {
            let number = text.parse::<T>().map_err(|_| wrong())?;
            // One spelling: no plus sign, no leading zeros.
            if number.to_string() == *text {
                Ok(number)
            } else {
                Err(wrong())
            }
        }
        _ => match json.as_u64() {
            Some(number) => T::try_from(number).map_err(|_| wrong()),
            None => integer(json, shape),
        },
    }
}

pub(super) fn float64(json: &Value) -> Option<f64> {
    match json {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

pub(super) fn float32(json: &Value, shape: &Shape) -> Result<f32, Fault> {
    let wide = float64(json).ok_or_else(|| unexpected(shape.describe(), json))?;
    let narrow = wide as f32;
    if narrow.is_infinite() && wide.is_finite() {
        return Err(Fault::here(
            "the number is too large for a float32".to_owned(),
        ));
    }
    Ok(narrow)
}
