//! JSON Schema (2020-12) of what goes into an action and what comes out.
//!
//! The one mapping between JSON and component values that the host keeps too: what a schema here
//! accepts is what the host reads, and what the host writes validates here.

use serde_json::{Map, Value, json};
use wasmparser::PrimitiveValType;
use wasmparser::component_types::{ComponentDefinedType, ComponentFuncType, ComponentValType};

use super::describe::{Describer, Refusal, TypeName};
use crate::limits::TYPE_DEPTH_MAX;

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of an object with the parameters; those of type `option` may be left out.
pub(super) fn input(
    describer: &mut Describer<'_>,
    ty: &ComponentFuncType,
) -> Result<Value, Refusal> {
    let fields = ty.params.iter().map(|(name, ty)| (name.as_str(), ty));
    Ok(with_dialect(object(describer, fields, None, 0)?))
}

/// The schema of what is returned: of `ok` where that is a `result`, `null` for nothing.
pub(super) fn output(
    describer: &mut Describer<'_>,
    ty: &ComponentFuncType,
) -> Result<Value, Refusal> {
    let returned = match ty.result.as_ref().map(|ty| (ty, describer.defined(ty))) {
        Some((_, Some(ComponentDefinedType::Result { ok, err, .. }))) => {
            // The error is the action's own, and must have a form in JSON as well.
            optional_payload(describer, *err, 0)?;
            *ok
        }
        Some((ty, _)) => Some(*ty),
        None => None,
    };
    Ok(with_dialect(optional_payload(describer, returned, 0)?))
}

fn with_dialect(mut schema: Value) -> Value {
    if let Value::Object(fields) = &mut schema {
        fields.insert("$schema".into(), DIALECT.into());
    }
    schema
}

fn schema(
    describer: &mut Describer<'_>,
    ty: &ComponentValType,
    depth: usize,
) -> Result<Value, Refusal> {
    use ComponentDefinedType as D;
    describer.charge(48)?;
    if depth > TYPE_DEPTH_MAX {
        return Err(Refusal::TooLarge);
    }
    let id = match ty {
        ComponentValType::Primitive(ty) => return primitive(*ty),
        ComponentValType::Type(id) => *id,
    };
    let name = describer.name_of(id.into()).cloned();
    let deeper = depth + 1;
    let mut schema = match &describer.types[id] {
        D::Primitive(ty) => primitive(*ty)?,
        D::Record(record) => {
            let fields = record.fields.iter().map(|(name, ty)| (name.as_str(), ty));
            object(describer, fields, name.as_ref(), deeper)?
        }
        D::Variant(variant) => {
            let cases = variant
                .cases
                .iter()
                .map(|(name, case)| (name.as_str(), case.ty));
            variant_schema(describer, cases, name.as_ref(), deeper)?
        }
        D::List {
            element: ComponentValType::Primitive(PrimitiveValType::U8),
            ..
        } => {
            json!({"type": "string", "contentEncoding": "base64"})
        }
        D::List { element, .. } => {
            // An alias of `u8` is a `u8`.
            if let Some(D::Primitive(PrimitiveValType::U8)) = describer.defined(element) {
                json!({"type": "string", "contentEncoding": "base64"})
            } else {
                json!({"type": "array", "items": self::schema(describer, element, deeper)?})
            }
        }
        D::Tuple(tuple) => {
            let items = tuple
                .types
                .iter()
                .map(|ty| self::schema(describer, ty, deeper))
                .collect::<Result<Vec<_>, _>>()?;
            let count = items.len();
            json!({"type": "array", "prefixItems": items, "items": false, "minItems": count, "maxItems": count})
        }
        D::Flags(names) => {
            describer.charge(names.iter().map(|name| name.len() + 4).sum())?;
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            json!({"type": "array", "items": {"enum": names}, "uniqueItems": true})
        }
        D::Enum(names) => {
            describer.charge(names.iter().map(|name| name.len() + 4).sum())?;
            let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
            json!({"type": "string", "enum": names})
        }
        D::Option { ty, .. } => option(describer, ty, deeper)?,
        D::Result { ok, err, .. } => {
            let ok = wrapped("ok", optional_payload(describer, *ok, deeper)?);
            let err = wrapped("err", optional_payload(describer, *err, deeper)?);
            json!({"oneOf": [ok, err]})
        }
        D::Own(_) | D::Borrow(_) => {
            return Err(Refusal::NotCallable("it takes or returns a resource"));
        }
        D::Future { .. } => return Err(Refusal::NotCallable("it takes or returns a future")),
        D::Stream { .. } => return Err(Refusal::NotCallable("it takes or returns a stream")),
        D::Map { .. } => return Err(Refusal::NotCallable("it takes or returns a map")),
        D::FixedLengthList { .. } => {
            return Err(Refusal::NotCallable(
                "it takes or returns a list of fixed length",
            ));
        }
    };
    if let Some(description) = name.and_then(|name| describer.docs.named_type(&name)) {
        describe(describer, &mut schema, description)?;
    }
    Ok(schema)
}

fn describe(
    describer: &mut Describer<'_>,
    schema: &mut Value,
    description: String,
) -> Result<(), Refusal> {
    describer.charge(description.len())?;
    if let Value::Object(fields) = schema {
        fields.insert("description".into(), description.into());
    }
    Ok(())
}

fn primitive(ty: PrimitiveValType) -> Result<Value, Refusal> {
    use PrimitiveValType as P;
    Ok(match ty {
        P::Bool => json!({"type": "boolean"}),
        P::S8 => integer(i8::MIN, i8::MAX),
        P::U8 => integer(u8::MIN, u8::MAX),
        P::S16 => integer(i16::MIN, i16::MAX),
        P::U16 => integer(u16::MIN, u16::MAX),
        P::S32 => integer(i32::MIN, i32::MAX),
        P::U32 => integer(u32::MIN, u32::MAX),
        P::S64 => wide_integer(i64::MIN, i64::MAX, "^(0|-?[1-9][0-9]{0,18})$"),
        P::U64 => wide_integer(u64::MIN, u64::MAX, "^(0|[1-9][0-9]{0,19})$"),
        P::F32 | P::F64 => {
            json!({"anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]})
        }
        P::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        P::String => json!({"type": "string"}),
        P::ErrorContext => {
            return Err(Refusal::NotCallable("it takes or returns an error context"));
        }
    })
}

fn integer(minimum: impl Into<i64>, maximum: impl Into<i64>) -> Value {
    json!({"type": "integer", "minimum": minimum.into(), "maximum": maximum.into()})
}

/// A number, or its decimal digits where JSON numbers are not exact.
fn wide_integer(minimum: impl Into<Value>, maximum: impl Into<Value>, digits: &str) -> Value {
    json!({
        "type": ["integer", "string"],
        "minimum": minimum.into(),
        "maximum": maximum.into(),
        "pattern": digits,
    })
}

/// `null`, or the value; or `{"some": value}` where the value itself could be `null`.
fn option(
    describer: &mut Describer<'_>,
    ty: &ComponentValType,
    depth: usize,
) -> Result<Value, Refusal> {
    let nested = matches!(
        describer.defined(ty),
        Some(ComponentDefinedType::Option { .. })
    );
    let inner = schema(describer, ty, depth)?;
    let some = if nested {
        wrapped("some", inner)
    } else {
        inner
    };
    Ok(json!({"anyOf": [some, {"type": "null"}]}))
}

fn optional_payload(
    describer: &mut Describer<'_>,
    ty: Option<ComponentValType>,
    depth: usize,
) -> Result<Value, Refusal> {
    match ty {
        Some(ty) => schema(describer, &ty, depth),
        None => Ok(json!({"type": "null"})),
    }
}

/// An object with exactly this one field.
fn wrapped(field: &str, inner: Value) -> Value {
    json!({
        "type": "object",
        "properties": {field: inner},
        "required": [field],
        "additionalProperties": false,
    })
}

fn object<'a>(
    describer: &mut Describer<'_>,
    fields: impl Iterator<Item = (&'a str, &'a ComponentValType)>,
    record: Option<&TypeName<'_>>,
    depth: usize,
) -> Result<Value, Refusal> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, ty) in fields {
        describer.charge(2 * name.len())?;
        let mut field = schema(describer, ty, depth)?;
        if let Some(text) = record.and_then(|record| describer.docs.item(record, name)) {
            describe(describer, &mut field, text)?;
        }
        if !matches!(
            describer.defined(ty),
            Some(ComponentDefinedType::Option { .. })
        ) {
            required.push(Value::from(name));
        }
        properties.insert(name.into(), field);
    }
    let mut object =
        json!({"type": "object", "properties": properties, "additionalProperties": false});
    if let (Value::Object(object), false) = (&mut object, required.is_empty()) {
        object.insert("required".into(), required.into());
    }
    Ok(object)
}

fn variant_schema<'a>(
    describer: &mut Describer<'_>,
    cases: impl Iterator<Item = (&'a str, Option<ComponentValType>)>,
    variant: Option<&TypeName<'_>>,
    depth: usize,
) -> Result<Value, Refusal> {
    let mut schemas = Vec::new();
    for (name, payload) in cases {
        describer.charge(2 * name.len())?;
        let mut case = match payload {
            Some(ty) => wrapped(name, schema(describer, &ty, depth)?),
            None => json!({"const": name}),
        };
        if let Some(text) = variant.and_then(|variant| describer.docs.item(variant, name)) {
            describe(describer, &mut case, text)?;
        }
        schemas.push(case);
    }
    Ok(json!({"oneOf": schemas}))
}
