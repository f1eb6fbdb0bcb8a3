//! Searching over HTTP, and how often a package was downloaded.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use claw_registry_api::search::{
    IMPORT_BYTES_MAX, OFFSET_MAX, QUERY_BYTES_MAX, QUERY_WORDS_MAX, RESULTS_DEFAULT, RESULTS_MAX,
    VERSION,
};
use claw_registry_api::{
    DownloadsAnswer, ErrorCode, ReleaseDownloads, SearchAnswer, SearchQuery, SearchResult, paths,
};

use super::index::named;
use super::{Answer, Registry};
use crate::db::downloads;
use crate::failure::{Failure, Refusal};
use crate::search::Question;

/// The packages that match a query, the best first.
#[utoipa::path(
    get,
    path = paths::SEARCH,
    operation_id = "search",
    params(SearchQuery),
    responses((status = 200, description = "what was found", body = SearchAnswer))
)]
pub(super) async fn search(
    State(app): Registry,
    query: Result<Query<SearchQuery>, QueryRejection>,
) -> Answer<Json<SearchAnswer>> {
    let Query(query) =
        query.map_err(|error| Refusal::new(ErrorCode::BadRequest, error.body_text()))?;
    let question = question(query)?;
    if !app.search.is_ready() {
        let detail = "the search is still being prepared, as it is after each start";
        return Err(Refusal::new(ErrorCode::Unavailable, detail).into());
    }
    let turn = app.searches.acquire().await.map_err(Failure::internal)?;
    let shared = Arc::clone(&app);
    let found = tokio::task::spawn_blocking(move || shared.search.find(&question)).await?;
    drop(turn);
    let results = found.hits.into_iter().map(|hit| {
        let shown = &hit.shown;
        SearchResult {
            name: shown.package.clone(),
            version: shown.version.clone(),
            description: shown.description.clone(),
            permissions: shown.permissions.clone(),
            downloads: hit.downloads,
            published: shown.published,
        }
    });
    Ok(Json(SearchAnswer {
        v: VERSION,
        total: found.total,
        results: results.collect(),
    }))
}

/// What is asked for, if it is within the limits.
fn question(query: SearchQuery) -> Result<Question, Refusal> {
    let refuse = |detail: String| Err(Refusal::new(ErrorCode::BadRequest, detail));
    if query.q.len() > QUERY_BYTES_MAX {
        return refuse(format!("`q` is longer than {QUERY_BYTES_MAX} bytes"));
    }
    let question = Question::new(&query.q);
    if question.words() > QUERY_WORDS_MAX {
        return refuse(format!("`q` has more than {QUERY_WORDS_MAX} words"));
    }
    if query
        .import
        .as_ref()
        .is_some_and(|import| import.len() > IMPORT_BYTES_MAX)
    {
        return refuse(format!("`import` is longer than {IMPORT_BYTES_MAX} bytes"));
    }
    let limit = query.limit.unwrap_or(RESULTS_DEFAULT);
    if limit == 0 || limit > RESULTS_MAX {
        return refuse(format!("`limit` is not between 1 and {RESULTS_MAX}"));
    }
    let offset = query.offset.unwrap_or(0);
    if offset > OFFSET_MAX {
        return refuse(format!(
            "`offset` is more than {OFFSET_MAX}: ask for something narrower"
        ));
    }
    let question = question.filtered(query.permission, query.import);
    Ok(question.page(offset as usize, limit as usize))
}

/// How often each release of a package was downloaded.
#[utoipa::path(
    get,
    path = "/api/v1/downloads/{namespace}/{name}",
    operation_id = "downloads",
    params(
        ("namespace" = String, Path, description = "the namespace"),
        ("name" = String, Path, description = "the package's own name"),
    ),
    responses((status = 200, description = "the counts", body = DownloadsAnswer))
)]
pub(super) async fn of_package(
    State(app): Registry,
    Path((namespace, name)): Path<(String, String)>,
) -> Answer<Json<DownloadsAnswer>> {
    let missing = || {
        let detail = format!("there is no package `{namespace}/{name}`");
        Refusal::new(ErrorCode::NotFound, detail)
    };
    let package = named(&namespace, &name).ok_or_else(missing)?;
    let mut reader = app.db.read().await?;
    let rows = downloads::of_package(&mut reader, &package).await?;
    if rows.is_empty() {
        return Err(missing().into());
    }
    let releases = rows.into_iter().map(|row| ReleaseDownloads {
        version: row.version,
        downloads: row.downloads,
    });
    Ok(Json(DownloadsAnswer::new(package, releases.collect())))
}
