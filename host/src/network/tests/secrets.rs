//! Secrets on the wire, and what a server that has one can do with it.

use zeroize::Zeroizing;

use super::*;
use crate::secrets::SecretValue;

const VALUE: &str = "t0p-s3cret-value";

fn world(server: SocketAddr) -> (World, Guest, String) {
    let mut world = World::new(
        server,
        &[ANY, "secret=TOKEN http://example.com authorization"],
    );
    let value = SecretValue::new(Zeroizing::new(VALUE.to_owned())).unwrap();
    world.invocation.secrets = [("TOKEN".to_owned(), value)].into();
    let held = crate::secrets::Held::of(&world.invocation).unwrap();
    let placeholder = held.environment().next().unwrap().1.to_owned();
    let mut invocation = world.invocation.clone();
    invocation.network = Some(Network::new(NetworkConfig {
        resolver: world.names.clone(),
        dialler: world.detour.clone(),
        proxies: Proxies::default(),
        roots: world.roots.clone(),
    }));
    let guest = Guest(Traffic::new(&invocation, &world.limits, Some(held)));
    (world, guest, placeholder)
}

fn asking(url: &str, placeholder: &str) -> Request<WasiBody> {
    let header = format!("Bearer {placeholder}");
    Request::get(url)
        .header("authorization", header)
        .body(empty())
        .unwrap()
}

#[tokio::test]
async fn the_value_is_sent_in_place_of_its_placeholder() {
    let (server, heads) = answering(OK).await;
    let (_world, mut guest, placeholder) = world(server);
    guest
        .send(asking("http://example.com/", &placeholder), None)
        .await
        .unwrap();
    let head = heads.lock().unwrap()[0].clone();
    assert!(
        head.contains(&format!("authorization: Bearer {VALUE}\r\n")),
        "{head}"
    );
    assert!(!head.contains(&placeholder), "{head}");
}

#[tokio::test]
async fn a_placeholder_that_goes_elsewhere_is_a_denial_and_is_not_sent() {
    let (server, heads) = answering(OK).await;
    let (_world, mut guest, placeholder) = world(server);
    for request in [
        asking("http://other.example/", &placeholder),
        asking(&format!("http://example.com/?t={placeholder}"), "x"),
        Request::get("http://example.com/")
            .header("x-token", &placeholder)
            .body(empty())
            .unwrap(),
        Request::get("http://example.com/")
            .header("cookie", &placeholder)
            .body(empty())
            .unwrap(),
    ] {
        let refused = guest.send(request, None).await.unwrap_err();
        assert!(matches!(refused, Error::HttpRequestDenied), "{refused}");
    }
    assert_eq!(heads.lock().unwrap().len(), 0);
    let denials = guest.denials();
    assert_eq!(denials.len(), 4, "{denials:?}");
    assert!(
        denials
            .iter()
            .all(|denial| denial.reason == DenialReason::SecretMisplaced)
    );
    assert!(denials.iter().all(|denial| denial.permission.is_none()));
}

#[tokio::test]
async fn a_placeholder_in_a_body_is_stopped_before_its_end() {
    let (server, _) = answering(OK).await;
    let (_world, mut guest, placeholder) = world(server);
    let request = Request::post("http://example.com/")
        .body(body(format!("t={placeholder}")))
        .unwrap();
    let refused = guest.send(request, None).await.unwrap_err();
    assert!(matches!(refused, Error::HttpRequestDenied), "{refused}");
    assert_eq!(guest.reasons(), [DenialReason::SecretMisplaced]);
}

#[tokio::test]
async fn a_value_that_comes_back_is_masked_in_headers_and_body() {
    let (server, _) = answering(
        "HTTP/1.1 200 OK\r\nx-echo: a t0p-s3cret-value b\r\ncontent-length: 20\r\n\r\n\
         1 t0p-s3cret-value 2",
    )
    .await;
    let (_world, mut guest, placeholder) = world(server);
    let response = guest
        .send(asking("http://example.com/", &placeholder), None)
        .await
        .unwrap();
    assert_eq!(response.headers()["x-echo"], "a [secret TOKEN] b");
    assert_eq!(response.body(), "1 **************** 2");
    // Nor from a server that it was never sent to.
    let response = guest.get("http://other.example/").await.unwrap();
    assert_eq!(response.body(), "1 **************** 2");
}
