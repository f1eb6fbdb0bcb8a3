//! The operator's proxy, which is told addresses and never names.

use tokio::io::AsyncWriteExt;

use super::*;

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel_to_the_judged_address() {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&heads);
    let proxy = server(move |mut stream| {
        let seen = Arc::clone(&seen);
        async move {
            let connect = head(&mut stream).await;
            stream
                .write_all(b"HTTP/1.1 200 Connection established\r\nvia: x\r\n\r\n")
                .await
                .unwrap();
            let request = head(&mut stream).await;
            seen.lock().unwrap().extend([connect, request]);
            stream.write_all(OK.as_bytes()).await.unwrap();
        }
    })
    .await;
    let mut world = World::new(proxy, &[ANY, "network.internal=http://*:*"]);
    world.names.set("proxy.example", &[&["10.0.0.9"]]);
    world.proxies = Proxies::parse("", "http://me:word@proxy.example:3128", "").unwrap();
    let mut guest = world.guest();
    assert_eq!(
        guest.get("http://example.com/x").await.unwrap().body(),
        "hi"
    );
    assert_eq!(world.dialled(), ["10.0.0.9:3128"]);
    let heads = heads.lock().unwrap();
    assert_eq!(
        heads[0],
        "CONNECT 93.184.216.34:80 HTTP/1.1\r\nHost: 93.184.216.34:80\r\n\
         Proxy-Authorization: Basic bWU6d29yZA==\r\n\r\n"
    );
    assert_eq!(heads[1], "GET /x HTTP/1.1\r\nhost: example.com\r\n\r\n");
}

#[tokio::test]
async fn this_machine_is_not_reached_through_a_proxy() {
    let (server, heads) = answering(OK).await;
    let mut world = World::new(server, &["network.internal=http://*:*"]);
    world.proxies = Proxies::parse("", "http://10.0.0.9:3128", "").unwrap();
    world.guest().get("http://127.0.0.1:8080/").await.unwrap();
    assert_eq!(world.dialled(), ["127.0.0.1:8080"]);
    assert!(heads.lock().unwrap()[0].starts_with("GET / "));
}

#[tokio::test]
async fn what_a_proxy_refuses_was_not_sent() {
    let endless = "HTTP/1.1 200 OK\r\n".to_owned() + &"x: y\r\n".repeat(10_000);
    for answer in [
        "HTTP/1.1 403 Forbidden\r\n\r\n",
        "nonsense\r\n\r\n",
        "",
        endless.leak(),
    ] {
        let (proxy, _) = answering(answer).await;
        let mut world = World::new(proxy, &[ANY]);
        world.proxies = Proxies::parse("", "http://10.0.0.9:3128", "").unwrap();
        let refused = world.guest().get("http://example.com/").await.unwrap_err();
        assert!(
            matches!(refused, Error::DestinationUnavailable),
            "{answer}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_proxy_changes_nothing_about_what_may_be_reached() {
    let (proxy, heads) = answering(OK).await;
    let mut world = World::new(proxy, &[ANY]);
    world.proxies = Proxies::parse("", "http://10.0.0.9:3128", "").unwrap();
    world
        .names
        .set("example.com", &[&["169.254.169.254"], &["10.0.0.1"]]);
    let mut guest = world.guest();
    for _ in 0..2 {
        let refused = guest.get("http://example.com/").await.unwrap_err();
        assert!(
            matches!(refused, Error::DestinationIpProhibited),
            "{refused}"
        );
    }
    assert_eq!(heads.lock().unwrap().len(), 0);
}
