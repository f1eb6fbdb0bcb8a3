//! Answers that send the guest elsewhere.

use serde_json::json;

use super::super::server::Server;
use super::super::{Answer, Case, Guest, Stage};
use super::internal;

pub(super) const CASES: &[Case] = &[
    Case {
        name: "redirect to this machine",
        tries: "follows a redirect from a granted server to one that is not",
        must: "the second is denied and recorded; nobody has connected there",
        run: |stage| {
            let inner = Server::plain();
            let server = Server::redirecting(&format!("http://{}/", inner.address()));
            stage.grant(&[&internal(&server, "")]);
            follow(stage, &server).was_denied()?;
            inner.heard_nothing()
        },
    },
    Case {
        name: "redirect to metadata",
        tries: "follows redirects to the metadata service, by address and by decimal number",
        must: "each fails",
        run: |stage| {
            for location in [
                "http://169.254.169.254/latest/meta-data/",
                "http://2852039166/latest/meta-data/",
                "//169.254.169.254/",
            ] {
                let server = Server::redirecting(location);
                stage.grant(&[&internal(&server, "")]);
                follow(stage, &server).failed()?;
            }
            Ok(())
        },
    },
    Case {
        name: "redirect to what is no web",
        tries: "follows redirects to `file:`, `ftp:`, `javascript:` and `http://user@…`",
        must: "each fails",
        run: |stage| {
            for location in [
                "file:///etc/passwd",
                "ftp://127.0.0.1/",
                "javascript:alert(1)",
                "http://user@127.0.0.1/",
            ] {
                let server = Server::redirecting(location);
                stage.grant(&["network.internal=http://127.0.0.1:*"]);
                follow(stage, &server).failed()?;
            }
            Ok(())
        },
    },
    Case {
        name: "redirects without end",
        tries: "follows a server that redirects to itself, ten times",
        must: "it ends with the last redirect; the server was asked eleven times at the most",
        run: |stage| {
            let server = Server::redirecting("/again");
            stage.grant(&[&internal(&server, "")]);
            let answer = follow(stage, &server);
            if answer.ok()?["status"] != 302 {
                return Err(format!("it came to an end: {answer}"));
            }
            match server.connections() {
                1..=11 => Ok(()),
                count => Err(format!("it was asked {count} times")),
            }
        },
    },
];

fn follow(stage: &mut Stage<'_>, server: &Server) -> Answer {
    let url = format!("http://{}/", server.address());
    let input = json!({ "url": url, "redirects": 10 });
    stage.call_of(&Guest::NET, "fetch", &input)
}
