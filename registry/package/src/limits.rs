//! Every size, count and depth that somebody else controls, in one place.
//!
//! Each is crossed by a test. They are part of what a package is: raising one is harmless, lowering
//! one refuses packages that were good before.

/// A tarball as it is sent. Ten times the largest component a JavaScript or Python toolchain makes
/// today, and small enough for a registry to take hundreds at once as streams.
pub const PACKED_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// The tar inside it, headers and padding included.
pub const UNPACKED_BYTES_MAX: u64 = 128 * 1024 * 1024;

/// How many times larger the tar may be than the gzip bytes it came from. Components and text
/// compress 3 to 10 times; a bomb 1,000 times.
pub const RATIO_MAX: u64 = 100;

/// Below this many unpacked bytes the ratio is not looked at: small files of blanks are no bomb.
pub const RATIO_FREE_BYTES: u64 = 1024 * 1024;

/// Files and folders in one tarball.
pub const ENTRIES_MAX: usize = 1000;

/// One path in a tarball, root folder included. What a ustar header can hold is 256.
pub const PATH_BYTES_MAX: usize = 255;

/// One word between the slashes of a path: what a ustar name field holds.
pub const PATH_COMPONENT_BYTES_MAX: usize = 100;

/// Words in one path, root folder included.
pub const PATH_DEPTH_MAX: usize = 16;

/// `skill.wasm`. The largest known (Python) is 19 MB.
pub const COMPONENT_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// `skill.json`: a thousand actions with their schemas fit.
pub const SKILL_JSON_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// `SKILL.md`. The open specification advises under 5,000 words.
pub const SKILL_MD_BYTES_MAX: u64 = 256 * 1024;

/// The manifest file that an author writes.
pub const MANIFEST_BYTES_MAX: usize = 256 * 1024;

/// Objects and arrays inside each other in any JSON that is read.
/// Four for each type in a schema, and the objects around it.
pub const JSON_DEPTH_MAX: usize = 120;

/// Objects and arrays in any JSON that is read: each takes up to 640 bytes of memory, from 2 bytes of
/// text. A thousand actions with twenty parameters each fit.
pub const JSON_CONTAINERS_MAX: usize = 100_000;

/// A namespace.
pub const NAMESPACE_BYTES_MAX: usize = 39;

/// The second part of a package's name.
pub const NAME_BYTES_MAX: usize = 64;

/// A version. An OCI tag holds 128.
pub const VERSION_BYTES_MAX: usize = 64;

/// Each of the three numbers of a version: what JavaScript and SQL hold exactly.
pub const VERSION_PART_MAX: u64 = (1 << 53) - 1;

/// A version requirement.
pub const REQUIREMENT_BYTES_MAX: usize = 128;

/// One permission, in its one-line form.
pub const PERMISSION_BYTES_MAX: usize = 1024;

/// Lines in a manifest's permissions. More than a person reads is consent to nothing.
pub const PERMISSIONS_MAX: usize = 64;

/// A description, in characters: of a package or of an action.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 1024;

/// Categories or keywords of one package.
pub const LABELS_MAX: usize = 10;

/// One category or keyword.
pub const LABEL_BYTES_MAX: usize = 32;

/// Any other text of a manifest: licence, repository, pattern, schedule.
pub const FIELD_BYTES_MAX: usize = 512;

/// Triggers of one package.
pub const TRIGGERS_MAX: usize = 32;

/// The input a cron trigger passes, as JSON text.
pub const TRIGGER_INPUT_BYTES_MAX: usize = 16 * 1024;

/// Actions of one component.
pub const ACTIONS_MAX: usize = 1000;

/// The exported functions and types of one component as they are compared, in about the bytes they take:
/// a type counts once for every name that it is given. Ten times what real components come to.
pub const SURFACE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Interfaces that one component imports.
pub const IMPORTS_MAX: usize = 500;

/// Sections that declare types, imports, exports, instances and aliases, all together. Checking
/// costs grow with these and not with the code; real components have under 100 KiB.
pub const DECLARATION_BYTES_MAX: u64 = 1024 * 1024;

/// Variables times bytes of one function: what compiling it takes grows with that. The largest function
/// of a JavaScript engine comes to 2^23.
pub const FUNCTION_WEIGHT_MAX: u64 = 1 << 27;

/// The same, summed over all functions of a component. A JavaScript engine comes to 2^28.
pub const CODE_WEIGHT_MAX: u64 = 1 << 31;

/// Components, modules, and types of either, inside each other.
pub const COMPONENT_DEPTH_MAX: usize = 16;

/// Types that a validator compares, each written out and counted again for every use: in components
/// inside a component, and in whatever is instantiated. Real components have a few thousand; a
/// million takes a tenth of a second.
pub const COMPARED_TYPES_MAX: u64 = 2_000_000;

/// Types inside each other in one action's signature.
pub const TYPE_DEPTH_MAX: usize = 24;

/// Signature and schemas of one action, written out (a named type may be used many times), in
/// about the bytes they take.
pub const ACTION_BYTES_MAX: usize = 256 * 1024;

/// The same for all actions of one component.
pub const ACTIONS_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The `package-docs` section of a component.
pub const DOCS_BYTES_MAX: usize = 1024 * 1024;
