//! Connections by address, which no request is.

use serde_json::json;

use super::super::server::Server;
use super::super::{Answer, Case, Guest, Stage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "raw sockets beside the grant",
        tries: "with one port of 127.0.0.1 granted: connects to another, to 127.0.0.2, 0.0.0.0, and cloud metadata",
        must: "each fails, what is an address is denied and recorded; nobody has connected there",
        run: |stage| {
            let (granted, other) = (Server::plain(), Server::plain());
            stage.grant(&[&format!("network.tcp={}", granted.address())]);
            let heard = connect(stage, [127, 0, 0, 1], granted.port());
            if heard
                .ok()?
                .as_str()
                .is_none_or(|text| !text.ends_with("plain"))
            {
                return Err(format!("what is granted is not heard: {heard}"));
            }
            for (address, port) in [
                ([127, 0, 0, 1], other.port()),
                ([127, 0, 0, 2], granted.port()),
                ([169, 254, 169, 254], 80),
            ] {
                let answer = connect(stage, address, port);
                answer
                    .was_denied()
                    .map_err(|why| format!("{address:?}:{port}: {why}"))?;
            }
            connect(stage, [0; 4], granted.port()).failed()?;
            connect(stage, [0; 4], other.port()).failed()?;
            match granted.connections() {
                1 => other.heard_nothing(),
                count => Err(format!("{count} connections came")),
            }
        },
    },
    Case {
        name: "raw sockets instead of requests",
        tries: "with every request granted, inside and outside, and no connection: connects",
        must: "denied and recorded; nobody has connected",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&["network.external=http://*:*", "network.internal=http://*:*"]);
            connect(stage, [127, 0, 0, 1], server.port()).was_denied()?;
            server.heard_nothing()
        },
    },
    Case {
        name: "other uses of sockets",
        tries: "with every connection granted: listens, makes a UDP socket, looks a name up, connects to cloud metadata",
        must: "each is denied",
        run: |stage| {
            stage.grant(&["network.tcp=0.0.0.0/0:*"]);
            for (action, input) in [
                ("listen", json!({})),
                ("datagrams", json!({})),
                ("look-up", json!({ "name": "localhost" })),
            ] {
                let answer = stage.call_of(&Guest::NET, action, &input);
                answer
                    .was_denied()
                    .map_err(|why| format!("{action}: {why}"))?;
            }
            for address in [[169, 254, 169, 254], [100, 100, 100, 200]] {
                let answer = connect(stage, address, 80);
                answer
                    .was_denied()
                    .map_err(|why| format!("{address:?}: {why}"))?;
            }
            Ok(())
        },
    },
];

/// Asks by a socket of the guest's own for a page, and gives all that was heard.
fn connect(stage: &mut Stage<'_>, address: [u8; 4], port: u16) -> Answer {
    let text = "GET / HTTP/1.1\r\n\r\n";
    let input = json!({ "address": address, "port": port, "text": text });
    stage.call_of(&Guest::NET, "connect", &input)
}
