//! Requests that lead elsewhere, smuggle something, or never end.

use std::time::Duration;

use serde_json::{Value, json};

use super::names::Names;
use super::server::Server;
use super::{Answer, Case, Family, Guest, Stage, Verdict};

/// Longer than any server may keep a guest waiting in these cases.
const SHORT: Duration = Duration::from_secs(3);

pub(super) const FAMILY: Family = Family {
    name: "network",
    about: "requests that lead elsewhere, smuggle something, or never end",
    cases: &[
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
            name: "spellings of 127.0.0.1",
            tries: "with the whole outside granted: decimal, octal, hexadecimal and short forms of 127.0.0.1",
            must: "each fails; nobody has connected",
            run: |stage| {
                outside_only(
                    stage,
                    &[
                        "127.0.0.1",
                        "2130706433",
                        "017700000001",
                        "0177.0.0.1",
                        "0x7f000001",
                        "0x7f.0.0.1",
                        "127.1",
                        "127.0.1",
                        "127.0.0.01",
                        "127.000.000.001",
                        "127.1.2.3",
                        "0.0.0.0",
                        "0",
                    ],
                )
            },
        },
        Case {
            name: "addresses in addresses",
            tries: "the same in IPv6: mapped, compatible, NAT64, 6to4, Teredo, with a zone, the unspecified one",
            must: "each fails; nobody has connected",
            run: |stage| {
                outside_only(
                    stage,
                    &[
                        "[::1]",
                        "[::ffff:127.0.0.1]",
                        "[::ffff:7f00:1]",
                        "[::127.0.0.1]",
                        "[64:ff9b::7f00:1]",
                        "[64:ff9b:1::7f00:1]",
                        "[2002:7f00:1::]",
                        "[2001:0:7f00:1::]",
                        "[fe80::1%25lo]",
                        "[::]",
                        "[::1%lo]",
                    ],
                )
            },
        },
        Case {
            name: "names of this machine",
            tries: "with the whole outside granted: `localhost`, `localhost.`, `LOCALHOST`, `x.localhost`, `ip6-localhost`",
            must: "each fails; nobody has connected",
            run: |stage| {
                outside_only(
                    stage,
                    &[
                        "localhost",
                        "localhost.",
                        "LOCALHOST",
                        "LocalHost.",
                        "localhost..",
                    ],
                )
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
        Case {
            name: "rebinding",
            tries: "a name that is public when it is first looked up, and this machine the second time",
            must: "the first is dialled at the address that was judged, the second is denied; loopback is never dialled",
            run: |stage| {
                let server = Server::plain();
                let names =
                    Names::leading_to(&server).name("rebind.example", &[&[PUBLIC], &["127.0.0.1"]]);
                let grants = ["network.external=http://rebind.example"];
                let first = names.get(stage, &grants, "http", "rebind.example", "/");
                first.ok()?;
                names
                    .get(stage, &grants, "http", "rebind.example", "/")
                    .was_denied()?;
                names.dialled_only(&["93.184.216.34:80"])
            },
        },
        Case {
            name: "one address among others",
            tries: "names with a public address and one of loopback, private, link-local, shared, mapped, NAT64, 6to4 or multicast",
            must: "each is denied and recorded; nothing is dialled",
            run: |stage| {
                let server = Server::plain();
                let grants = ["network.external=http://*:*"];
                for inside in [
                    "127.0.0.1",
                    "10.0.0.1",
                    "172.16.0.1",
                    "192.168.1.1",
                    "169.254.1.1",
                    "100.64.0.1",
                    "0.0.0.0",
                    "224.0.0.1",
                    "255.255.255.255",
                    "::1",
                    "fd00::1",
                    "fe80::1",
                    "ff02::1",
                    "::ffff:10.0.0.1",
                    "64:ff9b::a00:1",
                    "2002:a00:1::",
                ] {
                    let names =
                        Names::leading_to(&server).name("mixed.example", &[&[PUBLIC, inside]]);
                    let answer = names.get(stage, &grants, "http", "mixed.example", "/");
                    answer
                        .was_denied()
                        .map_err(|why| format!("{inside}: {why}"))?;
                    names.dialled_only(&[])?;
                }
                Ok(())
            },
        },
        Case {
            name: "cloud metadata",
            tries: "with everything granted, inside and outside: the metadata services, by address, mapped, and by a name",
            must: "each is denied and recorded; nothing is dialled",
            run: |stage| {
                let server = Server::plain();
                let grants = ["network.external=http://*:*", "network.internal=http://*:*"];
                let names = Names::leading_to(&server)
                    .name("metadata.example", &[&["169.254.169.254"]])
                    .name("metadata.google.internal", &[&["169.254.169.254"]]);
                for authority in [
                    "169.254.169.254",
                    "[::ffff:169.254.169.254]",
                    "[::ffff:a9fe:a9fe]",
                    "[64:ff9b::a9fe:a9fe]",
                    "[fd00:ec2::254]",
                    "100.100.100.200",
                    "metadata.example",
                    "metadata.google.internal",
                    "METADATA.google.internal.",
                ] {
                    let answer = names.get(stage, &grants, "http", authority, "/latest/meta-data/");
                    answer
                        .was_denied()
                        .map_err(|why| format!("{authority}: {why}"))?;
                }
                names.dialled_only(&[])
            },
        },
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
        Case {
            name: "lines in headers",
            tries: "header values and names with CR, LF, NUL, a colon or a blank in them",
            must: "each fails; no such line arrives",
            run: |stage| {
                let server = Server::plain();
                stage.grant(&[&internal(&server, "")]);
                for (name, value) in [
                    ("x-a", "b\r\nx-evil: 1"),
                    ("x-a", "b\nx-evil: 1"),
                    ("x-a", "b\rx-evil: 1"),
                    ("x-a", "b\0x-evil"),
                    ("x-a\r\nx-evil", "1"),
                    ("x-a: 1\r\nx-evil", "1"),
                    ("x a", "x-evil"),
                    ("", "x-evil"),
                ] {
                    let answer = send(stage, "GET", &server.address(), "/", &[(name, value)]);
                    answer.failed().map_err(|why| format!("{name:?}: {why}"))?;
                }
                never_said(&server, "x-evil")
            },
        },
        Case {
            name: "lines in paths",
            tries: "paths with CR, LF, blanks and a whole second request in them",
            must: "each fails; no second request arrives",
            run: |stage| {
                let server = Server::plain();
                stage.grant(&[&internal(&server, "")]);
                for path in [
                    "/ HTTP/1.1\r\nhost: x-evil\r\n\r\nGET /x-evil",
                    "/a\r\nx-evil: 1",
                    "/a\nx-evil",
                    "/a x-evil",
                    "/a\0x-evil",
                    "x-evil",
                    "http://x-evil/",
                ] {
                    let answer = get(stage, &server.address(), path);
                    answer.failed().map_err(|why| format!("{path:?}: {why}"))?;
                }
                never_said(&server, "x-evil")
            },
        },
        Case {
            name: "another host in the header",
            tries: "sets `host`, in three spellings, to another name",
            must: "it fails, or the server hears its own name and no other",
            run: |stage| {
                let server = Server::plain();
                stage.grant(&[&internal(&server, "")]);
                for name in ["host", "Host", "HOST"] {
                    send(
                        stage,
                        "GET",
                        &server.address(),
                        "/",
                        &[(name, "x-evil.example")],
                    );
                }
                never_said(&server, "x-evil")
            },
        },
        Case {
            name: "two lengths",
            tries: "sets `transfer-encoding` and `content-length`, alone, together and twice, around a hidden request",
            must: "each fails, or the server hears one request of one length",
            run: |stage| {
                let server = Server::plain();
                stage.grant(&[&internal(&server, "")]);
                for headers in [
                    &[("transfer-encoding", "chunked"), ("content-length", "4")][..],
                    &[("transfer-encoding", "x"), ("transfer-encoding", "chunked")],
                    &[("content-length", "4"), ("content-length", "60")],
                    &[("content-length", "+4")],
                    &[("content-length", "0")],
                    &[("transfer-encoding", " chunked")],
                ] {
                    let before = server.requests().len();
                    let headers: Vec<_> = headers
                        .iter()
                        .map(|(name, value)| json!([name, value]))
                        .collect();
                    let input = json!({ "method": "POST", "scheme": "http", "authority": server.address(),
                                        "path": "/", "headers": headers,
                                        "body": "0\r\n\r\nGET /hidden HTTP/1.1\r\nhost: x\r\n\r\n" });
                    stage.call_of(&Guest::NET, "request", &input);
                    let heard = server.requests()[before..].concat().to_lowercase();
                    let head = heard.split("\r\n\r\n").next().unwrap_or_default();
                    let lengths = head.matches("content-length:").count()
                        + head.matches("transfer-encoding:").count();
                    if lengths > 1 {
                        return Err(format!("two lengths came: {head}"));
                    }
                    // Whatever it says of its length is all that comes.
                    let body = heard.split_once("\r\n\r\n").map_or("", |(_, body)| body);
                    let length = head
                        .lines()
                        .find_map(|line| line.strip_prefix("content-length:"));
                    let length = length.and_then(|length| length.trim().parse::<usize>().ok());
                    if length.is_some_and(|length| body.len() > length) {
                        return Err(format!("a hidden request came: {heard}"));
                    }
                }
                Ok(())
            },
        },
        Case {
            name: "headers between two",
            tries: "sets `connection`, `upgrade`, `proxy-authorization`, `te`, `trailer`, `keep-alive` and `http2-settings`",
            must: "each fails, or does not arrive",
            run: |stage| {
                let server = Server::plain();
                stage.grant(&[&internal(&server, "")]);
                for name in [
                    "connection",
                    "upgrade",
                    "proxy-authorization",
                    "proxy-connection",
                    "keep-alive",
                    "http2-settings",
                ] {
                    send(stage, "GET", &server.address(), "/", &[(name, "x-evil")]);
                }
                never_said(&server, "x-evil")
            },
        },
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
                    b"x-header: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n"
                        .repeat(100),
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
    ],
};

const PUBLIC: &str = "93.184.216.34";

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

/// Asks by a socket of the guest's own for a page, and gives all that was heard.
fn connect(stage: &mut Stage<'_>, address: [u8; 4], port: u16) -> Answer {
    let text = "GET / HTTP/1.1\r\n\r\n";
    let input = json!({ "address": address, "port": port, "text": text });
    stage.call_of(&Guest::NET, "connect", &input)
}

fn follow(stage: &mut Stage<'_>, server: &Server) -> Answer {
    let url = format!("http://{}/", server.address());
    let input = json!({ "url": url, "redirects": 10 });
    stage.call_of(&Guest::NET, "fetch", &input)
}

/// With only the outside granted, none of these hosts leads to a server of this machine.
fn outside_only(stage: &mut Stage<'_>, hosts: &[&str]) -> Verdict {
    let server = Server::plain();
    stage.grant(&["network.external=http://*:*"]);
    for host in hosts {
        let answer = get(stage, &format!("{host}:{}", server.port()), "/");
        answer.failed().map_err(|why| format!("{host}: {why}"))?;
    }
    server.heard_nothing()
}

fn over_in_time(stage: &mut Stage<'_>, server: &Server) -> Verdict {
    stage.grant(&[&internal(server, "")]);
    stage.within(SHORT);
    let answer = get(stage, &server.address(), "/");
    match answer.outcome.as_str() {
        "out-of-time" | "action-error" => answer.within(SHORT),
        _ => Err(format!("it got an answer: {answer}")),
    }
}

fn never_said(server: &Server, word: &str) -> Verdict {
    let requests = server.requests();
    if requests
        .iter()
        .any(|request| request.to_lowercase().contains(word))
    {
        return Err(format!("it came: {requests:?}"));
    }
    Ok(())
}
