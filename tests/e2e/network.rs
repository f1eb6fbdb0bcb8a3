//! What a hostile guest reaches over the network: what was granted, and nothing that only looks like it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;

use claw_tests::packages::TestPackage;
use claw_tests::site::{self, Site};
use claw_tests::{Run, TestEnv};
use serde_json::{Value, json};

/// An agent that has added the guest and granted it `grants`.
fn world(grants: &[&str]) -> TestEnv {
    let env = TestEnv::pinned();
    env.publish(&TestPackage::new("acme/net", "0.1.0").net());
    let mut words = vec!["add", "acme/net"];
    if grants.is_empty() {
        words.push("--no-grants");
    }
    words.extend(grants.iter().flat_map(|grant| ["--allow", grant]));
    env.agent.claw(&words).ok();
    env
}

fn run(env: &TestEnv, action: &str, input: &Value) -> Run {
    let input = input.to_string();
    env.agent
        .claw(&["run", "acme/net", action, "--input", &input])
}

fn request(env: &TestEnv, authority: &str, path: &str) -> Run {
    let input = json!({
        "method": "GET", "scheme": "http", "authority": authority, "path": path, "headers": [],
    });
    run(env, "request", &input)
}

#[test]
fn a_granted_place_is_reached_and_the_receipt_counts_it() {
    let site = Site::new(|_| site::answer(200, "x-a: b\r\n", "hello"));
    let env = world(&[&format!("network.internal=GET {}/a", site.url())]);
    let reply = request(&env, &site.authority(), "/a/b?c=d").ok().json();
    assert_eq!(reply["status"], 200);
    assert_eq!(reply["body"], "hello");
    assert!(
        reply["headers"]
            .as_array()
            .is_some_and(|headers| headers.contains(&json!(["x-a", "b"])))
    );
    let asked = site.asked();
    assert_eq!(asked.len(), 1);
    assert!(
        asked[0].starts_with("GET /a/b?c=d HTTP/1.1\r\n"),
        "{}",
        asked[0]
    );
    assert!(
        asked[0].contains(&format!("\r\nhost: {}\r\n", site.authority())),
        "{}",
        asked[0]
    );
    let receipts = env.claw("receipts --json").ok().json();
    let last = &receipts.as_array().expect("a list")[0];
    assert!(last["calls"]["network"].as_u64() > Some(5), "{last}");
}

#[test]
fn what_was_not_granted_is_denied_with_the_command_that_would_allow_it() {
    let site = Site::new(|_| site::ok("hello"));
    let env = world(&[&format!("network.internal=GET {}/a", site.url())]);
    for path in [
        "/",
        "/ab",
        "/a/../b",
        "/a/%2e%2e/b",
        "/a//b",
        "/a/..%2fb",
        "/a/..;/b",
        "/a%2fb",
    ] {
        let denied = request(&env, &site.authority(), path).exits(3);
        denied.says("not granted").says("network.internal");
    }
    let hint = format!("claw grant acme/net 'network.internal=GET {}'", site.url());
    request(&env, &site.authority(), "/").exits(3).says(&hint);
    assert_eq!(site.asked(), [""; 0]);
    let receipts = env.claw("receipts --json --last 1").ok().json();
    assert_eq!(receipts[0]["refused"]["network.internal"], 1, "{receipts}");
}

#[test]
fn other_names_of_this_machine_are_not_the_internet() {
    let site = Site::new(|_| site::ok("hello"));
    let port = site
        .authority()
        .rsplit(':')
        .next()
        .expect("a port")
        .to_owned();
    let env = world(&["network.external=http://*:*"]);
    for host in [
        "127.0.0.1",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "0.0.0.0",
        "[::]",
        "user@127.0.0.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "100.100.100.200",
    ] {
        request(&env, &format!("{host}:{port}"), "/").exits(3);
    }
    assert_eq!(site.asked(), [""; 0]);
}

#[test]
fn metadata_is_out_of_reach_whatever_is_granted() {
    let env = world(&["network.external=http://*:*", "network.internal=http://*:*"]);
    for host in [
        "169.254.169.254",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::169.254.169.254]",
        "[fd00:ec2::254]",
    ] {
        request(&env, host, "/latest/meta-data/")
            .exits(3)
            .says("no skill may reach such an address");
    }
}

fn connect(env: &TestEnv, address: [u8; 4], port: u16) -> Run {
    let input = json!({ "address": address, "port": port, "text": "hello" });
    run(env, "connect", &input)
}

#[test]
fn raw_sockets_reach_granted_addresses_and_no_others() {
    let granted = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let other = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    let env = world(&[&format!("network.tcp=127.0.0.1:{}", port(&granted))]);
    let echoed = std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = granted.accept().expect("a connection");
            let mut heard = [0; 5];
            stream.read_exact(&mut heard).expect("what was sent");
            stream.write_all(&heard).expect("sent back");
        });
        connect(&env, [127, 0, 0, 1], port(&granted)).ok().json()
    });
    assert_eq!(echoed, "hello");
    connect(&env, [127, 0, 0, 1], port(&other))
        .exits(3)
        .says(&format!(
            "claw grant acme/net network.tcp=127.0.0.1:{}",
            port(&other)
        ));
    other.set_nonblocking(true).expect("a socket");
    let came = other.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(came, Err(ErrorKind::WouldBlock), "somebody connected");
}

#[test]
fn raw_sockets_neither_listen_nor_look_up_and_never_reach_metadata() {
    let env = world(&["network.tcp=0.0.0.0/0:*"]);
    for (action, input) in [
        ("listen", json!({})),
        ("datagrams", json!({})),
        ("look-up", json!({ "name": "localhost" })),
    ] {
        run(&env, action, &input).exits(3).says("access-denied");
    }
    connect(&env, [169, 254, 169, 254], 80)
        .exits(3)
        .says("cloud metadata");
}

#[test]
fn redirects_are_judged_one_by_one() {
    let inner = Site::new(|_| site::ok("inner"));
    let elsewhere = format!("location: {}/\r\n", inner.url());
    let outer = Site::new(move |head| match head {
        _ if head.starts_with("GET /inner") => site::answer(302, &elsewhere, ""),
        _ if head.starts_with("GET /metadata") => {
            site::answer(302, "location: http://169.254.169.254/latest\r\n", "")
        }
        _ if head.starts_with("GET /next") => site::answer(302, "location: end\r\n", ""),
        _ if head.starts_with("GET /loop") => site::answer(302, "location: /loop\r\n", ""),
        _ => site::ok("outer"),
    });
    let env = world(&[&format!("network.internal={}", outer.url())]);
    let fetch = |path: &str, redirects| {
        let url = format!("{}{path}", outer.url());
        run(
            &env,
            "fetch",
            &json!({ "url": url, "redirects": redirects }),
        )
    };
    assert_eq!(fetch("/next", 3).ok().json()["body"], "outer");
    assert_eq!(fetch("/next", 0).ok().json()["status"], 302);
    assert_eq!(fetch("/loop", 3).ok().json()["status"], 302);
    fetch("/inner", 3).exits(3).says("(sent: false)");
    fetch("/metadata", 3)
        .exits(3)
        .says("no skill may reach such an address");
    assert_eq!(inner.asked(), [""; 0]);
    assert_eq!(outer.asked().len(), 2 + 1 + 4 + 2);
}

#[test]
fn a_request_cannot_be_smuggled_inside_another() {
    let site = Site::new(|_| site::ok("hello"));
    let env = world(&[&format!("network.internal={}", site.url())]);
    let send = |method: &str, authority: &str, path: &str, headers: Value, body: Option<&str>| {
        let input = json!({
            "method": method, "scheme": "http", "authority": authority, "path": path,
            "headers": headers, "body": body,
        });
        run(&env, "request", &input)
    };
    let here = site.authority();
    for headers in [
        json!([["host", "evil.example"]]),
        json!([["transfer-encoding", "chunked"]]),
        json!([["connection", "close"]]),
        json!([["upgrade", "h2c"]]),
        json!([["te", "trailers"]]),
        json!([["expect", "100-continue"]]),
        json!([["proxy-authorization", "x"]]),
        json!([["content-length", "1"], ["content-length", "2"]]),
        json!([["content-length", "+1"]]),
        json!([["x", "a\r\nhost: evil.example"]]),
        json!([["x\r\ny", "a"]]),
        json!([["x y", "a"]]),
    ] {
        send("POST", &here, "/", headers.clone(), Some("x")).exits(1);
    }
    for (method, path) in [
        ("GET / HTTP/1.1\r\nx: y\r\n\r\nGET", "/"),
        ("GET", "/ HTTP/1.1\r\nhost: evil.example\r\n\r\n"),
        ("GET", "http://evil.example/"),
        ("GET", "*"),
    ] {
        send(method, &here, path, json!([]), None).exits(1);
    }
    send("CONNECT", &here, "/", json!([]), None).exits(3);
    send("TRACE", &here, "/", json!([]), None).exits(3);
    assert_eq!(site.asked(), [""; 0]);
    // A body that is longer than its length, and the request that would have been in it.
    let longer = json!([["content-length", "2"]]);
    let smuggled = "xxGET /admin HTTP/1.1\r\nhost: a\r\n\r\n";
    send("POST", &here, "/", longer, Some(smuggled)).exits(1);
    assert!(site.asked().iter().all(|head| head.starts_with("POST / ")));
}

#[test]
fn a_crowd_of_requests_is_counted() {
    let site = Site::new(|_| site::ok("hello"));
    let env = world(&[&format!("network.internal={}", site.url())]);
    // As many at once as a call has handles for, each request having a few.
    let replies = run(
        &env,
        "crowd",
        &json!({ "authority": site.authority(), "count": 60 }),
    );
    let replies = replies.ok().json();
    let answered = |reply: &&Value| **reply == "200";
    assert_eq!(
        replies
            .as_array()
            .expect("a list")
            .iter()
            .filter(answered)
            .count(),
        60
    );
    assert_eq!(site.asked().len(), 60);
}

#[test]
fn a_proxy_that_cannot_be_used_stops_only_skills_that_need_it() {
    let site = Site::new(|_| site::ok("hello"));
    let env = world(&[&format!("network.internal={}", site.url())]);
    env.publish(&TestPackage::new("acme/x", "1.0.0"));
    env.claw("add acme/x --no-grants").ok();
    let with_proxy = |words: &[&str]| {
        let mut command = env.agent.command("claw", words);
        command.env("HTTP_PROXY", "socks5://127.0.0.1:1");
        command.output().expect("claw runs")
    };
    assert!(
        with_proxy(&["run", "acme/x", "echo", "text=a"])
            .status
            .success()
    );
    let url = format!("url={}/", site.url());
    let refused = with_proxy(&["run", "acme/net", "fetch", &url, "redirects=0"]);
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("proxy for `http`"), "{said}");
}
