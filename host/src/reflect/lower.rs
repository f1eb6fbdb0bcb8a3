//! JSON to component values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value};
use wasmtime::component::Val;

use super::fault::{unexpected, unknown_name};
use super::numbers::{float32, float64, integer, wide_integer};
use super::{Fault, Shape};

pub(super) fn arguments(parameters: &[(String, Shape)], input: &Value) -> Result<Vec<Val>, Fault> {
    let Value::Object(named) = input else {
        return Err(unexpected("an object of named arguments", input));
    };
    fields(parameters, named, "argument")?
        .into_iter()
        .map(|(_, value)| Ok(value))
        .collect()
}

fn value(shape: &Shape, json: &Value) -> Result<Val, Fault> {
    let wrong = || unexpected(shape.describe(), json);
    Ok(match shape {
        Shape::Bool => Val::Bool(json.as_bool().ok_or_else(wrong)?),
        Shape::U8 => Val::U8(integer(json, shape)?),
        Shape::U16 => Val::U16(integer(json, shape)?),
        Shape::U32 => Val::U32(integer(json, shape)?),
        Shape::U64 => Val::U64(wide_integer(json, shape)?),
        Shape::S8 => Val::S8(integer(json, shape)?),
        Shape::S16 => Val::S16(integer(json, shape)?),
        Shape::S32 => Val::S32(integer(json, shape)?),
        Shape::S64 => Val::S64(wide_integer(json, shape)?),
        Shape::Float32 => Val::Float32(float32(json, shape)?),
        Shape::Float64 => Val::Float64(float64(json).ok_or_else(wrong)?),
        Shape::Char => {
            let mut characters = json.as_str().ok_or_else(wrong)?.chars();
            match (characters.next(), characters.next()) {
                (Some(only), None) => Val::Char(only),
                _ => return Err(wrong()),
            }
        }
        Shape::String => Val::String(json.as_str().ok_or_else(wrong)?.to_owned()),
        Shape::Bytes => {
            let bytes = BASE64
                .decode(json.as_str().ok_or_else(wrong)?)
                .map_err(|_| wrong())?;
            Val::List(bytes.into_iter().map(Val::U8).collect())
        }
        Shape::List(element) => Val::List(elements(
            json.as_array()
                .ok_or_else(wrong)?
                .iter()
                .map(|item| (&**element, item)),
        )?),
        Shape::Tuple(shapes) => {
            let items = json.as_array().ok_or_else(wrong)?;
            if items.len() != shapes.len() {
                let message = format!("expected {} elements, found {}", shapes.len(), items.len());
                return Err(Fault::here(message));
            }
            Val::Tuple(elements(shapes.iter().zip(items))?)
        }
        Shape::Record(shapes) => Val::Record(fields(
            shapes,
            json.as_object().ok_or_else(wrong)?,
            "field",
        )?),
        Shape::Variant(cases) => variant(cases, json).ok_or_else(wrong)??,
        Shape::Enum(names) => Val::Enum(name(names, "case", json.as_str().ok_or_else(wrong)?)?),
        Shape::Flags(names) => flags(names, json.as_array().ok_or_else(wrong)?)?,
        Shape::Option(inner) => match (json, &**inner) {
            (Value::Null, _) => Val::Option(None),
            (_, Shape::Option(_)) => {
                let (key, some) = only_entry(json)
                    .filter(|(key, _)| *key == "some")
                    .ok_or_else(wrong)?;
                Val::Option(Some(Box::new(
                    value(inner, some).map_err(|fault| fault.at(key))?,
                )))
            }
            _ => Val::Option(Some(Box::new(value(inner, json)?))),
        },
        Shape::Result { ok, err } => {
            let (key, json) = only_entry(json).ok_or_else(wrong)?;
            let side = |shape| payload(shape, json).map_err(|fault| fault.at(key));
            match key {
                "ok" => Val::Result(Ok(side(ok.as_deref())?)),
                "err" => Val::Result(Err(side(err.as_deref())?)),
                _ => return Err(wrong()),
            }
        }
    })
}

/// Every parameter or field in its order. An absent option is none; nothing may be left over.
fn fields(
    shapes: &[(String, Shape)],
    given: &Map<String, Value>,
    what: &str,
) -> Result<Vec<(String, Val)>, Fault> {
    if let Some(unknown) = given
        .keys()
        .find(|key| shapes.iter().all(|(name, _)| name != *key))
    {
        return Err(unknown_name(
            shapes.iter().map(|(name, _)| name),
            what,
            unknown,
        ));
    }
    shapes
        .iter()
        .map(|(name, shape)| {
            let lowered = match (given.get(name), shape) {
                (Some(json), _) => value(shape, json).map_err(|fault| fault.at(name))?,
                (None, Shape::Option(_)) => Val::Option(None),
                (None, _) => return Err(Fault::here(format!("{what} `{name}` is missing"))),
            };
            Ok((name.clone(), lowered))
        })
        .collect()
}

fn elements<'a>(items: impl Iterator<Item = (&'a Shape, &'a Value)>) -> Result<Vec<Val>, Fault> {
    items
        .enumerate()
        .map(|(index, (shape, json))| {
            value(shape, json).map_err(|fault| fault.at(&index.to_string()))
        })
        .collect()
}

/// None when the JSON does not look like a variant at all.
fn variant(cases: &[(String, Option<Shape>)], json: &Value) -> Option<Result<Val, Fault>> {
    let (chosen, given) = match json {
        Value::String(name) => (name.as_str(), None),
        _ => only_entry(json).map(|(name, given)| (name, Some(given)))?,
    };
    let Some((name, shape)) = cases.iter().find(|(name, _)| name == chosen) else {
        return Some(Err(unknown_name(
            cases.iter().map(|(name, _)| name),
            "case",
            chosen,
        )));
    };
    let lowered = match (shape, given) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Fault::here(format!(
            "case `{name}` is written as `\"{name}\"`"
        ))),
        (Some(_), None) => Err(Fault::here(format!(
            "case `{name}` is written as `{{\"{name}\": …}}`"
        ))),
        (Some(shape), Some(given)) => value(shape, given)
            .map(|payload| Some(Box::new(payload)))
            .map_err(|fault| fault.at(name)),
    };
    Some(lowered.map(|payload| Val::Variant(name.clone(), payload)))
}

/// One side of a result, `null` when it has no value.
fn payload(shape: Option<&Shape>, json: &Value) -> Result<Option<Box<Val>>, Fault> {
    match (shape, json) {
        (Some(shape), _) => Ok(Some(Box::new(value(shape, json)?))),
        (None, Value::Null) => Ok(None),
        (None, _) => Err(unexpected("null", json)),
    }
}

fn flags(names: &[String], items: &[Value]) -> Result<Val, Fault> {
    let mut set = Vec::with_capacity(items.len().min(names.len()));
    for (index, item) in items.iter().enumerate() {
        let at = |fault: Fault| fault.at(&index.to_string());
        let text = item
            .as_str()
            .ok_or_else(|| at(unexpected("a string", item)))?;
        let flag = name(names, "flag", text).map_err(at)?;
        if set.contains(&flag) {
            return Err(at(Fault::here(format!("flag `{flag}` is given twice"))));
        }
        set.push(flag);
    }
    Ok(Val::Flags(set))
}

fn name(names: &[String], what: &str, given: &str) -> Result<String, Fault> {
    match names.iter().find(|name| *name == given) {
        Some(name) => Ok(name.clone()),
        None => Err(unknown_name(names.iter(), what, given)),
    }
}

fn only_entry(json: &Value) -> Option<(&str, &Value)> {
    let object = json.as_object().filter(|object| object.len() == 1)?;
    object
        .iter()
        .next()
        .map(|(key, value)| (key.as_str(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(shape: &Shape, json: Value) -> (String, String) {
        let parameters = [("x".to_owned(), shape.clone())];
        let fault = arguments(&parameters, &json!({ "x": json })).unwrap_err();
        (fault.pointer, fault.message)
    }

    #[test]
    fn a_fault_is_found_by_its_pointer() {
        let point = Shape::Record(vec![
            ("a/b".to_owned(), Shape::U8),
            ("c".to_owned(), Shape::Bool),
        ]);
        let list = Shape::List(Box::new(point));
        let (pointer, message) = fault(
            &list,
            json!([{"a/b": 1, "c": true}, {"a/b": 256, "c": true}]),
        );
        assert_eq!(pointer, "/x/1/a~1b");
        assert_eq!(message, "expected an integer from 0 to 255, found 256");
        let (pointer, message) = fault(&list, json!([{"a/b": 1}]));
        assert_eq!(
            (pointer.as_str(), message.as_str()),
            ("/x/0", "field `c` is missing")
        );
        let (_, message) = fault(&list, json!([{"a/b": 1, "c": true, "d": 1}]));
        assert_eq!(message, "there is no field `d`, only `a/b`, `c`");
    }

    #[test]
    fn the_input_is_an_object_of_known_arguments() {
        let parameters = [("x".to_owned(), Shape::Bool)];
        for bad in [
            json!(null),
            json!([true]),
            json!({}),
            json!({"x": true, "y": 1}),
            json!("x"),
        ] {
            assert!(arguments(&parameters, &bad).is_err(), "{bad}");
        }
        assert!(arguments(&[], &json!({})).unwrap().is_empty());
    }

    #[test]
    fn numbers_keep_their_range_and_digits() {
        for (shape, good, bad) in [
            (Shape::U8, json!(255.0), json!(255.5)),
            (Shape::S8, json!(-128), json!(-129)),
            (Shape::U16, json!(0), json!(-1)),
            (Shape::U32, json!(u32::MAX), json!("1")),
            (Shape::U64, json!("18446744073709551615"), json!("+1")),
            (Shape::U64, json!(u64::MAX), json!(1e17)),
            (Shape::S64, json!("-9223372036854775808"), json!("01")),
            (Shape::S64, json!(i64::MIN), json!(u64::MAX)),
            (Shape::Float32, json!(3.4e38), json!(3.5e38)),
            (Shape::Float64, json!("-Infinity"), json!("inf")),
        ] {
            assert!(value(&shape, &good).is_ok(), "{shape:?} {good}");
            assert!(value(&shape, &bad).is_err(), "{shape:?} {bad}");
        }
    }

    #[test]
    fn cases_are_written_in_one_way_only() {
        let shape = Shape::Variant(vec![
            ("none".to_owned(), None),
            ("some".to_owned(), Some(Shape::U8)),
        ]);
        assert!(value(&shape, &json!("none")).is_ok());
        assert!(value(&shape, &json!({"some": 1})).is_ok());
        for bad in [
            json!({"none": null}),
            json!("some"),
            json!("other"),
            json!({"some": 1, "none": 1}),
            json!(1),
        ] {
            assert!(value(&shape, &bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn nested_options_are_told_apart() {
        let shape = Shape::Option(Box::new(Shape::Option(Box::new(Shape::U8))));
        let some = |inner| Val::Option(Some(Box::new(inner)));
        assert_eq!(value(&shape, &json!(null)).unwrap(), Val::Option(None));
        assert_eq!(
            value(&shape, &json!({"some": null})).unwrap(),
            some(Val::Option(None))
        );
        assert_eq!(
            value(&shape, &json!({"some": 1})).unwrap(),
            some(some(Val::U8(1)))
        );
        assert!(value(&shape, &json!(1)).is_err());
    }

    #[test]
    fn flags_and_results_refuse_what_they_do_not_know() {
        let flags = Shape::Flags(vec!["a".to_owned(), "b".to_owned()]);
        assert!(value(&flags, &json!(["b", "a"])).is_ok());
        assert!(value(&flags, &json!(["a", "a"])).is_err());
        assert!(value(&flags, &json!(["c"])).is_err());
        let result = Shape::Result {
            ok: None,
            err: Some(Box::new(Shape::String)),
        };
        assert!(value(&result, &json!({"ok": null})).is_ok());
        assert!(value(&result, &json!({"ok": 1})).is_err());
        assert!(value(&result, &json!({"err": null})).is_err());
        assert!(value(&result, &json!({"ok": null, "err": "x"})).is_err());
    }
}
