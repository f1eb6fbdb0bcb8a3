//! `wasi:sockets`: TCP to granted addresses, and nothing else.
//!
//! Connections are Wasmtime's own, each checked by us first. There is no listening, no UDP and no
//! look-up of names: what a raw socket is for could not be enforced by name.

use claw_package::{Permission, PermissionKind};
use wasmtime::Result;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::WasiCtx;
use wasmtime_wasi::p2::bindings::sockets::network::{ErrorCode, IpAddressFamily, Network};
use wasmtime_wasi::p2::bindings::sockets::{
    instance_network, ip_name_lookup, network, tcp, tcp_create_socket, udp, udp_create_socket,
};
use wasmtime_wasi::p2::{SocketError, SocketResult, TcpSocket, UdpSocket};
use wasmtime_wasi::sockets::{SocketAddrUse, WasiSockets, WasiSocketsCtxView};

use super::decide;
use super::traffic::Record;
use crate::denial::{Denial, DenialReason};
use crate::state::{Capability, State};

/// What Wasmtime's sockets ask before each step.
pub(super) struct Context(WasiCtx);

pub(super) fn context(grants: Vec<Permission>, record: Record, is_real: bool) -> Context {
    let check = move |address, step| {
        let permitted = match step {
            // What happens by itself when a socket connects.
            SocketAddrUse::TcpBind if is_any_port_of_any_address(address) => Ok(()),
            SocketAddrUse::TcpConnect => decide::connection(&grants, address),
            SocketAddrUse::TcpBind | SocketAddrUse::TcpListen => {
                Err(Box::new(refusal(format!("listen on {address}"))))
            }
            _ => Err(Box::new(refusal(format!(
                "exchange datagrams with {address}"
            )))),
        };
        let permitted = permitted.map_err(|denial| record.add(*denial)).is_ok();
        let answer: std::pin::Pin<Box<dyn Future<Output = bool> + Send + Sync>> =
            Box::pin(std::future::ready(permitted && is_real));
        answer
    };
    let mut builder = WasiCtx::builder();
    builder.allow_tcp(true).socket_addr_check(check);
    Context(builder.build())
}

fn is_any_port_of_any_address(address: std::net::SocketAddr) -> bool {
    address.ip().is_unspecified() && address.port() == 0
}

/// What no grant allows.
fn refusal(what: String) -> Denial {
    Denial {
        kind: PermissionKind::NetworkTcp,
        what,
        reason: DenialReason::NotGrantable,
        permission: None,
    }
}

pub(crate) fn add_to_linker(l: &mut Linker<State>) -> Result<()> {
    use wasmtime::component::HasSelf;
    let options = network::LinkOptions::default();
    network::add_to_linker::<State, WasiSockets>(l, &options, State::sockets)?;
    instance_network::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    tcp::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    udp::add_to_linker::<State, WasiSockets>(l, State::sockets)?;
    tcp_create_socket::add_to_linker::<State, HasSelf<State>>(l, State::own)?;
    udp_create_socket::add_to_linker::<State, HasSelf<State>>(l, State::own)?;
    ip_name_lookup::add_to_linker::<State, HasSelf<State>>(l, State::own)?;
    Ok(())
}

impl State {
    fn own(&mut self) -> &mut Self {
        self.counted(Capability::Network)
    }

    fn sockets(&mut self) -> WasiSocketsCtxView<'_> {
        self.counted(Capability::Network).own_sockets()
    }

    fn own_sockets(&mut self) -> WasiSocketsCtxView<'_> {
        WasiSocketsCtxView {
            ctx: self.traffic.sockets().0.sockets(),
            table: &mut self.table,
        }
    }
}

impl network::Host for State {
    fn convert_error_code(&mut self, error: SocketError) -> Result<ErrorCode> {
        error.downcast()
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> Result<Option<ErrorCode>> {
        self.own_sockets().network_error_code(error)
    }
}

impl network::HostNetwork for State {
    fn drop(&mut self, network: Resource<Network>) -> Result<()> {
        network::HostNetwork::drop(&mut self.own_sockets(), network)
    }
}

impl tcp_create_socket::Host for State {
    fn create_tcp_socket(&mut self, family: IpAddressFamily) -> SocketResult<Resource<TcpSocket>> {
        if self.traffic.count().is_err() {
            return Err(ErrorCode::NewSocketLimit.into());
        }
        self.own_sockets().create_tcp_socket(family)
    }
}

impl udp_create_socket::Host for State {
    async fn create_udp_socket(
        &mut self,
        _family: IpAddressFamily,
    ) -> SocketResult<Resource<UdpSocket>> {
        self.traffic.deny(refusal("open a UDP socket".to_owned()));
        Err(ErrorCode::AccessDenied.into())
    }
}

type Addresses = Resource<ip_name_lookup::ResolveAddressStream>;

impl ip_name_lookup::Host for State {
    fn resolve_addresses(
        &mut self,
        _network: Resource<Network>,
        name: String,
    ) -> Result<Addresses, SocketError> {
        self.traffic.deny(refusal(format!("look up `{name}`")));
        Err(ErrorCode::AccessDenied.into())
    }
}

/// Nobody ever holds one.
impl ip_name_lookup::HostResolveAddressStream for State {
    fn resolve_next_address(
        &mut self,
        addresses: Addresses,
    ) -> Result<Option<ip_name_lookup::IpAddress>, SocketError> {
        self.own_sockets().resolve_next_address(addresses)
    }

    fn subscribe(
        &mut self,
        addresses: Addresses,
    ) -> Result<Resource<wasmtime_wasi::p2::DynPollable>> {
        ip_name_lookup::HostResolveAddressStream::subscribe(&mut self.own_sockets(), addresses)
    }

    fn drop(&mut self, addresses: Addresses) -> Result<()> {
        ip_name_lookup::HostResolveAddressStream::drop(&mut self.own_sockets(), addresses)
    }
}
