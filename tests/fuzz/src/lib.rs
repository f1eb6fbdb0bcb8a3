//! What must hold for any bytes that a stranger may send to claw: one function for each reader.
//!
//! Each function takes bytes and panics where a promise breaks. None may panic, hang or take much
//! memory for bytes that are merely wrong: those are refused, and that is all. libFuzzer calls them
//! by `targets/`; a test of the stable toolchain calls them over `corpus/`.

mod arguments;
mod component;
mod index;
mod keyset;
mod lock;
mod manifest;
mod note;
mod permission;
mod settings;
mod spec;
mod tarball;
mod text;

pub use arguments::arguments;
pub use component::component;
pub use index::index;
pub use keyset::keyset;
pub use lock::lock;
pub use manifest::manifest;
pub use note::note;
pub use permission::permission;
pub use settings::settings;
pub use spec::spec;
pub use tarball::tarball;

/// A function that holds for any bytes.
pub type Target = fn(&[u8]);

/// Every target by the name of its folder in `corpus/`.
pub const TARGETS: &[(&str, Target)] = &[
    ("arguments", arguments),
    ("component", component),
    ("index", index),
    ("keyset", keyset),
    ("lock", lock),
    ("manifest", manifest),
    ("note", note),
    ("permission", permission),
    ("settings", settings),
    ("spec", spec),
    ("tarball", tarball),
];
