//! One request that may be sent: resolved once, judged, connected to what was judged, and answered
//! within its limits.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use claw_package::permission::{Host, HttpTarget, Scheme};
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};
use wasmtime_wasi_http::io::TokioIo;
use wasmtime_wasi_http::{Error, WasiBody};

use super::body::{BodyFault, BodyWatch, MaskedBody, RequestBody, ResponseBody};
use super::decide::{self, Verdict};
use super::dial::{Stream, first_of};
use super::proxy::Way;
use super::tls::Protocol;
use super::traffic::Record;
use super::{Carrier, Network, Wire, fault};
use crate::limits::{
    ADDRESSES_MAX, ADDRESSES_TRIED_MAX, CONNECT_TIME_MAX, LOOKUP_TIME_MAX,
    RESPONSE_HEADER_BYTES_MAX, RESPONSE_HEADERS_MAX,
};
use crate::secrets::{Held, Mask, Watch};

/// A request that the grants allow, as far as could be said without its address.
pub(super) struct Plan {
    pub(super) network: Network,
    pub(super) errand: Errand,
    /// Path and query, as the guest wrote them.
    pub(super) path: http::uri::PathAndQuery,
    pub(super) headers: HeaderMap,
    pub(super) body: WasiBody,
    pub(super) request_body_bytes: u64,
    pub(super) response_bytes: u64,
    /// One for each connection that may be open.
    pub(super) connections: Arc<Semaphore>,
    pub(super) secrets: Option<Arc<Held>>,
    pub(super) body_fault: BodyFault,
}

/// What has to be known to connect.
pub(super) struct Errand {
    pub(super) verdict: Verdict,
    pub(super) method: Method,
    pub(super) target: HttpTarget,
    pub(super) times: Times,
    pub(super) record: Record,
}

impl Plan {
    /// Looks for placeholders in the body, and records them.
    pub(super) fn watch(&self) -> Option<BodyWatch> {
        let watch = Watch::of(self.secrets.as_ref()?);
        Some(BodyWatch {
            watch,
            record: self.errand.record.clone(),
            request: format!("{} {}", self.errand.method, self.errand.target),
        })
    }
}

/// How long each part may take: what the guest asks for, within the operator's limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) connect: std::time::Duration,
    pub(super) first_byte: std::time::Duration,
    pub(super) between_bytes: std::time::Duration,
    /// Of all of it, the body included.
    pub(super) until: Instant,
}

/// What a response needs for as long as it is read.
struct Keep {
    _tasks: Tasks,
    _connection: OwnedSemaphorePermit,
}

/// Sends it, and gives the response with its body still to come.
pub(super) async fn send(plan: Plan) -> Result<Response<WasiBody>, Error> {
    let until = plan.errand.times.until;
    let connections = Arc::clone(&plan.connections);
    let connection = match timeout_at(until, connections.acquire_owned()).await {
        Ok(Ok(permit)) => permit,
        _ => return Err(Error::ConnectionLimitReached),
    };
    let network = plan.network.clone();
    let wire = match network.carrier() {
        Carrier::Script(script) => return super::script::answer(script.as_ref(), plan).await,
        Carrier::Wire(wire) => wire,
    };
    let addresses = judged(wire, &plan.errand).await?;
    let (stream, protocol) = connected(wire, &plan.errand, &addresses).await?;
    exchanged(plan, stream, protocol, connection).await
}

/// All addresses of the host, each of which may be reached. One that may not is enough to refuse the
/// name: whoever answers for it has shown what they would like to reach.
async fn judged(wire: &Wire, errand: &Errand) -> Result<Vec<SocketAddr>, Error> {
    let found = match errand.target.host() {
        Host::Address(ip) => vec![*ip],
        host => looked_up(wire, &host.to_string(), errand.times.until).await?,
    };
    for ip in &found {
        if let Err(denial) =
            decide::address(errand.verdict, errand.method.as_str(), &errand.target, *ip)
        {
            errand.record.add(*denial);
            return Err(Error::DestinationIpProhibited);
        }
    }
    let port = errand.target.port();
    Ok(found
        .into_iter()
        .take(ADDRESSES_TRIED_MAX)
        .map(|ip| SocketAddr::new(ip, port))
        .collect())
}

async fn looked_up(wire: &Wire, name: &str, until: Instant) -> Result<Vec<IpAddr>, Error> {
    let until = until.min(Instant::now() + LOOKUP_TIME_MAX);
    let found = match timeout_at(until, wire.resolver.resolve(name)).await {
        Ok(found) => found.map_err(|error| fault::of_lookup(&error))?,
        Err(_) => return Err(Error::DnsTimeout),
    };
    let wrong = |reason: &str| Error::DnsError {
        rcode: Some(reason.to_owned()),
        info_code: None,
    };
    match found.len() {
        0 => Err(wrong("the name has no address")),
        1..=ADDRESSES_MAX => Ok(found.iter().map(IpAddr::to_canonical).collect()),
        _ => Err(wrong("the name has too many addresses")),
    }
}

async fn connected(
    wire: &Wire,
    errand: &Errand,
    addresses: &[SocketAddr],
) -> Result<(Box<dyn Stream>, Protocol), Error> {
    let until = errand
        .times
        .until
        .min(Instant::now() + errand.times.connect);
    let way = Way::to(wire, &errand.target, addresses);
    let stream = first_of(&way, addresses, until)
        .await
        .map_err(|error| fault::of_dialling(&error))?;
    if errand.target.scheme() == Scheme::Http {
        return Ok((stream, Protocol::Http1));
    }
    match timeout_at(until, wire.tls.to_web(errand.target.host(), stream)).await {
        Ok(connected) => connected,
        Err(_) => Err(Error::ConnectionTimeout),
    }
}

async fn exchanged(
    plan: Plan,
    stream: Box<dyn Stream>,
    protocol: Protocol,
    connection: OwnedSemaphorePermit,
) -> Result<Response<WasiBody>, Error> {
    let Times {
        first_byte,
        between_bytes,
        until,
        ..
    } = plan.errand.times;
    let bytes_max = plan.response_bytes;
    let secrets = plan.secrets.clone();
    let body_fault = plan.body_fault.clone();
    let first_until = Instant::now() + first_byte;
    let tasks = Tasks::default();
    let answered = async {
        match protocol {
            Protocol::Http1 => over_http1(plan, stream, &tasks).await,
            Protocol::Http2 => over_http2(plan, stream, &tasks).await,
        }
    };
    let response = match timeout_at(first_until.min(until), answered).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            let own = body_fault.take();
            return Err(own.unwrap_or_else(|| fault::while_sending(&error)));
        }
        Err(_) if until <= first_until => return Err(Error::HttpResponseTimeout),
        Err(_) => return Err(Error::ConnectionReadTimeout),
    };
    check(&response, bytes_max)?;
    let keep = Keep {
        _tasks: tasks,
        _connection: connection,
    };
    let response = response
        .map(|body| ResponseBody::new(body, keep, bytes_max, until, between_bytes).boxed_unsync());
    Ok(masked(response, secrets.as_deref()))
}

/// The response as the guest may see it.
pub(super) fn masked(
    mut response: Response<WasiBody>,
    secrets: Option<&Held>,
) -> Response<WasiBody> {
    let Some(secrets) = secrets else {
        return response;
    };
    secrets.mask_headers(response.headers_mut());
    match Mask::of(secrets) {
        Some(mask) => response.map(|body| MaskedBody::new(body, mask).boxed_unsync()),
        None => response,
    }
}

/// What can be said of a response before its body.
fn check(response: &Response<Incoming>, bytes_max: u64) -> Result<(), Error> {
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Error::HttpUpgradeFailed);
    }
    if header_bytes(response.headers()) > RESPONSE_HEADER_BYTES_MAX {
        return Err(fault::header_section_too_large());
    }
    let announced = response
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    match announced {
        Some(length) if length > bytes_max => Err(Error::HttpResponseBodySize(Some(length))),
        _ => Ok(()),
    }
}

/// As they stand on a line, with `: ` and the line's end.
pub(super) fn header_bytes(headers: &HeaderMap) -> usize {
    let bytes = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        name.as_str().len() + value.len() + 4
    };
    headers.iter().map(bytes).sum()
}

async fn over_http1(
    plan: Plan,
    stream: Box<dyn Stream>,
    tasks: &Tasks,
) -> hyper::Result<Response<Incoming>> {
    let (mut sender, connection) = http1::Builder::new()
        .max_header_size(RESPONSE_HEADER_BYTES_MAX)
        .max_headers(RESPONSE_HEADERS_MAX)
        .max_buf_size(RESPONSE_HEADER_BYTES_MAX)
        .handshake(TokioIo::new(stream))
        .await?;
    tasks.spawn(async move { drop(connection.await) });
    let authority = plan.errand.target.authority();
    let uri = Uri::from(plan.path.clone());
    let mut request = request(plan, uri);
    if let Ok(host) = authority.parse() {
        request.headers_mut().insert(HOST, host);
    }
    sender.send_request(request).await
}

async fn over_http2(
    plan: Plan,
    stream: Box<dyn Stream>,
    tasks: &Tasks,
) -> hyper::Result<Response<Incoming>> {
    let (mut sender, connection) = http2::Builder::new(tasks.executor())
        .max_header_list_size(RESPONSE_HEADER_BYTES_MAX as u32)
        .max_concurrent_streams(0)
        .handshake(TokioIo::new(stream))
        .await?;
    tasks.spawn(async move { drop(connection.await) });
    let uri = Uri::builder()
        .scheme(plan.errand.target.scheme().to_string().as_str())
        .authority(plan.errand.target.authority())
        .path_and_query(plan.path.clone())
        .build()
        .expect("a target's authority is one");
    sender.send_request(request(plan, uri)).await
}

fn request(plan: Plan, uri: Uri) -> Request<RequestBody> {
    let announced = plan
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    let watch = plan.watch();
    let body = RequestBody::new(
        plan.body,
        plan.request_body_bytes,
        announced,
        watch,
        plan.body_fault,
    );
    let mut request = Request::new(body);
    *request.method_mut() = plan.errand.method;
    *request.uri_mut() = uri;
    *request.headers_mut() = plan.headers;
    request
}

/// What runs for one connection. All of it ends when this is dropped.
#[derive(Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

/// Lets hyper start more of them, for as long as the connection is wanted.
#[derive(Clone)]
struct Executor(Weak<Mutex<JoinSet<()>>>);

impl Tasks {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(task);
    }

    /// It holds no reference, or the connection would keep itself alive.
    fn executor(&self) -> Executor {
        Executor(Arc::downgrade(&self.0))
    }
}

impl<F> hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    fn execute(&self, future: F) {
        if let Some(tasks) = self.0.upgrade() {
            Tasks(tasks).spawn(async move { drop(future.await) });
        }
    }
}

impl Times {
    /// The guest may ask for less, never for more.
    pub(super) fn within(
        options: Option<wasmtime_wasi_http::RequestOptions>,
        most: std::time::Duration,
    ) -> Self {
        let options = options.unwrap_or_default();
        let within = |asked: Option<std::time::Duration>, most| asked.unwrap_or(most).min(most);
        Self {
            connect: within(options.connect_timeout, CONNECT_TIME_MAX.min(most)),
            first_byte: within(options.first_byte_timeout, most),
            between_bytes: within(options.between_bytes_timeout, most),
            until: Instant::now() + most,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wasmtime_wasi_http::RequestOptions;

    use super::*;

    #[test]
    fn a_guest_gets_less_time_when_it_asks_for_less_and_never_more() {
        let most = Duration::from_secs(10);
        let all = |asked| RequestOptions {
            connect_timeout: asked,
            first_byte_timeout: asked,
            between_bytes_timeout: asked,
        };
        let (one, day) = (Duration::from_secs(1), Duration::from_secs(86_400));
        for (asked, connect, others) in [
            (None, CONNECT_TIME_MAX, most),
            (Some(day), CONNECT_TIME_MAX, most),
            (Some(one), one, one),
            (Some(Duration::ZERO), Duration::ZERO, Duration::ZERO),
        ] {
            let times = Times::within(Some(all(asked)), most);
            assert_eq!(times.connect, connect);
            assert_eq!(times.first_byte, others);
            assert_eq!(times.between_bytes, others);
            assert!(times.until <= Instant::now() + most);
        }
        assert_eq!(Times::within(None, one).connect, one);
    }
}
