//! Validates a component within a bound on the work that its declarations ask for.
//!
//! A hundred bytes can declare a type of half a million parts, each naming the one before twice, and
//! eight more have all of them compared each time a component is instantiated. So every component
//! inside, and whatever is instantiated, is weighed as it would be written out. Nothing but the sum
//! of these weights is decided here; the rest is the validator's.

use std::collections::HashMap;

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentCoreModuleTypeId, ComponentDefinedType, ComponentEntityType,
    ComponentItem, ComponentValType,
};
use wasmparser::types::{Types, TypesRef};
use wasmparser::{
    ComponentInstance, Encoding, FuncValidatorAllocations, Instance, Parser, Payload, ValidPayload,
    Validator, WasmFeatures,
};

use super::ComponentError;
use crate::limits::COMPARED_TYPES_MAX;

/// Checks all of it, function bodies included, by the rules that Wasmtime enables by default.
pub(super) fn validate(bytes: &[u8]) -> Result<Types, ComponentError> {
    let mut validator = Validator::new_with_features(WasmFeatures::default());
    let mut work = Work {
        weights: HashMap::new(),
        left: COMPARED_TYPES_MAX,
    };
    let mut open = Vec::new();
    let mut allocations = FuncValidatorAllocations::default();
    let mut types = None;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } => open.push(*encoding),
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    if let Instance::Instantiate { module_index, .. } = instance? {
                        work.of_module(&validator, module_index)?;
                    }
                }
            }
            Payload::ComponentInstanceSection(section) => {
                for instance in section.clone() {
                    if let ComponentInstance::Instantiate {
                        component_index, ..
                    } = instance?
                    {
                        work.of_component(&validator, Some(component_index))?;
                    }
                }
            }
            _ => {}
        }
        match validator.payload(&payload)? {
            ValidPayload::Func(function, body) => {
                let mut function = function.into_validator(allocations);
                function.validate(&body)?;
                allocations = function.into_allocations();
            }
            ValidPayload::End(ended) => {
                types = Some(ended);
                if open.pop() == Some(Encoding::Component) {
                    work.of_component(&validator, None)?;
                }
            }
            _ => {}
        }
    }
    types.ok_or(ComponentError::Inconsistent)
}

/// What was weighed, and how much more may be.
struct Work {
    weights: HashMap<ComponentAnyTypeId, u64>,
    left: u64,
}

impl Work {
    fn spend(&mut self, weight: u64) -> Result<(), ComponentError> {
        self.left = self
            .left
            .checked_sub(weight)
            .ok_or(ComponentError::TooMuchCompared)?;
        Ok(())
    }

    /// Weighs a component of the one being read: the last where no index is given. One that is not
    /// there is the validator's to refuse.
    fn of_component(
        &mut self,
        validator: &Validator,
        index: Option<u32>,
    ) -> Result<(), ComponentError> {
        let Some(types) = validator.types(0) else {
            return Ok(());
        };
        let count = types.component_count();
        let Some(index) = index.or(count.checked_sub(1)).filter(|at| *at < count) else {
            return Ok(());
        };
        let weight = self.any(
            types,
            ComponentAnyTypeId::Component(types.component_at(index)),
        );
        self.spend(weight)
    }

    /// The same for a module.
    fn of_module(&mut self, validator: &Validator, index: u32) -> Result<(), ComponentError> {
        match validator.types(0) {
            Some(types) if index < types.module_count() => {
                self.spend(module(types, types.module_at(index)))
            }
            _ => Ok(()),
        }
    }

    /// How many types there are in a type when it is written out. Each is weighed once, and the
    /// validator has bounded how deep they go.
    fn any(&mut self, types: TypesRef<'_>, id: ComponentAnyTypeId) -> u64 {
        if let Some(weight) = self.weights.get(&id) {
            return *weight;
        }
        let inside = match id {
            ComponentAnyTypeId::Resource(_) => 0,
            ComponentAnyTypeId::Defined(id) => self.defined(types, &types[id]),
            ComponentAnyTypeId::Func(id) => {
                let function = &types[id];
                let parameters = function.params.iter().map(|(_, ty)| ty);
                self.values(types, parameters.chain(&function.result))
            }
            ComponentAnyTypeId::Instance(id) => self.items(types, types[id].exports.values()),
            ComponentAnyTypeId::Component(id) => {
                let (imports, exports) = (&types[id].imports, &types[id].exports);
                self.items(types, imports.values().chain(exports.values()))
            }
        };
        let weight = inside.saturating_add(1);
        self.weights.insert(id, weight);
        weight
    }

    fn items<'a>(
        &mut self,
        types: TypesRef<'_>,
        items: impl Iterator<Item = &'a ComponentItem>,
    ) -> u64 {
        items.fold(0, |sum, item| {
            let weight = match item.ty {
                ComponentEntityType::Module(id) => module(types, id),
                ComponentEntityType::Func(id) => self.any(types, ComponentAnyTypeId::Func(id)),
                ComponentEntityType::Value(ty) => self.values(types, [&ty]),
                ComponentEntityType::Type { referenced, .. } => self.any(types, referenced),
                ComponentEntityType::Instance(id) => {
                    self.any(types, ComponentAnyTypeId::Instance(id))
                }
                ComponentEntityType::Component(id) => {
                    self.any(types, ComponentAnyTypeId::Component(id))
                }
            };
            sum.saturating_add(weight)
        })
    }

    fn values<'a>(
        &mut self,
        types: TypesRef<'_>,
        values: impl IntoIterator<Item = &'a ComponentValType>,
    ) -> u64 {
        values.into_iter().fold(0, |sum, ty| {
            sum.saturating_add(match ty {
                ComponentValType::Primitive(_) => 1,
                ComponentValType::Type(id) => self.any(types, ComponentAnyTypeId::Defined(*id)),
            })
        })
    }

    fn defined(&mut self, types: TypesRef<'_>, ty: &ComponentDefinedType) -> u64 {
        use ComponentDefinedType as D;
        match ty {
            D::Primitive(_) | D::Own(_) | D::Borrow(_) => 0,
            D::Flags(names) | D::Enum(names) => names.len() as u64,
            D::Record(record) => self.values(types, record.fields.values()),
            D::Variant(variant) => {
                let payloads = variant.cases.values().filter_map(|case| case.ty.as_ref());
                self.values(types, payloads)
                    .saturating_add(variant.cases.len() as u64)
            }
            D::Tuple(tuple) => self.values(types, tuple.types.iter()),
            D::Result { ok, err, .. } => self.values(types, ok.iter().chain(err)),
            D::Map { key, value, .. } => self.values(types, [key, value]),
            D::List { element: ty, .. }
            | D::FixedLengthList { element: ty, .. }
            | D::Option { ty, .. } => self.values(types, [ty]),
            D::Future { ty, .. } | D::Stream { ty, .. } => self.values(types, ty),
        }
    }
}

fn module(types: TypesRef<'_>, id: ComponentCoreModuleTypeId) -> u64 {
    let module = &types[id];
    (module.imports.len() + module.exports.len()) as u64
}
