//! Why bytes are not a component that a skill can be.

use crate::limits::{
    ACTIONS_MAX, CODE_WEIGHT_MAX, COMPARED_TYPES_MAX, COMPONENT_BYTES_MAX, COMPONENT_DEPTH_MAX,
    DECLARATION_BYTES_MAX, FUNCTION_WEIGHT_MAX, IMPORTS_MAX, SURFACE_BYTES_MAX,
};
use crate::permission::PermissionKind;

/// Why bytes are not a component that a skill can be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComponentError {
    /// More bytes than a component may have.
    #[error("the component is larger than {COMPONENT_BYTES_MAX} bytes")]
    TooLarge,
    /// A module without component types around it.
    #[error("this is a core module, not a component; build it for `wasm32-wasip2`")]
    CoreModule,
    /// An encoded WIT package.
    #[error("this is an encoded WIT package, not a component")]
    WitPackage,
    /// Not WebAssembly, or not valid.
    #[error("this is not a valid component: {0}")]
    Invalid(String),
    /// Modules, components or their types too deep inside each other.
    #[error("components or their types are nested deeper than {COMPONENT_DEPTH_MAX}")]
    TooDeep,
    /// Far more types or imports than any interface needs.
    #[error(
        "the component declares types, imports and exports in more than {DECLARATION_BYTES_MAX} bytes"
    )]
    TooManyDeclarations,
    /// A few declarations that make the validator compare without end.
    #[error("the component asks for more than {COMPARED_TYPES_MAX} types to be compared")]
    TooMuchCompared,
    /// Code that would keep a compiler busy without end.
    #[error(
        "a function has too many variables for its length: their product is over {FUNCTION_WEIGHT_MAX}, \
         or over {CODE_WEIGHT_MAX} in all functions"
    )]
    CodeTooHeavy,
    /// More imports than a host offers.
    #[error("the component has more than {IMPORTS_MAX} imports")]
    TooManyImports,
    /// More actions than anybody can choose from.
    #[error("the component exports more than {ACTIONS_MAX} functions")]
    TooManyActions,
    /// The same types exported under so many names that comparing them would take for ever.
    #[error("the exported functions and types take more than {SURFACE_BYTES_MAX} bytes")]
    SurfaceTooLarge,
    /// A signature that explodes when written out.
    #[error("the types of `{0}` are too large when written out")]
    TypesTooLarge(String),
    /// All signatures together explode.
    #[error("the types of all actions together are too large when written out")]
    AllTypesTooLarge,
    /// An export that is neither function nor interface.
    #[error("the export `{0}` is neither a function nor an interface")]
    ExportKind(String),
    /// A `package-docs` section that is not one.
    #[error("the `package-docs` section {0}")]
    Docs(String),
    /// The WIT of which documentation is wanted does not parse.
    #[error("the WIT source is not valid: {0}")]
    Wit(String),
    /// An import that no host of this version offers.
    #[error("the import `{0}` is not one that a skill may have")]
    ImportUnknown(String),
    /// An import of power that the manifest does not ask for.
    #[error("the import `{import}` needs a permission of kind {}", kinds(.needs))]
    ImportNotPermitted {
        /// The interface.
        import: String,
        /// One of these kinds would do.
        needs: &'static [PermissionKind],
    },
    /// The validator accepted what its own tables do not hold.
    #[error("the component's declarations contradict each other")]
    Inconsistent,
}

fn kinds(kinds: &[PermissionKind]) -> String {
    kinds
        .iter()
        .map(|kind| format!("`{kind}`"))
        .collect::<Vec<_>>()
        .join(" or ")
}
