//! Doc comments of a component: the `package-docs` section, read, and written for a build.
//!
//! Components carry no comments by themselves. The section has the format of `wit-parser` (one
//! version byte, then JSON) and names no package, so its interfaces are matched to exported ones by
//! their short names. What it says is only ever shown: nothing is decided by it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use wasm_encoder::{ComponentSection, CustomSection};
use wit_parser::{PackageMetadata, Resolve, SourceMap, UnresolvedPackageGroup};

use super::ComponentError;
use super::bounds::{DOCS_SECTION, scan};
use super::describe::TypeName;
use crate::limits::DOCS_BYTES_MAX;
use crate::text::clean_description;

/// Versions of the section that this reads.
const VERSIONS: [u8; 2] = [0, 1];

/// Doc comments by interface, type and function.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Docs {
    worlds: BTreeMap<String, WorldDocs>,
    interfaces: BTreeMap<String, InterfaceDocs>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WorldDocs {
    interfaces: BTreeMap<String, InterfaceDocs>,
    interface_exports: BTreeMap<String, InterfaceDocs>,
    funcs: BTreeMap<String, FunctionDocs>,
    func_exports: BTreeMap<String, FunctionDocs>,
    types: BTreeMap<String, TypeDocs>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct InterfaceDocs {
    funcs: BTreeMap<String, FunctionDocs>,
    types: BTreeMap<String, TypeDocs>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum FunctionDocs {
    Bare(Option<String>),
    Full {
        #[serde(default)]
        docs: Option<String>,
    },
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TypeDocs {
    docs: Option<String>,
    items: BTreeMap<String, String>,
}

impl Docs {
    /// Reads the section. One of a newer version says nothing.
    pub(super) fn parse(section: &[u8]) -> Result<Self, ComponentError> {
        match section.split_first() {
            Some((version, json)) if VERSIONS.contains(version) => serde_json::from_slice(json)
                .map_err(|error| ComponentError::Docs(format!("is not readable: {error}"))),
            Some(_) => Ok(Self::default()),
            None => Err(ComponentError::Docs("is empty".into())),
        }
    }

    /// What is said of an exported function.
    pub(super) fn function(&self, interface: Option<&str>, name: &str) -> Option<String> {
        let docs = match interface {
            Some(interface) => self.interface(interface)?.funcs.get(name),
            None => self
                .worlds
                .values()
                .find_map(|world| world.func_exports.get(name).or(world.funcs.get(name))),
        };
        match docs? {
            FunctionDocs::Bare(text) | FunctionDocs::Full { docs: text } => {
                clean_description(text.as_deref()?)
            }
        }
    }

    /// What is said of a type.
    pub(super) fn named_type(&self, name: &TypeName<'_>) -> Option<String> {
        clean_description(self.type_docs(name)?.docs.as_deref()?)
    }

    /// What is said of a record's field or a variant's case.
    pub(super) fn item(&self, name: &TypeName<'_>, item: &str) -> Option<String> {
        clean_description(self.type_docs(name)?.items.get(item)?)
    }

    fn type_docs(&self, name: &TypeName<'_>) -> Option<&TypeDocs> {
        match name.interface {
            Some(interface) => self.interface(interface)?.types.get(name.name),
            None => self
                .worlds
                .values()
                .find_map(|world| world.types.get(name.name)),
        }
    }

    fn interface(&self, name: &str) -> Option<&InterfaceDocs> {
        self.interfaces.get(name).or_else(|| {
            self.worlds.values().find_map(|world| {
                world
                    .interface_exports
                    .get(name)
                    .or(world.interfaces.get(name))
            })
        })
    }
}

/// One WIT source file.
#[derive(Clone, Debug)]
pub struct WitFile {
    /// What messages call it.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Appends the doc comments of a WIT package to a component built from it.
///
/// `dependencies` holds the files of each package that `package` refers to. A component that has
/// docs already is refused, because there must be only one such section.
pub fn append_docs(
    component: &[u8],
    package: &[WitFile],
    dependencies: &[Vec<WitFile>],
) -> Result<Vec<u8>, ComponentError> {
    if scan(component)?.docs.is_some() {
        return Err(ComponentError::Docs("is there already".into()));
    }
    let groups = dependencies
        .iter()
        .map(|files| parse(files))
        .collect::<Result<Vec<_>, _>>()?;
    let mut resolve = Resolve::new();
    let package = resolve
        .push_groups(parse(package)?, groups)
        .map_err(|error| ComponentError::Wit(error.to_string()))?;
    let section = PackageMetadata::extract(&resolve, package)
        .encode()
        .map_err(|error| ComponentError::Wit(error.to_string()))?;
    if section.len() > DOCS_BYTES_MAX {
        return Err(ComponentError::Docs(format!(
            "would be larger than {DOCS_BYTES_MAX} bytes"
        )));
    }
    let section = CustomSection {
        name: DOCS_SECTION.into(),
        data: section.into(),
    };
    let mut documented = component.to_vec();
    section.append_to_component(&mut documented);
    Ok(documented)
}

fn parse(files: &[WitFile]) -> Result<UnresolvedPackageGroup, ComponentError> {
    let mut sources = SourceMap::default();
    for file in files {
        sources.push(Path::new(&file.path), file.text.as_str());
    }
    sources
        .parse()
        .map_err(|(sources, error)| ComponentError::Wit(error.render(&sources)))
}
