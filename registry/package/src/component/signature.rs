//! Signatures as WIT text, on one line: `read: func(path: string) -> result<string, error>`.

use wasmparser::component_types::{ComponentDefinedType, ComponentFuncType, ComponentValType};

use super::describe::{Describer, Refusal};
use crate::name::is_wit_keyword;

/// Writes a function's signature. Only its size can be refused.
pub(super) fn function(
    describer: &mut Describer<'_>,
    name: &str,
    ty: &ComponentFuncType,
) -> Result<String, Refusal> {
    describer.charge(name.len())?;
    let mut text = format!(
        "{}: {}func(",
        escaped(name),
        if ty.async_ { "async " } else { "" }
    );
    for (index, (name, ty)) in ty.params.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        describer.charge(name.len())?;
        text.push_str(&escaped(name));
        text.push_str(": ");
        write_type(describer, ty, &mut text)?;
    }
    text.push(')');
    if let Some(result) = &ty.result {
        text.push_str(" -> ");
        write_type(describer, result, &mut text)?;
    }
    Ok(text)
}

fn escaped(name: &str) -> String {
    if is_wit_keyword(name) {
        format!("%{name}")
    } else {
        name.into()
    }
}

/// Depth is bounded by the validator, breadth by the budget.
fn write_type(
    describer: &mut Describer<'_>,
    ty: &ComponentValType,
    text: &mut String,
) -> Result<(), Refusal> {
    use ComponentDefinedType as D;
    describer.charge(16)?;
    let id = match ty {
        ComponentValType::Primitive(primitive) => {
            text.push_str(&primitive.to_string());
            return Ok(());
        }
        ComponentValType::Type(id) => *id,
    };
    if let Some(named) = describer.name_of(id.into()) {
        let name = escaped(named.name);
        describer.charge(name.len())?;
        text.push_str(&name);
        return Ok(());
    }
    match &describer.types[id] {
        D::Primitive(primitive) => text.push_str(&primitive.to_string()),
        D::List { element, .. } => write_generic(describer, "list", &[Some(*element)], text)?,
        D::Option { ty, .. } => write_generic(describer, "option", &[Some(*ty)], text)?,
        D::Tuple(tuple) => {
            let types: Vec<_> = tuple.types.iter().copied().map(Some).collect();
            write_generic(describer, "tuple", &types, text)?;
        }
        D::Result {
            ok: None,
            err: None,
            ..
        } => text.push_str("result"),
        D::Result {
            ok: Some(ok),
            err: None,
            ..
        } => {
            write_generic(describer, "result", &[Some(*ok)], text)?;
        }
        D::Result { ok, err, .. } => write_generic(describer, "result", &[*ok, *err], text)?,
        D::Future { ty: None, .. } => text.push_str("future"),
        D::Future { ty, .. } => write_generic(describer, "future", &[*ty], text)?,
        D::Stream { ty: None, .. } => text.push_str("stream"),
        D::Stream { ty, .. } => write_generic(describer, "stream", &[*ty], text)?,
        D::Map { key, value, .. } => {
            write_generic(describer, "map", &[Some(*key), Some(*value)], text)?;
        }
        D::FixedLengthList {
            element, length, ..
        } => {
            write_generic(describer, "list", &[Some(*element)], text)?;
            text.pop();
            text.push_str(&format!(", {length}>"));
        }
        D::Own(resource) => text.push_str(&resource_name(describer, (*resource).into())),
        D::Borrow(resource) => {
            text.push_str(&format!(
                "borrow<{}>",
                resource_name(describer, (*resource).into())
            ));
        }
        // WIT demands a name for these, and so does the validator.
        D::Record(_) => text.push_str("record"),
        D::Variant(_) => text.push_str("variant"),
        D::Flags(_) => text.push_str("flags"),
        D::Enum(_) => text.push_str("enum"),
    }
    Ok(())
}

fn write_generic(
    describer: &mut Describer<'_>,
    name: &str,
    types: &[Option<ComponentValType>],
    text: &mut String,
) -> Result<(), Refusal> {
    text.push_str(name);
    text.push('<');
    for (index, ty) in types.iter().enumerate() {
        if index > 0 {
            text.push_str(", ");
        }
        match ty {
            Some(ty) => write_type(describer, ty, text)?,
            None => text.push('_'),
        }
    }
    text.push('>');
    Ok(())
}

fn resource_name(
    describer: &Describer<'_>,
    id: wasmparser::component_types::ComponentAnyTypeId,
) -> String {
    describer
        .name_of(id)
        .map_or_else(|| "resource".into(), |named| escaped(named.name))
}
