//! The description of the registry: served, whole, and sensible.
//!
//! That every answer is as described is checked wherever a test of this crate asks for something.

use std::collections::HashSet;

use claw_registry_api::{IndexLine, paths};
use serde_json::Value;

use crate::testing::{Publisher, Request, TestRegistry, package};

#[tokio::test]
async fn the_description_is_served_and_revalidates() {
    let registry = TestRegistry::start().await;
    let reply = registry.get(paths::OPENAPI).await;
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.body, crate::http::openapi::text());
    assert!(reply.json()["openapi"].as_str().unwrap().starts_with("3."));
    let etag = reply.header("etag").unwrap();
    let again = Request::new("GET", paths::OPENAPI).header("If-None-Match", etag);
    assert_eq!(registry.send(again).await.status, 304);
}

#[test]
fn every_operation_has_a_name_of_its_own_a_summary_and_a_way_to_say_no() {
    let document: Value = serde_json::from_slice(crate::http::openapi::text()).unwrap();
    let mut names = HashSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{method} {path}: {name}");
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(
                operation["responses"]["default"].is_object(),
                "{method} {path}"
            );
            let changes = ["put", "post", "delete"].contains(&method.as_str());
            if changes {
                assert!(
                    operation["security"][0]["token"].is_array(),
                    "{method} {path}"
                );
            }
        }
    }
    for path in [
        paths::WELL_KNOWN,
        paths::RELEASES,
        paths::EVENTS,
        paths::NAMESPACES,
        paths::TOKENS,
        paths::SEARCH,
        paths::HEALTH,
        paths::READY,
        paths::OPENAPI,
    ] {
        assert!(document["paths"].get(path).is_some(), "{path}");
    }
}

#[tokio::test]
async fn the_lines_of_an_index_are_described() {
    let registry = TestRegistry::start().await;
    let acme = Publisher::of(&registry, "acme").await;
    registry
        .publish(&acme, &package("acme/hello", "1.0.0", "one"))
        .await;
    let [line]: [IndexLine; 1] = registry.index("acme/hello").await.try_into().unwrap();
    let line = serde_json::to_value(line).unwrap();
    let document: Value = serde_json::from_slice(crate::http::openapi::text()).unwrap();
    let described = document["components"]["schemas"]["IndexLine"]["properties"]
        .as_object()
        .unwrap();
    let described: HashSet<&String> = described.keys().collect();
    assert_eq!(
        line.as_object().unwrap().keys().collect::<HashSet<_>>(),
        described
    );
}
