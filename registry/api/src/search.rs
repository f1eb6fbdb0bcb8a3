//! Search: what a client may ask for, and what is answered.
//!
//! A result is a hint: it says which packages to look at, and nothing in it is signed. Whoever adds
//! one of them reads its index and its note.

use claw_package::{PackageName, PermissionKind, PermissionSet, Version, clean_description};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::index::normal_form;
use crate::time::Timestamp;

/// The version of answers that this crate writes and understands.
pub const VERSION: u64 = 1;

/// The longest `q`: more than anybody types.
pub const QUERY_BYTES_MAX: usize = 256;

/// Words in `q`: each is looked up on its own.
pub const QUERY_WORDS_MAX: usize = 16;

/// The longest `import`.
pub const IMPORT_BYTES_MAX: usize = 128;

/// Results in one answer.
pub const RESULTS_MAX: u32 = 100;

/// Results in one answer where the client did not say how many.
pub const RESULTS_DEFAULT: u32 = 20;

/// The largest `offset`: who wants more asks for something narrower.
pub const OFFSET_MAX: u32 = 10_000;

/// The longest answer that is read: the most results, each with the most permissions, twice over for
/// escapes.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// `GET /api/v1/search`: the parameters after the path, each of which may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// Words of the name, the description, the keywords or the actions. Without any, everything is
    /// found.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// Only packages that ask for a permission of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    pub permission: Option<PermissionKind>,
    /// Only packages that import this: `wasi:http`, `wasi:http/types` or `wasi:http/types@0.2.6`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// How many results to answer, [`RESULTS_DEFAULT`] unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// How many results to leave out before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<u32>,
}

impl SearchQuery {
    /// The parameters as they stand after the path, before any escaping.
    pub fn pairs(&self) -> Vec<(&'static str, String)> {
        let q = Some(self.q.clone()).filter(|q| !q.is_empty());
        let pairs = [
            ("q", q),
            ("permission", self.permission.map(|kind| kind.to_string())),
            ("import", self.import.clone()),
            ("limit", self.limit.map(|limit| limit.to_string())),
            ("offset", self.offset.map(|offset| offset.to_string())),
        ];
        let given = pairs
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        given.collect()
    }
}

/// The answer to a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchAnswer {
    /// The version of this answer's form.
    pub v: u64,
    /// How many packages were found, those left out included.
    pub total: u64,
    /// The best first.
    pub results: Vec<SearchResult>,
}

/// One package that was found: its newest release that is not yanked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SearchResult {
    /// The package.
    #[schema(value_type = String)]
    pub name: PackageName,
    /// The version of that release.
    #[schema(value_type = String)]
    pub version: Version,
    /// What it is for, in one line that shows what it says.
    #[serde(deserialize_with = "clean")]
    pub description: String,
    /// What it asks for, in normal form.
    #[serde(deserialize_with = "normal_form")]
    #[schema(value_type = Vec<String>)]
    pub permissions: PermissionSet,
    /// How often a tarball of the package was fetched, all releases together.
    pub downloads: u64,
    /// When that release was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub published: Timestamp,
}

/// Registries are not believed to have cleaned what goes to a terminal.
fn clean<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let text = String::deserialize(from)?;
    Ok(clean_description(&text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"{"v":1,"total":7,"results":[{"name":"acme/x","version":"1.0.0","description":"Reads files","permissions":["filesystem.read=."],"downloads":3,"published":"2026-11-20T10:00:00Z"}]}"#;

    #[test]
    fn an_answer_travels_as_promised() {
        let answer: SearchAnswer = serde_json::from_str(ANSWER).unwrap();
        assert_eq!(answer.total, 7);
        assert_eq!(answer.results[0].name.to_string(), "acme/x");
        assert_eq!(serde_json::to_string(&answer).unwrap(), ANSWER);
    }

    #[test]
    fn a_description_never_reaches_a_terminal_as_it_came() {
        let dirty = ANSWER.replace("Reads files", r"Reads \u001b[2Jfiles\n\u202enow");
        let answer: SearchAnswer = serde_json::from_str(&dirty).unwrap();
        assert_eq!(answer.results[0].description, "Reads [2Jfiles now");
    }

    #[test]
    fn only_what_is_asked_for_is_sent() {
        assert_eq!(SearchQuery::default().pairs(), []);
        let query = SearchQuery {
            q: "read pdf".to_owned(),
            permission: Some(PermissionKind::NetworkExternal),
            import: Some("wasi:http".to_owned()),
            limit: Some(5),
            offset: Some(10),
        };
        let pairs = query.pairs();
        let texts: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            texts,
            [
                "q=read pdf",
                "permission=network.external",
                "import=wasi:http",
                "limit=5",
                "offset=10"
            ]
        );
    }
}
