//! Requests that lead elsewhere, smuggle something, or never end.

mod addresses;
mod answers;
mod places;
mod redirects;
mod smuggling;
mod sockets;

use serde_json::{Value, json};

use super::server::Server;
use super::{Answer, Family, Guest, Stage};

pub(super) const FAMILY: Family = Family {
    name: "network",
    about: "requests that lead elsewhere, smuggle something, or never end",
    cases: &[
        places::CASES,
        addresses::CASES,
        redirects::CASES,
        smuggling::CASES,
        answers::CASES,
        sockets::CASES,
    ],
};

/// The grant of one server of this machine.
fn internal(server: &Server, path: &str) -> String {
    format!("network.internal=http://{}{path}", server.address())
}

fn get(stage: &mut Stage<'_>, authority: &str, path: &str) -> Answer {
    send(stage, "GET", authority, path, &[])
}

fn send(
    stage: &mut Stage<'_>,
    method: &str,
    authority: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> Answer {
    stage.call_of(
        &Guest::NET,
        "request",
        &input(method, authority, path, headers),
    )
}

/// What the guest's `request` takes.
pub(super) fn input(method: &str, authority: &str, path: &str, headers: &[(&str, &str)]) -> Value {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| json!([name, value]))
        .collect();
    json!({ "method": method, "scheme": "http", "authority": authority, "path": path,
            "headers": headers, "body": null })
}
