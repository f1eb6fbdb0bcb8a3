//! Every bound, crossed.

use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

use super::*;
use crate::limits::{
    ADDRESSES_MAX, REQUEST_HEADER_BYTES_MAX, REQUEST_URL_BYTES_MAX, RESPONSE_HEADER_BYTES_MAX,
    RESPONSE_HEADERS_MAX,
};

const URL: &str = "http://example.com/";

/// A server that says `first`, and then `more` for as long as it is listened to.
async fn endless(first: &'static str, more: &'static [u8]) -> SocketAddr {
    server(move |mut stream| async move {
        head(&mut stream).await;
        let mut sent = stream.write_all(first.as_bytes()).await;
        while sent.is_ok() && !more.is_empty() {
            sent = stream.write_all(more).await;
        }
        // Said nothing more, and does not hang up before the other side does.
        head(&mut stream).await;
    })
    .await
}

#[tokio::test]
async fn requests_are_counted() {
    let (server, heads) = answering(OK).await;
    let mut world = World::new(server, &[ANY]);
    world.limits.requests = 3;
    let mut guest = world.guest();
    for _ in 0..3 {
        guest.get(URL).await.unwrap();
    }
    let refused = guest.get(URL).await.unwrap_err();
    assert!(
        matches!(refused, Error::ConnectionLimitReached),
        "{refused}"
    );
    assert_eq!(heads.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn connections_at_once_are_bounded_and_more_requests_wait() {
    let (server, _) = answering(OK).await;
    let mut world = World::new(server, &[ANY]);
    world.limits.connections = 1;
    world.limits.request_time = Duration::from_secs(1);
    let mut guest = world.guest();
    let get = || Request::get(URL).body(empty()).unwrap();
    let first = guest.begin(get(), None).await.unwrap();
    // The first is not read, so it keeps its connection.
    let refused = guest.begin(get(), None).await.unwrap_err();
    assert!(
        matches!(refused, Error::ConnectionLimitReached),
        "{refused}"
    );
    assert_eq!(world.dialled().len(), 1);
    drop(first);
    assert!(guest.get(URL).await.is_ok());
}

#[tokio::test]
async fn the_parts_of_a_request_are_bounded() {
    let (server, heads) = answering(OK).await;
    let world = World::new(server, &[ANY]);
    let mut guest = world.guest();
    let long = |bytes| format!("{URL}{}", "x".repeat(bytes));
    assert!(guest.get(&long(REQUEST_URL_BYTES_MAX - 1)).await.is_ok());
    let refused = guest.get(&long(REQUEST_URL_BYTES_MAX)).await.unwrap_err();
    assert!(matches!(refused, Error::HttpRequestUriTooLong), "{refused}");

    let with_header = |bytes| {
        let value = "x".repeat(bytes);
        Request::get(URL).header("x", value).body(empty()).unwrap()
    };
    let most = REQUEST_HEADER_BYTES_MAX - "x: \r\n".len();
    assert!(guest.send(with_header(most), None).await.is_ok());
    let refused = guest.send(with_header(most + 1), None).await.unwrap_err();
    assert!(
        matches!(refused, Error::HttpRequestHeaderSectionSize(Some(_))),
        "{refused}"
    );
    assert_eq!(heads.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn the_body_of_a_request_is_bounded() {
    let server = endless("", b"").await;
    let mut world = World::new(server, &[ANY]);
    world.limits.request_body_bytes = 10;
    let mut guest = world.guest();
    let announced = Request::post(URL).header("content-length", "11");
    let refused = guest
        .send(announced.body(body("01234567890")).unwrap(), None)
        .await;
    assert!(
        matches!(refused, Err(Error::HttpRequestBodySize(Some(10)))),
        "{refused:?}"
    );
    assert_eq!(world.dialled().len(), 0);
    // Without a length it is found out on the way.
    let chunks = Request::post(URL).body(body("01234567890")).unwrap();
    let refused = guest.send(chunks, None).await;
    assert!(
        matches!(refused, Err(Error::HttpRequestBodySize(Some(10)))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn the_headers_of_a_response_are_bounded() {
    let long = format!(
        "HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n",
        "x".repeat(RESPONSE_HEADER_BYTES_MAX)
    );
    let many = "x: y\r\n".repeat(RESPONSE_HEADERS_MAX + 1);
    let many = format!("HTTP/1.1 200 OK\r\n{many}content-length: 0\r\n\r\n");
    for (answer, more) in [
        (&*long.leak(), &b""[..]),
        (many.leak(), b""),
        ("HTTP/1.1 200 OK\r\n", b"x: y\r\n"),
        ("HTTP/1.1 200 OK\r\nx: ", b"yyyyyyyyyyyyyyyy"),
    ] {
        let server = endless(answer, more).await;
        let refused = World::new(server, &[ANY])
            .guest()
            .get(URL)
            .await
            .unwrap_err();
        assert!(
            matches!(
                refused,
                Error::HttpResponseHeaderSectionSize(Some(_)) | Error::HttpProtocolError
            ),
            "{refused}"
        );
    }
}

#[tokio::test]
async fn the_body_of_a_response_is_bounded() {
    let announced = endless("HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n", b"").await;
    let chunked = endless(
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
        b"8\r\n01234567\r\n",
    )
    .await;
    let until_closed = endless("HTTP/1.1 200 OK\r\n\r\n", b"01234567").await;
    for server in [announced, chunked, until_closed] {
        let mut world = World::new(server, &[ANY]);
        world.limits.response_bytes = 10;
        let refused = world.guest().get(URL).await;
        assert!(
            matches!(refused, Err(Error::HttpResponseBodySize(Some(_)))),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_compressed_body_is_counted_as_it_is_sent() {
    // Ten bytes that claim to be a bomb are ten bytes.
    let (server, _) = answering(
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 10\r\n\r\n0123456789",
    )
    .await;
    let mut world = World::new(server, &[ANY]);
    world.limits.response_bytes = 10;
    let response = world.guest().get(URL).await.unwrap();
    assert_eq!(response.body(), "0123456789");
    assert_eq!(response.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_when_the_guest_wants_or_the_time_is_up() {
    let server = endless("", b"").await;
    let mut world = World::new(server, &[ANY]);
    world.limits.request_time = Duration::from_millis(300);
    let refused = world.guest().get(URL).await.unwrap_err();
    assert!(matches!(refused, Error::HttpResponseTimeout), "{refused}");

    let get = || Request::get(URL).body(empty()).unwrap();
    let options = |first_byte| RequestOptions {
        first_byte_timeout: Some(first_byte),
        ..RequestOptions::default()
    };
    let less = options(Duration::from_millis(1));
    let refused = world.guest().send(get(), Some(less)).await.unwrap_err();
    assert!(matches!(refused, Error::ConnectionReadTimeout), "{refused}");
    // More than the operator allows is what the operator allows.
    let more = options(LONG);
    let refused = world.guest().send(get(), Some(more)).await.unwrap_err();
    assert!(matches!(refused, Error::HttpResponseTimeout), "{refused}");
}

#[tokio::test]
async fn a_body_that_stops_or_never_ends_is_left() {
    let stops = endless("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01", b"").await;
    let mut world = World::new(stops, &[ANY]);
    world.limits.request_time = Duration::from_millis(300);
    let get = || Request::get(URL).body(empty()).unwrap();
    let refused = world.guest().send(get(), None).await.unwrap_err();
    assert!(
        matches!(
            refused,
            Error::HttpResponseTimeout | Error::ConnectionReadTimeout
        ),
        "{refused}"
    );
    let options = RequestOptions {
        between_bytes_timeout: Some(Duration::from_millis(1)),
        ..RequestOptions::default()
    };
    world.limits.request_time = LONG;
    let refused = world.guest().send(get(), Some(options)).await.unwrap_err();
    assert!(matches!(refused, Error::ConnectionReadTimeout), "{refused}");

    let endless = endless("HTTP/1.1 200 OK\r\n\r\n", b"01234567").await;
    let mut world = World::new(endless, &[ANY]);
    world.limits.request_time = Duration::from_millis(300);
    world.limits.response_bytes = u64::MAX;
    let refused = world.guest().get(URL).await.unwrap_err();
    assert!(matches!(refused, Error::HttpResponseTimeout), "{refused}");
}

#[tokio::test]
async fn a_name_and_a_connection_that_do_not_come_are_not_waited_for() {
    struct Never;

    #[async_trait]
    impl Resolver for Never {
        async fn resolve(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
            std::future::pending().await
        }
    }

    #[async_trait]
    impl Dialler for Never {
        async fn dial(&self, _address: SocketAddr) -> io::Result<Box<dyn Stream>> {
            std::future::pending().await
        }
    }

    let mut world = World::new("127.0.0.1:1".parse().unwrap(), &[ANY]);
    world.limits.request_time = Duration::from_millis(300);
    let guest = |resolver: Arc<dyn Resolver>| {
        let mut invocation = world.invocation.clone();
        invocation.network = Some(Network::new(NetworkConfig {
            resolver,
            dialler: Arc::new(Never),
            proxies: Proxies::default(),
            roots: Arc::clone(&world.roots),
        }));
        Guest(Traffic::new(&invocation, &world.limits, None))
    };
    let refused = guest(Arc::new(Never)).get(URL).await.unwrap_err();
    assert!(matches!(refused, Error::DnsTimeout), "{refused}");
    let refused = guest(world.names.clone()).get(URL).await.unwrap_err();
    assert!(matches!(refused, Error::ConnectionTimeout), "{refused}");
    let options = RequestOptions {
        connect_timeout: Some(Duration::from_millis(1)),
        ..RequestOptions::default()
    };
    let get = Request::get(URL).body(empty()).unwrap();
    let refused = guest(world.names.clone())
        .send(get, Some(options))
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::ConnectionTimeout), "{refused}");
}

#[tokio::test]
async fn a_name_has_an_address_and_not_too_many() {
    let (server, _) = answering(OK).await;
    let world = World::new(server, &[ANY]);
    world.names.set("example.com", &[&[]]);
    let refused = world.guest().get(URL).await.unwrap_err();
    assert!(matches!(refused, Error::DnsError { .. }), "{refused}");
    world.names.set("example.com", &[&[PUBLIC; ADDRESSES_MAX]]);
    assert!(world.guest().get(URL).await.is_ok());
    world
        .names
        .set("example.com", &[&[PUBLIC; ADDRESSES_MAX + 1]]);
    let refused = world.guest().get(URL).await.unwrap_err();
    assert!(matches!(refused, Error::DnsError { .. }), "{refused}");
    let refused = world
        .guest()
        .get("http://nowhere.example/")
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::DnsError { .. }), "{refused}");
}

#[tokio::test]
async fn what_a_guest_drops_ends_at_once() {
    let open = Arc::new(Semaphore::new(0));
    let closed = Arc::clone(&open);
    let server = server(move |mut stream| {
        let closed = Arc::clone(&closed);
        async move {
            head(&mut stream).await;
            let first = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01";
            stream.write_all(first).await.unwrap();
            // Until the other side is gone.
            head(&mut stream).await;
            closed.add_permits(1);
        }
    })
    .await;
    let world = World::new(server, &[ANY]);
    let mut guest = world.guest();
    let get = Request::get(URL).body(empty()).unwrap();
    let response = guest.begin(get, None).await.unwrap();
    assert_eq!(open.available_permits(), 0);
    drop(response);
    let gone = tokio::time::timeout(LONG, open.acquire()).await;
    assert!(gone.is_ok());
}
