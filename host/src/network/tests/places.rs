//! Where a request may go: names, addresses, and what becomes of them.

use super::*;

#[tokio::test]
async fn a_granted_request_is_sent_to_the_address_that_was_judged() {
    let (server, heads) = answering(OK).await;
    let world = World::new(server, &["network.external=GET http://example.com/a"]);
    let mut guest = world.guest();
    let response = guest.get("http://EXAMPLE.com./a/b?c=d").await.unwrap();
    assert_eq!(response.body(), "hi");
    assert_eq!(world.dialled(), ["93.184.216.34:80"]);
    assert_eq!(
        heads.lock().unwrap()[0],
        "GET /a/b?c=d HTTP/1.1\r\nhost: example.com\r\n\r\n"
    );
    assert_eq!(guest.reasons(), []);
}

#[tokio::test]
async fn nothing_is_looked_up_or_sent_without_a_grant() {
    let (server, heads) = answering(OK).await;
    let world = World::new(server, &["network.external=GET http://example.com/a"]);
    let mut guest = world.guest();
    for url in [
        "http://example.com/",
        "http://example.com/a/../b",
        "http://example.com/a/%2e%2e/b",
        "http://example.com//a",
        "http://example.com:8080/a",
        "https://example.com/a",
        "http://unknown.example/a",
        "http://93.184.216.34/a",
        "http://127.0.0.1/a",
    ] {
        let refused = guest.get(url).await.unwrap_err();
        assert!(
            matches!(refused, Error::HttpRequestDenied),
            "{url}: {refused}"
        );
    }
    // Three of the paths have no segments to show, and are one denial.
    assert_eq!(guest.reasons(), [DenialReason::NotGranted; 7]);
    assert_eq!(world.dialled(), [""; 0]);
    assert_eq!(heads.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_url_that_can_be_read_in_two_ways_is_refused() {
    let (server, _) = answering(OK).await;
    let world = World::new(server, &[ANY, "network.internal=http://*:*"]);
    let mut guest = world.guest();
    for authority in [
        "example.com:secret@evil.example",
        "user@example.com",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "[::1%25lo]",
    ] {
        let request = Request::builder().uri(format!("http://{authority}/"));
        // Some are not even URIs to the library that reads them.
        let Ok(request) = request.body(empty()) else {
            continue;
        };
        let refused = guest.send(request, None).await.unwrap_err();
        assert!(
            matches!(refused, Error::HttpRequestUriInvalid),
            "{authority}: {refused}"
        );
    }
    let denials = guest.denials();
    assert!(denials.len() >= 6, "{denials:?}");
    assert!(
        denials
            .iter()
            .all(|denial| denial.reason == DenialReason::NotGrantable)
    );
    assert!(!format!("{denials:?}").contains("secret"), "{denials:?}");
    assert_eq!(world.dialled(), [""; 0]);
}

#[tokio::test]
async fn a_name_that_moves_inside_is_refused_from_then_on() {
    let (server, _) = answering(OK).await;
    let world = World::new(server, &["network.external=http://example.com"]);
    world.names.set("example.com", &[&[PUBLIC], &["127.0.0.1"]]);
    let mut guest = world.guest();
    assert!(guest.get("http://example.com/").await.is_ok());
    let refused = guest.get("http://example.com/").await.unwrap_err();
    assert!(
        matches!(refused, Error::DestinationIpProhibited),
        "{refused}"
    );
    assert_eq!(world.dialled(), ["93.184.216.34:80"]);
    let denials = guest.denials();
    assert_eq!(denials.len(), 1);
    assert_eq!(
        denials[0].to_string(),
        "GET http://example.com at 127.0.0.1, this machine: not granted"
    );
    assert_eq!(
        denials[0].permission.as_ref().unwrap().to_string(),
        "network.internal=GET http://example.com:80"
    );
}

#[tokio::test]
async fn one_address_that_may_not_be_reached_refuses_the_name() {
    let (server, _) = answering(OK).await;
    let world = World::new(server, &["network.external=http://example.com"]);
    for inside in [
        "127.0.0.1",
        "10.0.0.1",
        "::1",
        "fd00::1",
        "169.254.169.254",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "2002:a00:1::",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "192.0.2.1",
    ] {
        for answer in [[PUBLIC, inside], [inside, PUBLIC]] {
            world.names.set("example.com", &[&answer]);
            let refused = world.guest().get("http://example.com/").await.unwrap_err();
            assert!(
                matches!(refused, Error::DestinationIpProhibited),
                "{inside}: {refused}"
            );
        }
    }
    assert_eq!(world.dialled(), [""; 0]);
}

#[tokio::test]
async fn metadata_is_never_reached() {
    let (server, _) = answering(OK).await;
    let world = World::new(server, &[ANY, "network.internal=http://*:*"]);
    world.names.set("metadata.example", &[&["169.254.169.254"]]);
    let mut guest = world.guest();
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[::ffff:169.254.169.254]/",
        "http://[64:ff9b::169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http://metadata.example/",
    ] {
        let refused = guest.get(url).await.unwrap_err();
        assert!(
            matches!(refused, Error::DestinationIpProhibited),
            "{url}: {refused}"
        );
    }
    let denials = guest.denials();
    // One address is there in two ways of writing it.
    assert_eq!(denials.len(), 5);
    assert!(
        denials
            .iter()
            .all(|denial| denial.reason == DenialReason::ForbiddenAddress)
    );
    assert!(denials.iter().all(|denial| denial.permission.is_none()));
    assert_eq!(world.dialled(), [""; 0]);
}

#[tokio::test]
async fn a_redirect_is_given_to_the_guest_and_its_next_request_is_judged_again() {
    for place in [
        "http://169.254.169.254/latest",
        "http://127.0.0.1/admin",
        "http://localhost/",
    ] {
        let answer =
            format!("HTTP/1.1 302 Found\r\nlocation: {place}\r\ncontent-length: 0\r\n\r\n");
        let (server, heads) = answering(answer.leak()).await;
        let world = World::new(server, &[ANY]);
        world.names.set("localhost", &[&["127.0.0.1", "::1"]]);
        let mut guest = world.guest();
        let response = guest.get("http://example.com/").await.unwrap();
        assert_eq!(response.status(), 302);
        assert_eq!(response.headers()["location"], place);
        let refused = guest.get(place).await.unwrap_err();
        assert!(
            matches!(
                refused,
                Error::HttpRequestDenied | Error::DestinationIpProhibited
            ),
            "{place}: {refused}"
        );
        assert_eq!(heads.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn internal_grants_reach_this_machine_and_not_the_internet() {
    let (server, _) = answering(OK).await;
    let world = World::new(server, &["network.internal=http://*:*"]);
    world.names.set("localhost", &[&["127.0.0.1"]]);
    let mut guest = world.guest();
    assert!(guest.get("http://localhost:8080/").await.is_ok());
    assert!(guest.get("http://[::1]:8080/").await.is_ok());
    let refused = guest.get("http://example.com/").await.unwrap_err();
    assert!(
        matches!(refused, Error::DestinationIpProhibited),
        "{refused}"
    );
    assert_eq!(world.dialled(), ["127.0.0.1:8080", "[::1]:8080"]);
}

#[tokio::test]
async fn the_next_address_is_tried_where_one_is_dead() {
    let (server, _) = answering(OK).await;
    let mut world = World::new(server, &[ANY]);
    world.names.set("example.com", &[&["8.8.8.8", "8.8.4.4"]]);
    Arc::get_mut(&mut world.detour).unwrap().dead = vec!["8.8.8.8:80".parse().unwrap()];
    assert!(world.guest().get("http://example.com/").await.is_ok());
    assert_eq!(world.dialled(), ["8.8.8.8:80", "8.8.4.4:80"]);
    world.names.set("example.com", &[&["8.8.8.8"]]);
    let refused = world.guest().get("http://example.com/").await.unwrap_err();
    assert!(matches!(refused, Error::ConnectionRefused), "{refused}");
}

#[tokio::test]
async fn without_a_network_nothing_is_reached() {
    let mut invocation = Invocation::new("f", json!({}));
    invocation.grants = PermissionSet::new([ANY.parse().unwrap()]);
    let mut guest = Guest(Traffic::new(&invocation, &Limits::default(), None));
    let refused = guest.get("http://example.com/").await.unwrap_err();
    assert!(
        matches!(refused, Error::DestinationUnavailable),
        "{refused}"
    );
}
