//! `SKILL.md`: the page that tells an agent what a skill is for.
//!
//! Its frontmatter follows the open Agent Skills specification, so that an unpacked package is a
//! valid skill folder for every agent that knows it. `allowed-tools` is refused: it would let a
//! package permit itself tools in somebody else's agent. Written from the manifest and the doc
//! comments where an author has none.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::component::Action;
use crate::limits::{DESCRIPTION_CHARACTERS_MAX, SKILL_MD_BYTES_MAX};
use crate::manifest::Manifest;
use crate::text::did_you_mean;

/// Enough for every field at its longest.
const FRONTMATTER_BYTES_MAX: usize = 16 * 1024;

/// The open specification's.
const COMPATIBILITY_CHARACTERS_MAX: usize = 500;

const FIELDS: [&str; 5] = [
    "name",
    "description",
    "license",
    "compatibility",
    "metadata",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Frontmatter {
    name: String,
    description: String,
    #[serde(default, rename = "license")]
    _license: Option<String>,
    #[serde(default)]
    compatibility: Option<String>,
    #[serde(default, rename = "metadata")]
    _metadata: Option<BTreeMap<String, String>>,
}

/// Checks a page against the specification and the package's own name.
pub(super) fn check(bytes: &[u8], name: &str) -> Result<(), SkillMdError> {
    if bytes.len() as u64 > SKILL_MD_BYTES_MAX {
        return Err(SkillMdError::TooLarge);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| SkillMdError::NotUtf8)?;
    let yaml = frontmatter(text).ok_or(SkillMdError::NoFrontmatter)?;
    if yaml.len() > FRONTMATTER_BYTES_MAX {
        return Err(SkillMdError::FrontmatterTooLarge);
    }
    let syntax = |error: serde_saphyr::Error| {
        let message = error.to_string();
        let line = message.lines().next().unwrap_or_default();
        SkillMdError::Syntax(line.chars().filter(|c| !c.is_control()).take(300).collect())
    };
    let fields: BTreeMap<String, serde::de::IgnoredAny> =
        serde_saphyr::from_str(yaml).map_err(syntax)?;
    if let Some(unknown) = fields
        .keys()
        .find(|field| !FIELDS.contains(&field.as_str()))
    {
        let hint = did_you_mean(unknown, FIELDS);
        let field = unknown
            .chars()
            .take(60)
            .flat_map(char::escape_debug)
            .collect();
        return Err(SkillMdError::UnknownField { field, hint });
    }
    let page: Frontmatter = serde_saphyr::from_str(yaml).map_err(syntax)?;
    if page.name != name {
        let actual = page
            .name
            .chars()
            .take(80)
            .flat_map(char::escape_debug)
            .collect();
        return Err(SkillMdError::Name {
            expected: name.into(),
            actual,
        });
    }
    if !(1..=DESCRIPTION_CHARACTERS_MAX).contains(&page.description.trim().chars().count()) {
        return Err(SkillMdError::Description);
    }
    let longest = page
        .compatibility
        .as_deref()
        .map(|text| text.trim().chars().count());
    if longest.is_some_and(|count| !(1..=COMPATIBILITY_CHARACTERS_MAX).contains(&count)) {
        return Err(SkillMdError::Compatibility);
    }
    Ok(())
}

/// What stands between the first line `---` and the next one.
fn frontmatter(text: &str) -> Option<&str> {
    let rest = text
        .strip_prefix("---\n")
        .or_else(|| text.strip_prefix("---\r\n"))?;
    let mut length = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end_matches(['\r', '\n']) == "---" {
            return Some(&rest[..length]);
        }
        length += line.len();
    }
    None
}

/// Writes the page of a skill whose author has none.
pub(super) fn write(manifest: &Manifest, actions: &[Action]) -> String {
    // A JSON string is a YAML string, whatever is in it.
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let name = manifest.name.name();
    let mut page = format!(
        "---\nname: {name}\ndescription: {}\n",
        quoted(&manifest.description)
    );
    if let Some(license) = &manifest.license {
        page.push_str(&format!("license: {}\n", quoted(license)));
    }
    page.push_str(&format!(
        "metadata:\n  package: {}\n  version: {}\n---\n\n# {name}\n\n{}\n",
        quoted(&manifest.name.to_string()),
        quoted(&manifest.version.to_string()),
        manifest.description,
    ));
    let callable: Vec<&Action> = actions
        .iter()
        .filter(|action| action.not_callable.is_none())
        .collect();
    if callable.is_empty() {
        return page;
    }
    page.push_str(&format!(
        "\n## Actions\n\nThe code is a WebAssembly component. Call an action as a tool of `claw mcp`, or with\n`claw run {} ACTION KEY=VALUE…`.\n",
        manifest.name,
    ));
    for action in callable {
        page.push_str(&format!(
            "\n### {}\n\n```wit\n{}\n```\n",
            action.name, action.signature
        ));
        if let Some(description) = &action.description {
            page.push_str(&format!("\n{description}\n"));
        }
    }
    page
}

/// Why a page is not one that agents accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SkillMdError {
    /// More bytes than it may have.
    #[error("it is larger than {SKILL_MD_BYTES_MAX} bytes")]
    TooLarge,
    /// Not text.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// It does not begin with YAML between two lines `---`.
    #[error("it does not begin with frontmatter between two lines `---`")]
    NoFrontmatter,
    /// More frontmatter than it may have.
    #[error("its frontmatter is larger than {FRONTMATTER_BYTES_MAX} bytes")]
    FrontmatterTooLarge,
    /// Not YAML, or a field has the wrong type.
    #[error("its frontmatter does not parse: {0}")]
    Syntax(String),
    /// A field that the specification does not have.
    #[error("`{field}` is not a field of its frontmatter{hint}")]
    UnknownField {
        /// The field.
        field: String,
        /// ` (did you mean …?)`, or nothing.
        hint: String,
    },
    /// Another name than the package's.
    #[error("its name is `{actual}`, but the package's is `{expected}`")]
    Name {
        /// The package's, without namespace.
        expected: String,
        /// What the page says.
        actual: String,
    },
    /// No description, or a long one.
    #[error("its description must have 1 to {DESCRIPTION_CHARACTERS_MAX} characters")]
    Description,
    /// No compatibility text, or a long one.
    #[error("its compatibility must have 1 to {COMPATIBILITY_CHARACTERS_MAX} characters")]
    Compatibility,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(frontmatter: &str) -> Result<(), SkillMdError> {
        check(
            format!("---\n{frontmatter}---\n\n# Tidy\n").as_bytes(),
            "tidy",
        )
    }

    #[test]
    fn a_page_may_use_all_of_the_specification() {
        assert_eq!(page("name: tidy\ndescription: x\n"), Ok(()));
        let full = "name: 'tidy'\ndescription: >\n  Folded over\n  two lines.\nlicense: MIT\n\
                    compatibility: \"Needs claw\"\nmetadata:\n  author: acme\n  version: \"1.0\"\n# done\n";
        assert_eq!(page(full), Ok(()));
        assert_eq!(check(full_crlf().as_bytes(), "tidy"), Ok(()));
        assert_eq!(
            check(b"---\nname: tidy\ndescription: x\n---", "tidy"),
            Ok(())
        );
    }

    fn full_crlf() -> String {
        "---\r\nname: tidy\r\ndescription: x\r\n---\r\nBody\r\n".into()
    }

    #[test]
    fn other_pages_are_refused_saying_why() {
        let message = |frontmatter: &str| page(frontmatter).unwrap_err().to_string();
        insta::assert_snapshot!(message("name: other\ndescription: x\n"), @"its name is `other`, but the package's is `tidy`");
        insta::assert_snapshot!(message("name: tidy\ndescripton: x\n"), @"`descripton` is not a field of its frontmatter (did you mean `description`?)");
        insta::assert_snapshot!(message("name: tidy\ndescription: x\nallowed-tools: Bash\n"), @"`allowed-tools` is not a field of its frontmatter");
        for bad in [
            "",
            "name: tidy\n",
            "description: x\n",
            "name: tidy\nname: tidy\ndescription: x\n",
            "name: tidy\ndescription: ''\n",
            "name: tidy\ndescription: [x]\n",
            "name: tidy\ndescription: x\nmetadata: x\n",
            "name: tidy\ndescription: x\nmetadata: {a: {b: c}}\n",
            "name: tidy\ndescription: x\ncompatibility: ''\n",
            "- name: tidy\n",
            "name: tidy\ndescription: x: y: z\n",
            "name: *alias\ndescription: x\n",
            "name: \"tidy\ndescription: x\n",
        ] {
            assert!(page(bad).is_err(), "{bad}");
        }
        for bytes in [
            &b""[..],
            b"# Tidy\n",
            b"--- \nname: tidy\n---\n",
            b"---\nname: tidy\n",
            b"\xef\xbb\xbf---\nname: tidy\n---\n",
        ] {
            assert_eq!(check(bytes, "tidy"), Err(SkillMdError::NoFrontmatter));
        }
        assert_eq!(
            check(b"---\n\xff\n---\n", "tidy"),
            Err(SkillMdError::NotUtf8)
        );
    }

    #[test]
    fn every_text_ends_at_its_limit() {
        let described = |count| page(&format!("name: tidy\ndescription: {}\n", "é".repeat(count)));
        assert_eq!(described(DESCRIPTION_CHARACTERS_MAX), Ok(()));
        assert_eq!(
            described(DESCRIPTION_CHARACTERS_MAX + 1),
            Err(SkillMdError::Description)
        );
        let compatible = |count| {
            page(&format!(
                "name: tidy\ndescription: x\ncompatibility: {}\n",
                "é".repeat(count)
            ))
        };
        assert_eq!(compatible(COMPATIBILITY_CHARACTERS_MAX), Ok(()));
        assert_eq!(
            compatible(COMPATIBILITY_CHARACTERS_MAX + 1),
            Err(SkillMdError::Compatibility)
        );
        let padded = format!(
            "name: tidy\ndescription: x\n# {}\n",
            "x".repeat(FRONTMATTER_BYTES_MAX)
        );
        assert_eq!(page(&padded), Err(SkillMdError::FrontmatterTooLarge));
        let long = vec![b' '; SKILL_MD_BYTES_MAX as usize + 1];
        assert_eq!(check(&long, "tidy"), Err(SkillMdError::TooLarge));
    }

    #[test]
    fn a_document_that_multiplies_itself_is_refused() {
        let mut bomb =
            String::from("name: tidy\ndescription: x\nmetadata:\n  a: &a [x,x,x,x,x,x,x,x]\n");
        for (before, name) in ('a'..'i').zip('b'..='i') {
            let uses = vec![format!("*{before}"); 8].join(",");
            bomb.push_str(&format!("  {name}: &{name} [{uses}]\n"));
        }
        assert!(matches!(page(&bomb), Err(SkillMdError::Syntax(_))));
    }
}
