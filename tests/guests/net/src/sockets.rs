//! `wasi:sockets` as they are: whatever they let through.

use crate::wasi::sockets::instance_network::instance_network;
use crate::wasi::sockets::ip_name_lookup::resolve_addresses;
use crate::wasi::sockets::network::{
    ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress,
};
use crate::wasi::sockets::tcp_create_socket::create_tcp_socket;
use crate::wasi::sockets::udp_create_socket::create_udp_socket;

fn said(code: ErrorCode) -> String {
    format!("{code:?}")
}

fn at(address: (u8, u8, u8, u8), port: u16) -> IpSocketAddress {
    IpSocketAddress::Ipv4(Ipv4SocketAddress { port, address })
}

pub fn connect(address: (u8, u8, u8, u8), port: u16, text: &str) -> Result<String, String> {
    let network = instance_network();
    let socket = create_tcp_socket(IpAddressFamily::Ipv4).map_err(said)?;
    let begun = socket.start_connect(&network, at(address, port));
    begun.map_err(said)?;
    let ready = socket.subscribe();
    let (input, output) = loop {
        match socket.finish_connect() {
            Err(ErrorCode::WouldBlock) => ready.block(),
            ended => break ended.map_err(said)?,
        }
    };
    let sent = output.blocking_write_and_flush(text.as_bytes());
    sent.map_err(|error| format!("{error:?}"))?;
    let mut heard = Vec::new();
    while let Ok(bytes) = input.blocking_read(4096) {
        heard.extend(bytes);
    }
    Ok(String::from_utf8_lossy(&heard).into_owned())
}

pub fn listen() -> Result<(), String> {
    let network = instance_network();
    let socket = create_tcp_socket(IpAddressFamily::Ipv4).map_err(said)?;
    let begun = socket.start_bind(&network, at((127, 0, 0, 1), 0));
    begun.map_err(said)?;
    socket.finish_bind().map_err(said)?;
    socket.start_listen().map_err(said)?;
    socket.finish_listen().map_err(said)
}

pub fn datagrams() -> Result<(), String> {
    let made = create_udp_socket(IpAddressFamily::Ipv4);
    made.map(drop).map_err(said)
}

pub fn look_up(name: &str) -> Result<(), String> {
    let found = resolve_addresses(&instance_network(), name);
    found.map(drop).map_err(said)
}
