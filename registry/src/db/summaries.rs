//! What a search finds releases by: words that their packages say of themselves, kept so that nobody
//! has to read tarballs for them.

use claw_package::{Digest, PackageName, PermissionSet, SkillJson, Version};
use claw_registry_api::Timestamp;
use sqlx::{QueryBuilder, Sqlite};

use super::{Connection, DatabaseError, moment, parsed, permissions, signed, unsigned};

/// Bytes of each list that are kept: a search shows a hundred releases at once, and finds a package by
/// the first few hundred of its words.
pub const LIST_BYTES_MAX: usize = 16 * 1024;

/// The words of one release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What it is for.
    pub description: String,
    /// Keywords and categories of its manifest.
    pub keywords: Vec<String>,
    /// The names of its actions.
    pub actions: Vec<String>,
    /// The names of its imports.
    pub imports: Vec<String>,
}

/// A release with its words.
#[derive(Debug, Clone)]
pub struct Row {
    /// The place of its note among the entries.
    pub entry: u64,
    /// The package.
    pub package: PackageName,
    /// Its version.
    pub version: Version,
    /// What its manifest asks for.
    pub permissions: PermissionSet,
    /// When it was accepted.
    pub published: Timestamp,
    /// Its words.
    pub summary: Summary,
}

type Columns = (
    i64,
    String,
    String,
    String,
    i64,
    String,
    String,
    String,
    String,
);

impl Summary {
    /// The words of a package.
    pub fn of(skill: &SkillJson) -> Self {
        let manifest = &skill.manifest;
        let labels = manifest.keywords.iter().chain(&manifest.categories);
        let actions = skill.derived.actions.iter().map(|action| &action.name);
        Self {
            description: manifest.description.clone(),
            keywords: first(labels),
            actions: first(actions),
            imports: first(&skill.derived.imports),
        }
    }
}

/// As many of the texts, from the first on, as are kept.
fn first<'a>(texts: impl IntoIterator<Item = &'a String>) -> Vec<String> {
    let mut bytes = 0;
    let fits = |text: &&String| {
        bytes += text.len() + 1;
        bytes <= LIST_BYTES_MAX
    };
    texts.into_iter().take_while(fits).cloned().collect()
}

/// Adds the words of a release, which is there; what stands stays.
pub async fn insert(
    connection: &mut Connection,
    release: u64,
    summary: &Summary,
) -> Result<(), DatabaseError> {
    sqlx::query(
        "INSERT INTO summaries (release, description, keywords, actions, imports)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (release) DO NOTHING",
    )
    .bind(signed(release))
    .bind(&summary.description)
    .bind(summary.keywords.join("\n"))
    .bind(summary.actions.join("\n"))
    .bind(summary.imports.join("\n"))
    .execute(connection)
    .await?;
    Ok(())
}

/// Up to `count` releases from the entry `from` on that have no words yet, with their tarballs.
pub async fn missing(
    connection: &mut Connection,
    from: u64,
    count: u32,
) -> Result<Vec<(u64, Digest)>, DatabaseError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "SELECT releases.entry, releases.tarball FROM releases
         LEFT JOIN summaries ON summaries.release = releases.entry
         WHERE summaries.release IS NULL AND releases.entry >= $1
         ORDER BY releases.entry LIMIT $2",
    )
    .bind(signed(from))
    .bind(i64::from(count))
    .fetch_all(connection)
    .await?;
    let read = rows.into_iter().map(|(entry, tarball)| {
        let entry = unsigned("releases.entry", entry)?;
        Ok((entry, parsed("releases.tarball", tarball)?))
    });
    read.collect()
}

/// The releases of these entries, in any order. One without words is left out.
pub async fn of_entries(
    connection: &mut Connection,
    entries: &[u64],
) -> Result<Vec<Row>, DatabaseError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT releases.entry, releases.package, releases.version, releases.permissions,
                releases.published, summaries.description, summaries.keywords, summaries.actions,
                summaries.imports
         FROM releases JOIN summaries ON summaries.release = releases.entry
         WHERE releases.entry IN (",
    );
    let mut list = query.separated(", ");
    for entry in entries {
        list.push_bind(signed(*entry));
    }
    query.push(")");
    let rows: Vec<Columns> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(Row::try_from).collect()
}

impl TryFrom<Columns> for Row {
    type Error = DatabaseError;

    fn try_from(columns: Columns) -> Result<Self, DatabaseError> {
        let (entry, package, version, lines, published, description, keywords, actions, imports) =
            columns;
        let list = |text: String| text.lines().map(str::to_owned).collect();
        Ok(Self {
            entry: unsigned("releases.entry", entry)?,
            package: parsed("releases.package", package)?,
            version: parsed("releases.version", version)?,
            permissions: permissions(&lines)?,
            published: moment("releases.published", published)?,
            summary: Summary {
                description,
                keywords: list(keywords),
                actions: list(actions),
                imports: list(imports),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_kept_up_to_its_bound() {
        let half = "x".repeat(LIST_BYTES_MAX / 2 - 1);
        let texts = [half.clone(), half.clone(), "y".to_owned()];
        assert_eq!(first(&texts), texts[..2]);
        assert_eq!(first(&["x".repeat(LIST_BYTES_MAX)]), Vec::<String>::new());
    }
}
