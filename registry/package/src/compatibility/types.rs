//! Gives equal types of two components one number, and says what became of a type that differs.

use std::collections::HashMap;

use crate::component::surface::{Shape, Surface};

/// Details told of one changed type. More of them is another type.
const DETAILS_MAX: usize = 8;

/// One number for each type, the same for equal ones.
#[derive(Default)]
pub(super) struct Interner {
    known: HashMap<Shape, u32>,
}

impl Interner {
    /// The numbers of the component's types, in their order. Parts stand before what they are part
    /// of, so each is numbered when it is needed.
    pub(super) fn number(&mut self, surface: &Surface) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(surface.shapes.len());
        for shape in &surface.shapes {
            let shape = shape.with(|part| numbers[*part as usize]);
            let next = self.known.len() as u32;
            numbers.push(*self.known.entry(shape).or_insert(next));
        }
        numbers
    }
}

impl<T> Shape<T> {
    /// The same with other parts.
    pub(super) fn with<U>(&self, part: impl Fn(&T) -> U) -> Shape<U> {
        let named = |parts: &[(String, T)]| {
            let parts = parts.iter();
            parts.map(|(name, ty)| (name.clone(), part(ty))).collect()
        };
        match self {
            Self::Primitive(name) => Shape::Primitive(name.clone()),
            Self::Record(fields) => Shape::Record(named(fields)),
            Self::Variant(cases) => {
                let cases = cases.iter();
                Shape::Variant(
                    cases
                        .map(|(name, ty)| (name.clone(), ty.as_ref().map(&part)))
                        .collect(),
                )
            }
            Self::Flags(names) => Shape::Flags(names.clone()),
            Self::Enum(names) => Shape::Enum(names.clone()),
            Self::List(ty) => Shape::List(part(ty)),
            Self::FixedLengthList(ty, length) => Shape::FixedLengthList(part(ty), *length),
            Self::Map(key, value) => Shape::Map(part(key), part(value)),
            Self::Tuple(types) => Shape::Tuple(types.iter().map(part).collect()),
            Self::Option(ty) => Shape::Option(part(ty)),
            Self::Result(ok, err) => Shape::Result(ok.as_ref().map(&part), err.as_ref().map(&part)),
            Self::Future(ty) => Shape::Future(ty.as_ref().map(part)),
            Self::Stream(ty) => Shape::Stream(ty.as_ref().map(part)),
            Self::Own(name) => Shape::Own(name.clone()),
            Self::Borrow(name) => Shape::Borrow(name.clone()),
            Self::Resource(name) => Shape::Resource(name.clone()),
        }
    }

    /// What it is called.
    fn kind(&self) -> &'static str {
        match self {
            Self::Primitive(_) => "plain type",
            Self::Record(_) => "record",
            Self::Variant(_) => "variant",
            Self::Flags(_) => "flags",
            Self::Enum(_) => "enum",
            Self::List(_) | Self::FixedLengthList(..) => "list",
            Self::Map(..) => "map",
            Self::Tuple(_) => "tuple",
            Self::Option(_) => "option",
            Self::Result(..) => "result",
            Self::Future(_) => "future",
            Self::Stream(_) => "stream",
            Self::Own(_) | Self::Borrow(_) | Self::Resource(_) => "resource",
        }
    }
}

/// What became of a type: `the field `files` is new, the field `id` has another type`.
pub(super) fn difference(previous: &Shape, next: &Shape) -> String {
    let details = match (previous, next) {
        (Shape::Record(a), Shape::Record(b)) => parts("field", a, b),
        (Shape::Variant(a), Shape::Variant(b)) => parts("case", a, b),
        (Shape::Enum(a), Shape::Enum(b)) => parts("case", &unit(a), &unit(b)),
        (Shape::Flags(a), Shape::Flags(b)) => parts("flag", &unit(a), &unit(b)),
        (Shape::Primitive(a), Shape::Primitive(b)) => vec![format!("`{a}` became `{b}`")],
        (a, b) if a.kind() != b.kind() => vec![format!("{} became {}", a.kind(), b.kind())],
        _ => vec!["it is made of other types".to_owned()],
    };
    let more = details.len().saturating_sub(DETAILS_MAX);
    let mut text = details[..details.len() - more].join(", ");
    if more > 0 {
        text.push_str(&format!(", and {more} more"));
    }
    text
}

fn unit(names: &[String]) -> Vec<(String, ())> {
    names.iter().map(|name| (name.clone(), ())).collect()
}

/// Compares named parts, of which the types are numbers that both sides share.
fn parts<T: PartialEq>(what: &str, previous: &[(String, T)], next: &[(String, T)]) -> Vec<String> {
    let of_previous: HashMap<_, _> = previous.iter().map(|(name, ty)| (name, ty)).collect();
    let of_next: HashMap<_, _> = next.iter().map(|(name, ty)| (name, ty)).collect();
    let gone = previous
        .iter()
        .filter(|(name, _)| !of_next.contains_key(name));
    let new = next
        .iter()
        .filter(|(name, _)| !of_previous.contains_key(name));
    let other = previous
        .iter()
        .filter(|(name, ty)| of_next.get(name).is_some_and(|next| *next != ty));
    let mut details: Vec<String> = gone
        .map(|(name, _)| format!("the {what} `{name}` is gone"))
        .chain(new.map(|(name, _)| format!("the {what} `{name}` is new")))
        .chain(other.map(|(name, _)| format!("the {what} `{name}` has another type")))
        .collect();
    if details.is_empty() {
        details.push(format!("its {what}s are in another order"));
    }
    details
}
