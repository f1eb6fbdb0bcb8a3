//! One invocation's side of the network: what it was granted, what it has used, what it was denied.
//!
//! Nothing is made before the guest first asks for something.

use std::sync::{Arc, Mutex, PoisonError};

use claw_package::permission::HttpTarget;
use claw_package::{Permission, PermissionKind};
use http::header::CONTENT_LENGTH;
use http::uri::PathAndQuery;
use http::{HeaderName, Request, Response, header};
use tokio::sync::Semaphore;
use wasmtime_wasi_http::{
    DEFAULT_FORBIDDEN_HEADERS, Error, ForbiddenHeaderFilter, RequestOptions, WasiBody,
    WasiHttpHooks,
};

use super::body::BodyFault;
use super::send::{self, Errand, Plan, Times};
use super::{Network, decide, sockets};
use crate::denial::{Denial, DenialReason, Denials};
use crate::invocation::Invocation;
use crate::limits::{
    Limits, REQUEST_CHUNK_BYTES_MAX, REQUEST_HEADER_BYTES_MAX, REQUEST_URL_BYTES_MAX,
};
use crate::secrets::Held;

/// The network as one invocation has it.
pub(crate) struct Traffic {
    network: Option<Network>,
    /// Those of network kinds alone.
    grants: Vec<Permission>,
    secrets: Option<Arc<Held>>,
    limits: Limits,
    begun: Option<Box<Begun>>,
}

/// What there is once the guest has asked for something.
struct Begun {
    record: Record,
    connections: Arc<Semaphore>,
    /// Requests and sockets.
    used: u32,
    sockets: Option<sockets::Context>,
}

/// Where denials go from wherever they are found out.
#[derive(Clone, Default)]
pub(super) struct Record(Arc<Mutex<Denials>>);

impl Record {
    pub(super) fn add(&self, denial: Denial) {
        let mut denials = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        denials.add(denial);
    }

    fn take(&self) -> Denials {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Traffic {
    pub(crate) fn new(
        invocation: &Invocation,
        limits: &Limits,
        secrets: Option<Arc<Held>>,
    ) -> Self {
        let of_networks = |grant: &&Permission| {
            matches!(
                grant.kind(),
                PermissionKind::NetworkExternal
                    | PermissionKind::NetworkInternal
                    | PermissionKind::NetworkTcp
            )
        };
        Self {
            network: invocation.network.clone(),
            grants: invocation
                .grants
                .iter()
                .filter(of_networks)
                .cloned()
                .collect(),
            secrets,
            limits: *limits,
            begun: None,
        }
    }

    /// The denials so far, which are given once.
    pub(crate) fn take_denials(&mut self) -> Denials {
        match &self.begun {
            Some(begun) => begun.record.take(),
            None => Denials::default(),
        }
    }

    pub(super) fn deny(&mut self, denial: Denial) {
        self.begun().record.add(denial);
    }

    /// Counts one request or one socket.
    pub(super) fn count(&mut self) -> Result<(), ()> {
        let most = self.limits.requests;
        let begun = self.begun();
        begun.used = begun.used.saturating_add(1);
        if begun.used > most { Err(()) } else { Ok(()) }
    }

    pub(super) fn sockets(&mut self) -> &mut sockets::Context {
        let grants = self.grants.clone();
        let is_real = self.network.as_ref().is_some_and(Network::is_real);
        let Begun {
            record, sockets, ..
        } = self.begun();
        sockets.get_or_insert_with(|| sockets::context(grants, record.clone(), is_real))
    }

    fn begun(&mut self) -> &mut Begun {
        let connections = self.limits.connections as usize;
        self.begun.get_or_insert_with(|| {
            Box::new(Begun {
                record: Record::default(),
                connections: Arc::new(Semaphore::new(connections)),
                used: 0,
                sockets: None,
            })
        })
    }

    /// Check, charge, and only then something to send.
    fn plan(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> Result<Plan, Error> {
        let (mut parts, body) = request.into_parts();
        let (target, path) = self.target(&parts)?;
        let verdict = decide::request(&self.grants, parts.method.as_str(), &target)
            .map_err(|denial| self.refuse(*denial))?;
        self.count().map_err(|()| Error::ConnectionLimitReached)?;
        if path.as_str().len() > REQUEST_URL_BYTES_MAX {
            return Err(Error::HttpRequestUriTooLong);
        }
        let announced = parts
            .headers
            .get(CONTENT_LENGTH)
            .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        let body_bytes = self.limits.request_body_bytes;
        if announced.is_some_and(|length| length > body_bytes) {
            return Err(Error::HttpRequestBodySize(Some(body_bytes)));
        }
        // This host's own, made from the target that was judged.
        parts.headers.remove(header::HOST);
        if let Some(secrets) = self.secrets.clone() {
            secrets
                .put(&parts.method, &target, &path, &mut parts.headers)
                .map_err(|denial| self.refuse(*denial))?;
        }
        if send::header_bytes(&parts.headers) > REQUEST_HEADER_BYTES_MAX {
            let most = u32::try_from(REQUEST_HEADER_BYTES_MAX).ok();
            return Err(Error::HttpRequestHeaderSectionSize(most));
        }
        let network = self.network.clone().ok_or(Error::DestinationUnavailable)?;
        let (secrets, limits) = (self.secrets.clone(), self.limits);
        let begun = self.begun();
        Ok(Plan {
            network,
            errand: Errand {
                verdict,
                method: parts.method,
                target,
                times: Times::within(options, limits.request_time),
                record: begun.record.clone(),
            },
            path,
            headers: parts.headers,
            body,
            request_body_bytes: limits.request_body_bytes,
            response_bytes: limits.response_bytes,
            connections: Arc::clone(&begun.connections),
            secrets,
            body_fault: BodyFault::default(),
        })
    }

    /// Where it goes, read strictly.
    fn target(
        &mut self,
        parts: &http::request::Parts,
    ) -> Result<(HttpTarget, PathAndQuery), Error> {
        let uri = &parts.uri;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let path = uri
            .path_and_query()
            .cloned()
            .unwrap_or_else(|| PathAndQuery::from_static("/"));
        let scheme = uri.scheme_str().unwrap_or_default();
        match HttpTarget::parse(scheme, authority, path.path()) {
            Ok(target) => Ok((target, path)),
            Err(reason) => {
                // A password may stand before the `@`.
                let shown = authority.rsplit('@').next().unwrap_or_default();
                self.deny(Denial {
                    kind: PermissionKind::NetworkExternal,
                    what: format!("{} {scheme}://{shown}: {reason}", parts.method),
                    reason: DenialReason::NotGrantable,
                    permission: None,
                });
                Err(Error::HttpRequestUriInvalid)
            }
        }
    }

    fn refuse(&mut self, denial: Denial) -> Error {
        let error = match denial.reason {
            DenialReason::ForbiddenAddress => Error::DestinationIpProhibited,
            _ => Error::HttpRequestDenied,
        };
        self.deny(denial);
        error
    }
}

impl WasiHttpHooks for Traffic {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        is_forbidden(name)
    }

    fn forbidden_header_filter(&mut self) -> ForbiddenHeaderFilter {
        Arc::new(is_forbidden)
    }

    fn set_host_header(&mut self) -> bool {
        false
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Answered, Error>> + Send> {
        let plan = self.plan(request, options);
        Box::new(async move {
            let response = send::send(plan?).await?;
            // What drives the connection goes with the body.
            let nothing: Box<dyn Future<Output = Result<(), Error>> + Send> =
                Box::new(std::future::ready(Ok(())));
            Ok((response, nothing))
        })
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        REQUEST_CHUNK_BYTES_MAX
    }
}

type Answered = (
    Response<WasiBody>,
    Box<dyn Future<Output = Result<(), Error>> + Send>,
);

/// Headers that say how a message is framed, where it goes, or what a proxy is told: the host's own
/// affair, whoever writes them.
fn is_forbidden(name: &HeaderName) -> bool {
    DEFAULT_FORBIDDEN_HEADERS.contains(name)
        || matches!(*name, header::TE | header::TRAILER | header::EXPECT)
        || name.as_str().starts_with("proxy-")
}
