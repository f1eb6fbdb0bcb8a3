//! The document by which a registry says who it is and where its parts are.

use claw_trust::Origin;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::paths;

/// `GET /.well-known/claw-registry.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WellKnown {
    /// The version of this document and of everything it points to.
    pub v: u64,
    /// The registry's lasting name. Clients pin it.
    #[schema(value_type = String)]
    pub origin: Origin,
    /// Where index files are.
    pub index: String,
    /// Where blobs are.
    pub blobs: String,
    /// Where keyset notes are.
    pub keysets: String,
    /// Where changes are sent.
    pub api: String,
}

impl WellKnown {
    /// The version that this crate speaks.
    pub const VERSION: u64 = 1;

    /// The longest such document that is read.
    pub const BYTES_MAX: usize = 16 * 1024;

    /// The document of a registry whose parts are in their usual places.
    pub fn new(origin: Origin) -> Self {
        Self {
            v: Self::VERSION,
            origin,
            index: paths::INDEX.to_owned(),
            blobs: paths::BLOBS.to_owned(),
            keysets: paths::KEYSETS.to_owned(),
            api: paths::API.to_owned(),
        }
    }

    /// Whether this crate's [`paths`] lead to this registry's parts.
    pub fn is_usual(&self) -> bool {
        *self == Self::new(self.origin.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_as_promised() {
        let document = WellKnown::new("skills.acme.example".parse().unwrap());
        let text = r#"{"v":1,"origin":"skills.acme.example","index":"/index/","blobs":"/blobs/","keysets":"/keysets/","api":"/api/v1/"}"#;
        assert_eq!(serde_json::to_string(&document).unwrap(), text);
        assert_eq!(serde_json::from_str::<WellKnown>(text).unwrap(), document);
        assert!(document.is_usual());
        assert!(
            !WellKnown {
                v: 2,
                ..document.clone()
            }
            .is_usual()
        );
        assert!(
            !WellKnown {
                index: "https://cdn.example/".to_owned(),
                ..document
            }
            .is_usual()
        );
    }
}
