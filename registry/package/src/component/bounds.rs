//! The outline of a component, read within bounds, before anything recursive looks at it.
//!
//! The validator is meant for hostile input, but its parser descends into types of components and
//! instances as deep as they go. So those are walked here first with a counter instead of a stack,
//! and everything that costs time or memory beyond the bytes themselves is limited.

use wasmparser::component_types::ComponentEntityType;
use wasmparser::{
    BinaryReader, BinaryReaderError, ComponentAlias, ComponentExternName, ComponentImport,
    ComponentType, ComponentTypeRef, CoreType, Encoding, Parser, Payload,
};

use super::ComponentError;
use crate::limits::{
    COMPONENT_BYTES_MAX, COMPONENT_DEPTH_MAX, DECLARATION_BYTES_MAX, DOCS_BYTES_MAX,
};

/// The section of wit-parser that carries doc comments.
pub(super) const DOCS_SECTION: &str = "package-docs";

/// What the root of a component names.
pub(super) struct Outline<'a> {
    pub(super) imports: Vec<String>,
    pub(super) exports: Vec<String>,
    pub(super) docs: Option<&'a [u8]>,
}

/// Walks every section once and holds it against the limits.
pub(super) fn scan(bytes: &[u8]) -> Result<Outline<'_>, ComponentError> {
    if bytes.len() as u64 > COMPONENT_BYTES_MAX {
        return Err(ComponentError::TooLarge);
    }
    if Parser::is_core_wasm(bytes) {
        return Err(ComponentError::CoreModule);
    }
    let mut outline = Outline {
        imports: Vec::new(),
        exports: Vec::new(),
        docs: None,
    };
    let mut declared: u64 = 0;
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Some((_, range)) = payload.as_section()
            && declares(&payload)
        {
            declared += (range.end - range.start) as u64;
            if declared > DECLARATION_BYTES_MAX {
                return Err(ComponentError::TooManyDeclarations);
            }
        }
        match payload {
            Payload::Version { encoding, .. } => {
                depth += 1;
                if depth > COMPONENT_DEPTH_MAX {
                    return Err(ComponentError::TooDeep);
                }
                if depth == 1 && encoding == Encoding::Module {
                    return Err(ComponentError::CoreModule);
                }
            }
            Payload::End(_) => depth -= 1,
            Payload::ComponentTypeSection(section) => walk_types(&bytes[section.range()])?,
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    outline.imports.push(import?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    outline.exports.push(export?.name.name.to_owned());
                }
            }
            Payload::CustomSection(section) if depth == 1 && section.name() == DOCS_SECTION => {
                if outline.docs.replace(section.data()).is_some() {
                    return Err(ComponentError::Docs("appears twice".into()));
                }
                if section.data().len() > DOCS_BYTES_MAX {
                    return Err(ComponentError::Docs(format!(
                        "is larger than {DOCS_BYTES_MAX} bytes"
                    )));
                }
            }
            _ => {}
        }
    }
    Ok(outline)
}

impl From<BinaryReaderError> for ComponentError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Invalid(
            error
                .to_string()
                .chars()
                .filter(|c| !c.is_control())
                .take(300)
                .collect(),
        )
    }
}

fn declares(payload: &Payload<'_>) -> bool {
    matches!(
        payload,
        Payload::ComponentTypeSection(_)
            | Payload::ComponentImportSection(_)
            | Payload::ComponentExportSection(_)
            | Payload::ComponentInstanceSection(_)
            | Payload::ComponentAliasSection(_)
            | Payload::ComponentCanonicalSection(_)
            | Payload::CoreTypeSection(_)
            | Payload::InstanceSection(_)
            | Payload::TypeSection(_)
            | Payload::ImportSection(_)
            | Payload::ExportSection(_)
    )
}

/// Which declarations a type of something nested holds.
#[derive(Clone, Copy)]
enum Nested {
    Component,
    Instance,
}

/// Follows the types of one section without recursion, only to know how deep they go.
fn walk_types(section: &[u8]) -> Result<(), ComponentError> {
    let mut reader = BinaryReader::new(section, 0);
    for _ in 0..reader.read_var_u32()? {
        // What is open, outermost first, each with the declarations that are still to come.
        let mut open: Vec<(Nested, u32)> = Vec::new();
        enter(&mut reader, &mut open)?;
        while let Some((nested, left)) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left -= 1;
            match (*nested, reader.read_u8()?) {
                (_, 0x00) => {
                    reader.read::<CoreType<'_>>()?;
                }
                (_, 0x01) => enter(&mut reader, &mut open)?,
                (_, 0x02) => {
                    reader.read::<ComponentAlias<'_>>()?;
                }
                (Nested::Component, 0x03) => {
                    reader.read::<ComponentImport<'_>>()?;
                }
                (_, 0x04) => {
                    reader.read::<ComponentExternName<'_>>()?;
                    reader.read::<ComponentTypeRef>()?;
                }
                _ => {
                    return Err(ComponentError::Invalid(
                        "a type declaration is malformed".into(),
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Reads one type, or opens it where it is one of a component or an instance.
fn enter(
    reader: &mut BinaryReader<'_>,
    open: &mut Vec<(Nested, u32)>,
) -> Result<(), ComponentError> {
    let mut ahead = reader.clone();
    let nested = match ahead.read_u8()? {
        0x41 => Nested::Component,
        0x42 => Nested::Instance,
        _ => {
            reader.read::<ComponentType<'_>>()?;
            return Ok(());
        }
    };
    if open.len() >= COMPONENT_DEPTH_MAX {
        return Err(ComponentError::TooDeep);
    }
    open.push((nested, ahead.read_var_u32()?));
    *reader = ahead;
    Ok(())
}

/// Whether an imported or exported item is an interface.
pub(super) fn is_instance(item: &ComponentEntityType) -> bool {
    matches!(item, ComponentEntityType::Instance(_))
}
