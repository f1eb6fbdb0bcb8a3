//! Writes out what the actions of one component look like: names of types, budget, and assembly.

use std::collections::HashMap;

use serde_json::Value;
use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentEntityType, ComponentFuncType,
    ComponentValType,
};
use wasmparser::types::Types;

use super::action::{Action, short};
use super::docs::Docs;
use super::{ComponentError, schema, signature};
use crate::limits::ACTION_BYTES_MAX;

/// Why a type cannot be written out.
pub(super) enum Refusal {
    /// It has no form in JSON, and this is why.
    NotCallable(&'static str),
    /// It takes more than the budget.
    TooLarge,
}

/// What a named type is called, and in which interface.
#[derive(Clone)]
pub(super) struct TypeName<'a> {
    pub(super) interface: Option<&'a str>,
    pub(super) name: &'a str,
}

/// Everything needed to write out a type of one component.
pub(super) struct Describer<'a> {
    pub(super) types: &'a Types,
    pub(super) docs: &'a Docs,
    names: HashMap<ComponentAnyTypeId, TypeName<'a>>,
    all_left: usize,
    action_left: usize,
}

impl<'a> Describer<'a> {
    pub(super) fn new(types: &'a Types, docs: &'a Docs, all_left: usize) -> Self {
        Self {
            types,
            docs,
            names: HashMap::new(),
            all_left,
            action_left: 0,
        }
    }

    /// Remembers the names that an import or export gives to types.
    pub(super) fn learn_names(&mut self, name: &'a str, item: &ComponentEntityType) {
        match *item {
            ComponentEntityType::Type { created, .. } => {
                self.names.insert(
                    created,
                    TypeName {
                        interface: None,
                        name,
                    },
                );
            }
            ComponentEntityType::Instance(id) => {
                for (type_name, item) in &self.types[id].exports {
                    if let ComponentEntityType::Type { created, .. } = item.ty {
                        let interface = Some(short(name));
                        self.names.insert(
                            created,
                            TypeName {
                                interface,
                                name: type_name,
                            },
                        );
                    }
                }
            }
            _ => {}
        }
    }

    /// What a type is called, if it has a name.
    pub(super) fn name_of(&self, id: ComponentAnyTypeId) -> Option<&TypeName<'a>> {
        self.names.get(&id)
    }

    /// The definition behind a type, where it is not a primitive.
    pub(super) fn defined(&self, ty: &ComponentValType) -> Option<&'a ComponentDefinedType> {
        match ty {
            ComponentValType::Primitive(_) => None,
            ComponentValType::Type(id) => Some(&self.types[*id]),
        }
    }

    /// Takes from the budget of the action at hand.
    pub(super) fn charge(&mut self, bytes: usize) -> Result<(), Refusal> {
        self.action_left = self
            .action_left
            .checked_sub(bytes)
            .ok_or(Refusal::TooLarge)?;
        Ok(())
    }

    /// Writes out one exported function. Its short name is given later, when all are known.
    pub(super) fn action(
        &mut self,
        interface: Option<&str>,
        function: &str,
        ty: &ComponentFuncType,
    ) -> Result<Action, ComponentError> {
        let budget = ACTION_BYTES_MAX.min(self.all_left);
        let too_large = if budget < ACTION_BYTES_MAX {
            ComponentError::AllTypesTooLarge
        } else {
            ComponentError::TypesTooLarge(function.into())
        };
        self.action_left = budget;
        let Ok(signature) = signature::function(self, function, ty) else {
            return Err(too_large);
        };
        let (input_schema, output_schema, not_callable) = match self.schemas(function, ty) {
            Ok((input, output)) => (input, output, None),
            Err(Refusal::NotCallable(reason)) => (
                Value::Bool(false),
                Value::Bool(false),
                Some(reason.to_owned()),
            ),
            Err(Refusal::TooLarge) => return Err(too_large),
        };
        let description = self.docs.function(interface.map(short), function);
        if self
            .charge(description.as_ref().map_or(0, String::len))
            .is_err()
        {
            return Err(too_large);
        }
        self.all_left -= budget - self.action_left;
        Ok(Action {
            name: String::new(),
            interface: interface.map(str::to_owned),
            function: function.into(),
            signature,
            description,
            input_schema,
            output_schema,
            not_callable,
        })
    }

    fn schemas(
        &mut self,
        function: &str,
        ty: &ComponentFuncType,
    ) -> Result<(Value, Value), Refusal> {
        if function.starts_with('[') {
            return Err(Refusal::NotCallable("it belongs to a resource"));
        }
        if ty.async_ {
            return Err(Refusal::NotCallable("it is asynchronous"));
        }
        Ok((schema::input(self, ty)?, schema::output(self, ty)?))
    }
}
