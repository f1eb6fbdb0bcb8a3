//! What a component exports and imports: its actions with schemas, and the interfaces it needs.
//!
//! Reads untrusted bytes within bounds and runs nothing. Core modules, WIT packages and components
//! that are not valid are refused; an export that cannot be called with JSON is listed with the
//! reason. Which world a component was built for is not in it: the package says that.

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType};
use wasmparser::types::Types;

pub use docs::{WitFile, append_docs};
pub use error::ComponentError;
pub use imports::{Gate, Import, ImportClass, check_imports};

use crate::limits::{ACTIONS_BYTES_MAX, ACTIONS_MAX, IMPORTS_MAX};
use crate::text::did_you_mean;
use describe::Describer;
use docs::Docs;

mod action;
mod bounds;
mod code;
mod describe;
mod docs;
mod error;
mod imports;
mod schema;
mod signature;
pub(crate) mod surface;
mod work;

pub use action::Action;
pub(crate) use action::short;
pub use surface::Surface;

/// A component, as far as its outside tells.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentInfo {
    /// Every exported function, in the order of export.
    pub actions: Vec<Action>,
    /// Everything it needs from a host, in the order of import.
    pub imports: Vec<Import>,
    /// The names of exported interfaces and functions, in the order of export.
    pub exports: Vec<String>,
    /// The same exports by structure, for comparing two releases.
    pub surface: Surface,
}

impl ComponentInfo {
    /// Finds an action by `function` where that is unambiguous, or `interface.function`, with the
    /// interface short (`files`) or in full (`acme:files/files@0.1.0`).
    pub fn action(&self, name: &str) -> Option<&Action> {
        self.actions
            .iter()
            .find(|action| action.name == name)
            .or_else(|| self.actions.iter().find(|action| action.is_called(name)))
    }

    /// ` (did you mean …?)` for a name that no action has, or nothing.
    pub fn hint(&self, name: &str) -> String {
        did_you_mean(name, self.actions.iter().map(|action| action.name.as_str()))
    }
}

/// Reads a component, without its code.
pub fn decode(bytes: &[u8]) -> Result<ComponentInfo, ComponentError> {
    let outline = bounds::scan(bytes)?;
    code::check(bytes)?;
    let types = work::validate(bytes)?;
    let docs = outline
        .docs
        .map(Docs::parse)
        .transpose()?
        .unwrap_or_default();

    let mut imports = Vec::new();
    for name in &outline.imports {
        let item = types
            .component_item_for_import(name)
            .ok_or(ComponentError::Inconsistent)?;
        imports.extend(imports::classify(name, &item.ty));
    }
    if imports.len() > IMPORTS_MAX {
        return Err(ComponentError::TooManyImports);
    }

    let mut describer = Describer::new(&types, &docs, ACTIONS_BYTES_MAX);
    let mut functions = Vec::new();
    for name in outline.imports.iter().chain(&outline.exports) {
        let item = types
            .component_item_for_import(name)
            .or(types.component_item_for_export(name));
        describer.learn_names(name, &item.ok_or(ComponentError::Inconsistent)?.ty);
    }
    for name in &outline.exports {
        let item = types
            .component_item_for_export(name)
            .ok_or(ComponentError::Inconsistent)?;
        functions.extend(exported_functions(&types, name, &item.ty)?);
    }
    if functions.len() > ACTIONS_MAX {
        return Err(ComponentError::TooManyActions);
    }
    let mut actions = functions
        .into_iter()
        .map(|(interface, function, id)| describer.action(interface, function, &types[id]))
        .collect::<Result<Vec<_>, _>>()?;
    action::name_all(&mut actions);
    let surface = surface::collect(&describer, &outline.exports)?;
    Ok(ComponentInfo {
        actions,
        imports,
        exports: outline.exports,
        surface,
    })
}

type ExportedFunction<'a> = (
    Option<&'a str>,
    &'a str,
    wasmparser::component_types::ComponentFuncTypeId,
);

fn exported_functions<'a>(
    types: &'a Types,
    name: &'a str,
    item: &ComponentEntityType,
) -> Result<Vec<ExportedFunction<'a>>, ComponentError> {
    match item {
        ComponentEntityType::Func(id) => Ok(vec![(None, name, *id)]),
        ComponentEntityType::Instance(id) => {
            let functions =
                types[*id]
                    .exports
                    .iter()
                    .filter_map(|(function, item)| match item.ty {
                        ComponentEntityType::Func(id) => Some((Some(name), function.as_str(), id)),
                        _ => None,
                    });
            Ok(functions.collect())
        }
        ComponentEntityType::Type {
            created: ComponentAnyTypeId::Component(_),
            ..
        } => Err(ComponentError::WitPackage),
        ComponentEntityType::Type { .. } => Ok(Vec::new()),
        _ => Err(ComponentError::ExportKind(name.into())),
    }
}

#[cfg(test)]
mod tests;
