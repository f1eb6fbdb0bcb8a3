//! What was not granted, and what only looks like what was.

use serde_json::json;

use super::super::server::Server;
use super::super::{Case, Guest};
use super::{get, internal, send};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "nothing granted",
        tries: "sends a request to a server of this machine with no grant at all",
        must: "denied and recorded; nobody has even connected",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[]);
            get(stage, &server.address(), "/").was_denied()?;
            server.heard_nothing()
        },
    },
    Case {
        name: "another port",
        tries: "with one port granted: sends to another",
        must: "denied and recorded; nobody has connected there",
        run: |stage| {
            let (granted, other) = (Server::plain(), Server::plain());
            stage.grant(&[&internal(&granted, "")]);
            get(stage, &granted.address(), "/").ok()?;
            get(stage, &other.address(), "/").was_denied()?;
            other.heard_nothing()
        },
    },
    Case {
        name: "another path",
        tries: "with `/v1` granted: `/v2`, `/v10`, `/v1/../v2`, encoded once and twice, doubled slashes, `/v1/..;/v2`",
        must: "each is denied and recorded; nobody has connected",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "/v1")]);
            for path in [
                "/v2",
                "/v10",
                "/V1",
                "/v1/../v2",
                "/v1/%2e%2e/v2",
                "/v1/%252e%252e/v2",
                "/v1/..%2fv2",
                "//v1",
                "/v1/..;/v2",
                "/v1\\..\\v2",
                "/v1/..",
            ] {
                let answer = get(stage, &server.address(), path);
                answer.failed().map_err(|why| format!("{path}: {why}"))?;
            }
            server.heard_nothing()?;
            get(stage, &server.address(), "/v1/x").ok().map(drop)
        },
    },
    Case {
        name: "another method",
        tries: "with `GET` granted: `POST`, `DELETE`, `CONNECT`, `TRACE`, `get`, `GET` with a blank and a line after it",
        must: "each fails; nobody has connected",
        run: |stage| {
            let server = Server::plain();
            let grant = format!("network.internal=GET http://{}", server.address());
            stage.grant(&[&grant]);
            for method in [
                "POST",
                "DELETE",
                "CONNECT",
                "TRACE",
                "get",
                "GET ",
                "GET\r\nx: y",
                "G\u{0}T",
            ] {
                let answer = send(stage, method, &server.address(), "/", &[]);
                answer
                    .failed()
                    .map_err(|why| format!("{method:?}: {why}"))?;
            }
            server.heard_nothing()?;
            send(stage, "GET", &server.address(), "/", &[])
                .ok()
                .map(drop)
        },
    },
    Case {
        name: "userinfo",
        tries: "`user@`, `example.com@` and `example.com:80@` before the server, `@example.com` after it, `#` and `?` between",
        must: "each fails; nobody has connected",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[
                "network.external=http://*:*",
                "network.internal=http://example.com:*",
            ]);
            let address = server.address();
            for authority in [
                format!("user@{address}"),
                format!("user:word@{address}"),
                format!("example.com@{address}"),
                format!("example.com:80@{address}"),
                format!("{address}@example.com"),
                format!("example.com#@{address}"),
                format!("example.com?@{address}"),
                format!("example.com/@{address}"),
                format!("example.com\\@{address}"),
            ] {
                let answer = get(stage, &authority, "/");
                answer
                    .failed()
                    .map_err(|why| format!("{authority}: {why}"))?;
            }
            server.heard_nothing()
        },
    },
    Case {
        name: "authorities that are none",
        tries: "blanks, tabs, NUL, percent signs, two colons, ports of 0, 65536 and +80, full-width digits and dots",
        must: "each fails; nobody has connected",
        run: |stage| {
            let server = Server::plain();
            let port = server.port();
            stage.grant(&["network.external=http://*:*", "network.internal=http://*:*"]);
            for authority in [
                format!("127.0.0.1 :{port}"),
                format!("127.0.0.1\t:{port}"),
                format!("127.0.0.1\0:{port}"),
                format!("127.0.0.1:{port}:80"),
                format!("127.0.0.1:+{port}"),
                format!("127.0.0.1:0{port}"),
                "127.0.0.1:0".to_owned(),
                "127.0.0.1:65536".to_owned(),
                format!("127%2e0.0.1:{port}"),
                format!("127\u{3002}0\u{3002}0\u{3002}1:{port}"),
                format!("\u{ff11}27.0.0.1:{port}"),
                format!("127.0.0.1\r\n:{port}"),
                String::new(),
            ] {
                let answer = get(stage, &authority, "/");
                answer
                    .failed()
                    .map_err(|why| format!("{authority:?}: {why}"))?;
            }
            server.heard_nothing()
        },
    },
    Case {
        name: "other schemes",
        tries: "`ftp`, `file`, `gopher`, `HTTP`, `unix` and `https` where `http` is granted",
        must: "each fails; nobody has connected",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "")]);
            for scheme in ["ftp", "file", "gopher", "ws", "unix", "https"] {
                let input = json!({ "method": "GET", "scheme": scheme, "authority": server.address(),
                                        "path": "/", "headers": [], "body": null });
                let answer = stage.call_of(&Guest::NET, "request", &input);
                answer.failed().map_err(|why| format!("{scheme}: {why}"))?;
            }
            server.heard_nothing()
        },
    },
];
