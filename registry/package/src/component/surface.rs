//! What a component exports, by structure: every function and every named type, free of how they are
//! written out.
//!
//! Each type stands once in a list, after the types it is made of, so that comparing two components
//! takes time in proportion to what they declare and not to what that would be written out. Names
//! of types are not part of a type: an interface lists them on their own. Decides nothing.

use std::collections::HashMap;

use wasmparser::component_types::{
    ComponentAnyTypeId, ComponentDefinedType, ComponentDefinedTypeId, ComponentEntityType,
    ComponentValType,
};
use wasmparser::types::Types;

use super::ComponentError;
use super::describe::{Describer, TypeName};
use crate::limits::SURFACE_BYTES_MAX;

/// Which type of the list.
pub(crate) type ShapeId = u32;

/// A type, by structure.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Shape<T = ShapeId> {
    Primitive(String),
    Record(Vec<(String, T)>),
    Variant(Vec<(String, Option<T>)>),
    Flags(Vec<String>),
    Enum(Vec<String>),
    List(T),
    FixedLengthList(T, u32),
    Map(T, T),
    Tuple(Vec<T>),
    Option(T),
    Result(Option<T>, Option<T>),
    Future(Option<T>),
    Stream(Option<T>),
    Own(String),
    Borrow(String),
    Resource(String),
}

/// A function's type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionShape {
    pub(crate) name: String,
    pub(crate) parameters: Vec<(String, ShapeId)>,
    pub(crate) result: Option<ShapeId>,
    pub(crate) asynchronous: bool,
}

/// What one exported interface holds, or the world itself, which has no name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) interface: Option<String>,
    pub(crate) functions: Vec<FunctionShape>,
    pub(crate) types: Vec<(String, ShapeId)>,
}

/// What a component exports, by structure: what two releases are compared by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surface {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) scopes: Vec<Scope>,
}

/// What a function, a type or one part of either takes beside its name.
const PART_BYTES: usize = 32;

/// Collects the exports of a component.
pub(super) fn collect(
    describer: &Describer<'_>,
    exports: &[String],
) -> Result<Surface, ComponentError> {
    let types = describer.types;
    let mut collector = Collector {
        describer,
        seen: HashMap::new(),
        shapes: Vec::new(),
        bytes_left: SURFACE_BYTES_MAX,
    };
    let mut world = Scope::default();
    let mut scopes = Vec::new();
    for name in exports {
        let item = types
            .component_item_for_export(name)
            .ok_or(ComponentError::Inconsistent)?;
        if let ComponentEntityType::Instance(id) = item.ty {
            let mut scope = Scope {
                interface: Some(name.clone()),
                ..Scope::default()
            };
            for (name, item) in &types[id].exports {
                collector.item(types, &mut scope, name, &item.ty)?;
            }
            scopes.push(scope);
        } else {
            collector.item(types, &mut world, name, &item.ty)?;
        }
    }
    scopes.push(world);
    Ok(Surface {
        shapes: collector.shapes,
        scopes,
    })
}

struct Collector<'a> {
    describer: &'a Describer<'a>,
    seen: HashMap<ComponentDefinedTypeId, ShapeId>,
    shapes: Vec<Shape>,
    bytes_left: usize,
}

type Collected<T> = Result<T, ComponentError>;

impl Collector<'_> {
    fn item(
        &mut self,
        types: &Types,
        scope: &mut Scope,
        name: &str,
        item: &ComponentEntityType,
    ) -> Collected<()> {
        match *item {
            ComponentEntityType::Func(id) => {
                let ty = &types[id];
                let function = FunctionShape {
                    name: self.name(name)?,
                    parameters: self
                        .fields(ty.params.iter().map(|(name, ty)| (name.as_str(), ty)))?,
                    result: self.optional(ty.result)?,
                    asynchronous: ty.async_,
                };
                scope.functions.push(function);
            }
            ComponentEntityType::Type { created, .. } => {
                let shape = match created {
                    ComponentAnyTypeId::Defined(id) => self.defined(id)?,
                    other => {
                        let resource = Shape::Resource(self.resource(other)?);
                        self.add(resource)?
                    }
                };
                let name = self.name(name)?;
                scope.types.push((name, shape));
            }
            _ => {}
        }
        Ok(())
    }

    fn charge(&mut self, bytes: usize) -> Collected<()> {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.ok_or(ComponentError::SurfaceTooLarge)?;
        Ok(())
    }

    fn name(&mut self, name: &str) -> Collected<String> {
        self.charge(PART_BYTES + name.len())?;
        Ok(name.to_owned())
    }

    fn names<'n>(&mut self, names: impl Iterator<Item = &'n str>) -> Collected<Vec<String>> {
        names.map(|name| self.name(name)).collect()
    }

    fn add(&mut self, shape: Shape) -> Collected<ShapeId> {
        self.charge(PART_BYTES)?;
        self.shapes.push(shape);
        // Far fewer than numbers: each takes from the bytes that are left.
        Ok((self.shapes.len() - 1) as ShapeId)
    }

    fn resource(&mut self, id: ComponentAnyTypeId) -> Collected<String> {
        let name = match self.describer.name_of(id) {
            Some(TypeName {
                interface: Some(interface),
                name,
            }) => format!("{interface}.{name}"),
            Some(named) => named.name.to_owned(),
            None => "resource".to_owned(),
        };
        self.name(&name)
    }

    fn optional(&mut self, ty: Option<ComponentValType>) -> Collected<Option<ShapeId>> {
        ty.map(|ty| self.value(ty)).transpose()
    }

    fn fields<'n>(
        &mut self,
        fields: impl Iterator<Item = (&'n str, &'n ComponentValType)>,
    ) -> Collected<Vec<(String, ShapeId)>> {
        fields
            .map(|(name, ty)| Ok((self.name(name)?, self.value(*ty)?)))
            .collect()
    }

    fn value(&mut self, ty: ComponentValType) -> Collected<ShapeId> {
        match ty {
            ComponentValType::Primitive(ty) => self.add(Shape::Primitive(ty.to_string())),
            ComponentValType::Type(id) => self.defined(id),
        }
    }

    /// Each is looked at once; how deep they go is bounded by the validator.
    fn defined(&mut self, id: ComponentDefinedTypeId) -> Collected<ShapeId> {
        use ComponentDefinedType as D;
        if let Some(shape) = self.seen.get(&id) {
            return Ok(*shape);
        }
        let types = self.describer.types;
        let shape = match &types[id] {
            D::Primitive(ty) => Shape::Primitive(ty.to_string()),
            D::Record(record) => {
                let fields = record.fields.iter();
                Shape::Record(self.fields(fields.map(|(name, ty)| (name.as_str(), ty)))?)
            }
            D::Variant(variant) => {
                let cases = variant.cases.iter();
                let cases: Collected<Vec<_>> = cases
                    .map(|(name, case)| Ok((self.name(name.as_str())?, self.optional(case.ty)?)))
                    .collect();
                Shape::Variant(cases?)
            }
            D::Flags(flags) => Shape::Flags(self.names(flags.iter().map(|name| name.as_str()))?),
            D::Enum(cases) => Shape::Enum(self.names(cases.iter().map(|name| name.as_str()))?),
            D::List { element, .. } => Shape::List(self.value(*element)?),
            D::FixedLengthList {
                element, length, ..
            } => Shape::FixedLengthList(self.value(*element)?, *length),
            D::Map { key, value, .. } => Shape::Map(self.value(*key)?, self.value(*value)?),
            D::Tuple(tuple) => {
                let types: Collected<Vec<_>> =
                    tuple.types.iter().map(|ty| self.value(*ty)).collect();
                Shape::Tuple(types?)
            }
            D::Option { ty, .. } => Shape::Option(self.value(*ty)?),
            D::Result { ok, err, .. } => Shape::Result(self.optional(*ok)?, self.optional(*err)?),
            D::Future { ty, .. } => Shape::Future(self.optional(*ty)?),
            D::Stream { ty, .. } => Shape::Stream(self.optional(*ty)?),
            D::Own(id) => Shape::Own(self.resource((*id).into())?),
            D::Borrow(id) => Shape::Borrow(self.resource((*id).into())?),
        };
        let shape = self.add(shape)?;
        self.seen.insert(id, shape);
        Ok(shape)
    }
}
