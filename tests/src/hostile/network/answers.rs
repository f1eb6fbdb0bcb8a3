//! Servers that are slow, endless, or speak no HTTP, and a guest that asks too much of one.

use std::time::Duration;

use serde_json::json;

use super::super::server::Server;
use super::super::{Case, Guest, Stage, Verdict};
use super::{get, internal};

/// Longer than any server may keep a guest waiting in these cases.
const SHORT: Duration = Duration::from_secs(3);

pub(super) const CASES: &[Case] = &[
    Case {
        name: "a server that never answers",
        tries: "waits for a server that takes the request and says nothing",
        must: "it is over within the action's time",
        run: |stage| {
            let server = Server::endless("", Vec::new(), Duration::from_millis(200));
            over_in_time(stage, &server)
        },
    },
    Case {
        name: "a server that answers byte by byte",
        tries: "waits for a server that sends one byte of its head every 100 ms",
        must: "it is over within the action's time",
        run: |stage| {
            let server = Server::endless(
                "HTTP/1.1 200 OK\r\nx: ",
                b"y".to_vec(),
                Duration::from_millis(100),
            );
            over_in_time(stage, &server)
        },
    },
    Case {
        name: "an endless head",
        tries: "reads an answer whose headers never end",
        must: "it fails at the limit of headers",
        run: |stage| {
            let server = Server::endless(
                "HTTP/1.1 200 OK\r\n",
                b"x-header: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n".repeat(100),
                Duration::ZERO,
            );
            stage.grant(&[&internal(&server, "")]);
            get(stage, &server.address(), "/").failed()
        },
    },
    Case {
        name: "an endless body",
        tries: "reads an answer that never ends, as fast as it comes",
        must: "it fails at the limit of a response",
        run: |stage| {
            let server = Server::endless(
                "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
                vec![b'x'; 64 * 1024],
                Duration::ZERO,
            );
            stage.grant(&[&internal(&server, "")]);
            // Out of memory is what it would be in the end.
            get(stage, &server.address(), "/").failed()
        },
    },
    Case {
        name: "decompression bomb",
        tries: "reads 1 MB of gzip that is a gigabyte of zeroes",
        must: "the guest gets the bytes as they were sent; nothing is decompressed for it",
        run: |stage| {
            let server = Server::new(|_, stream, _| {
                use std::io::Write;
                let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1000000\r\n\
                                connection: close\r\n\r\n";
                // Who closes early is not a fault of the server.
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&vec![0; 1_000_000]);
            });
            stage.grant(&[&internal(&server, "")]);
            let answer = get(stage, &server.address(), "/");
            match answer.outcome.as_str() {
                // A million bytes of the result are six million of JSON.
                "output-too-large" => Ok(()),
                _ => match answer.ok()?["body"].as_str().map(str::len) {
                    Some(1_000_000) => Ok(()),
                    length => Err(format!("{length:?} bytes came")),
                },
            }
        },
    },
    Case {
        name: "answers that are none",
        tries: "reads answers without a status, with NUL, of HTTP/0.9, with two lengths, cut off, and of a huge length",
        must: "each fails, or is what it can be; the host goes on",
        run: |stage| {
            for answer in [
                "hello",
                "HTTP/1.1 \0\0\0 OK\r\n\r\n",
                "HTTP/9.9 200 OK\r\n\r\n",
                "HTTP/1.1 99999 OK\r\n\r\n",
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
                "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999999\r\n\r\nx",
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nx",
                "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\ncut off",
                "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
            ] {
                let server = Server::saying(answer);
                stage.grant(&["network.internal=http://127.0.0.1:*"]);
                let got = get(stage, &server.address(), "/");
                got.failed().map_err(|why| format!("{answer:?}: {why}"))?;
            }
            Ok(())
        },
    },
    Case {
        name: "an answer for the next one",
        tries: "asks twice a server that sends two answers at once",
        must: "the second request gets an answer of its own",
        run: |stage| {
            let server = Server::saying(
                "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nplainHTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nforged",
            );
            stage.grant(&[&internal(&server, "")]);
            for _ in 0..2 {
                let answer = get(stage, &server.address(), "/");
                if answer.said.contains("forged") {
                    return Err(format!("it got the other one: {answer}"));
                }
            }
            Ok(())
        },
    },
    Case {
        name: "a crowd of requests",
        tries: "begins a thousand requests at once",
        must: "it ends at the limit of handles; the server hears no more than the limit, 256",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "")]);
            let input = json!({ "authority": server.address(), "count": 1000 });
            // Whether any has connected before the end is for the machine to say.
            stage.call_of(&Guest::NET, "crowd", &input).ended("trap")?;
            match server.connections() {
                0..=256 => Ok(()),
                count => Err(format!("{count} connections came")),
            }
        },
    },
    Case {
        name: "one request after the other",
        tries: "sends a thousand requests, each when the one before it was answered",
        must: "the server hears the first 256, which is the limit",
        run: |stage| {
            let server = Server::plain();
            stage.grant(&[&internal(&server, "")]);
            let input = json!({ "authority": server.address(), "count": 1000 });
            stage.call_of(&Guest::NET, "again", &input);
            match server.connections() {
                256 => Ok(()),
                count => Err(format!("{count} connections came")),
            }
        },
    },
];

fn over_in_time(stage: &mut Stage<'_>, server: &Server) -> Verdict {
    stage.grant(&[&internal(server, "")]);
    stage.within(SHORT);
    let answer = get(stage, &server.address(), "/");
    match answer.outcome.as_str() {
        "out-of-time" | "action-error" => answer.within(SHORT),
        _ => Err(format!("it got an answer: {answer}")),
    }
}
