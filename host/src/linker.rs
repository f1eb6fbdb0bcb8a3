//! Links the interfaces that every component may import, once per host.
//!
//! Each function goes through [`State::counted`]. No gated interface is linked here: what is not
//! linked cannot be called, whatever else goes wrong.

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Engine, Result};
use wasmtime_wasi::WasiView;
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::p2::bindings::{cli, random};
use wasmtime_wasi::random::WasiRandom;

use crate::bindings::claw::skill::log;
use crate::bindings::wasi::filesystem::{preopens, types};
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
    preopens::add_to_linker::<State, HasSelf<State>>(l, |s| s.counted(Capability::Filesystem))?;
    types::add_to_linker::<State, HasSelf<State>>(l, |s| s.counted(Capability::Filesystem))?;
    Ok(linker)
}
