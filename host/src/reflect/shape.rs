//! The types that have a JSON form, read once per action from Wasmtime's type information.

use claw_package::limits::TYPE_DEPTH_MAX;
use wasmtime::component::types::Type;

/// Types in one signature when written out.
const NODES_MAX: usize = 10_000;

/// A component type, as far as JSON goes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    Bool,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    Float32,
    Float64,
    Char,
    String,
    /// `list<u8>`: base64.
    Bytes,
    List(Box<Shape>),
    Tuple(Vec<Shape>),
    Record(Vec<(String, Shape)>),
    Variant(Vec<(String, Option<Shape>)>),
    Enum(Vec<String>),
    Flags(Vec<String>),
    Option(Box<Shape>),
    Result {
        ok: Option<Box<Shape>>,
        err: Option<Box<Shape>>,
    },
}

/// Counts the types of one signature. A named type may be used in many places, so a small component
/// can describe an enormous one.
#[derive(Default)]
pub(crate) struct Nodes {
    seen: usize,
    depth: usize,
}

impl Shape {
    /// Reads a type, or says what about it has no JSON form.
    pub(crate) fn of(ty: &Type, nodes: &mut Nodes) -> Result<Self, String> {
        nodes.seen += 1;
        nodes.depth += 1;
        if nodes.seen > NODES_MAX || nodes.depth > TYPE_DEPTH_MAX {
            return Err("has too large a type".to_owned());
        }
        let mut inner = |ty: &Type| Self::of(ty, nodes);
        let shape = match ty {
            Type::Bool => Self::Bool,
            Type::U8 => Self::U8,
            Type::U16 => Self::U16,
            Type::U32 => Self::U32,
            Type::U64 => Self::U64,
            Type::S8 => Self::S8,
            Type::S16 => Self::S16,
            Type::S32 => Self::S32,
            Type::S64 => Self::S64,
            Type::Float32 => Self::Float32,
            Type::Float64 => Self::Float64,
            Type::Char => Self::Char,
            Type::String => Self::String,
            Type::List(list) => match list.ty() {
                Type::U8 => Self::Bytes,
                element => Self::List(Box::new(inner(&element)?)),
            },
            Type::Tuple(tuple) => Self::Tuple(
                tuple
                    .types()
                    .map(|ty| inner(&ty))
                    .collect::<Result<_, _>>()?,
            ),
            Type::Record(record) => Self::Record(
                record
                    .fields()
                    .map(|field| Ok((field.name.to_owned(), inner(&field.ty)?)))
                    .collect::<Result<_, String>>()?,
            ),
            Type::Variant(variant) => Self::Variant(
                variant
                    .cases()
                    .map(|case| {
                        Ok((
                            case.name.to_owned(),
                            case.ty.map(|ty| inner(&ty)).transpose()?,
                        ))
                    })
                    .collect::<Result<_, String>>()?,
            ),
            Type::Enum(cases) => Self::Enum(cases.names().map(str::to_owned).collect()),
            Type::Flags(flags) => Self::Flags(flags.names().map(str::to_owned).collect()),
            Type::Option(option) => Self::Option(Box::new(inner(&option.ty())?)),
            Type::Result(result) => {
                let mut side = |ty: Option<Type>| -> Result<_, String> {
                    ty.map(|ty| inner(&ty).map(Box::new)).transpose()
                };
                Self::Result {
                    ok: side(result.ok())?,
                    err: side(result.err())?,
                }
            }
            Type::Own(_) | Type::Borrow(_) => return Err("holds a resource".to_owned()),
            Type::Stream(_) => return Err("holds a stream".to_owned()),
            Type::Future(_) => return Err("holds a future".to_owned()),
            Type::ErrorContext => return Err("holds an error context".to_owned()),
            Type::Map(_) | Type::FixedLengthList(_) => {
                return Err("uses a type that this version does not know".to_owned());
            }
        };
        nodes.depth -= 1;
        Ok(shape)
    }

    /// What a person would call it, for "expected …".
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::U8 => "an integer from 0 to 255",
            Self::U16 => "an integer from 0 to 65535",
            Self::U32 => "an integer from 0 to 4294967295",
            Self::U64 => "an integer from 0 to 18446744073709551615",
            Self::S8 => "an integer from -128 to 127",
            Self::S16 => "an integer from -32768 to 32767",
            Self::S32 => "an integer from -2147483648 to 2147483647",
            Self::S64 => "an integer from -9223372036854775808 to 9223372036854775807",
            Self::Float32 | Self::Float64 => {
                "a number, `\"NaN\"`, `\"Infinity\"` or `\"-Infinity\"`"
            }
            Self::Char => "a string of one character",
            Self::String => "a string",
            Self::Bytes => "a string in base64",
            Self::List(_) | Self::Tuple(_) => "an array",
            Self::Record(_) => "an object",
            Self::Variant(_) => "the name of a case, or an object with one case",
            Self::Enum(_) => "the name of a case",
            Self::Flags(_) => "an array of names",
            Self::Option(_) => "null, or an object with `some`",
            Self::Result { .. } => "an object with `ok` or `err`",
        }
    }
}
