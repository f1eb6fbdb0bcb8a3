//! Links every interface that a component may import, once per host.
//!
//! Each function goes through [`State::counted`]. A gated interface is linked like any other, and
//! each of its functions asks the grants itself.

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Engine, Result};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::p2::bindings::{cli, random};
use wasmtime_wasi::random::WasiRandom;
use wasmtime_wasi_http::p2::bindings::http::{outgoing_handler, types as http_types};
use wasmtime_wasi_http::{WasiHttp, WasiHttpCtxView};

use crate::bindings::claw::skill::log;
use crate::bindings::wasi::filesystem::{preopens, types};
use crate::network;
use crate::state::{Capability, State};

pub(crate) fn build(engine: &Engine) -> Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    let l = &mut linker;
    // wasi:io, wasi:clocks, wasi:random/random, and the three standard streams.
    wasmtime_wasi::p2::add_to_linker_proxy_interfaces_async(l)?;
    random::insecure::add_to_linker::<State, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<State, WasiRandom>(l, |s| s.ctx().ctx.random())?;
    cli::environment::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::exit::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_input::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_output::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdin::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stdout::add_to_linker::<State, WasiCli>(l, State::cli)?;
    cli::terminal_stderr::add_to_linker::<State, WasiCli>(l, State::cli)?;
    log::add_to_linker::<State, HasSelf<State>>(l, |s| s.counted(Capability::Log))?;
    #[cfg(target_os = "linux")]
    crate::process::add_to_linker::<State, HasSelf<State>>(l, |s| s.counted(Capability::Process))?;
    preopens::add_to_linker::<State, HasSelf<State>>(l, |s| s.counted(Capability::Filesystem))?;
    types::add_to_linker::<State, HasSelf<State>>(l, |s| s.counted(Capability::Filesystem))?;
    let options = http_types::LinkOptions::default();
    http_types::add_to_linker::<State, WasiHttp>(l, &options, State::http)?;
    outgoing_handler::add_to_linker::<State, WasiHttp>(l, State::http)?;
    network::add_sockets_to_linker(l)?;
    Ok(linker)
}

impl State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let state = self.counted(Capability::Network);
        WasiHttpCtxView {
            hooks: &mut state.traffic,
            table: &mut state.table,
            ctx: &mut state.http_fields,
        }
    }
}
