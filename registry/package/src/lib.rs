//! What a skill package is: names, versions, permissions, manifest, tarball, and what a component
//! exports and imports.
//!
//! Pure: it touches no file, no clock, no network and no environment variable. Everything a
//! stranger can write (a name, a permission, a component, an archive) becomes a type here or is
//! refused here, within the bounds of [`limits`]. It runs no component and trusts no signature;
//! that is for the crates above.

pub mod archive;
pub mod combination;
pub mod compatibility;
pub mod component;
pub mod digest;
mod json;
pub mod limits;
pub mod manifest;
pub mod name;
pub mod permission;
pub mod skill_json;
mod text;

pub use archive::{
    EntryInfo, NoSink, PackError, PackFile, PackSource, Package, Packed, ReadError, Sink, pack,
    read,
};
pub use combination::{Combination, Leg, combination};
pub use compatibility::{Bump, Change, Verdict};
pub use component::{
    Action, ComponentError, ComponentInfo, Gate, Import, ImportClass, Surface, WitFile,
    append_docs, check_imports, decode,
};
pub use digest::{Digest, DigestError, Hasher, Measured};
pub use json::ShapeFault;
pub use manifest::{LimitRequests, Manifest, ManifestError, Trigger};
pub use name::{NameError, Namespace, PackageName, Requirement, Spec, Version, ranked};
pub use permission::{Permission, PermissionError, PermissionKind, PermissionSet};
pub use skill_json::{Derived, SkillJson, SkillJsonError, Toolchain, world};
pub use text::clean_description;
