//! Messages for the operator, through `claw:skill/log`.
//!
//! They are no part of an action's result, and logging never fails: beyond its limits the host drops messages.

use std::fmt::Display;

mod bindings {
    wit_bindgen::generate!({
        inline: "
            package claw:sdk;

            world imports {
                import claw:skill/log@0.1.0;
            }
        ",
        path: "wit",
        world: "claw:sdk/imports",
        generate_all,
    });
}

pub use bindings::claw::skill::log::Level;

/// Records `message` at `level`.
pub fn log(level: Level, message: impl Display) {
    bindings::claw::skill::log::log(level, &message.to_string());
}

/// Records one step, for following a call closely.
pub fn trace(message: impl Display) {
    log(Level::Trace, message);
}

/// Records what helps to find a fault.
pub fn debug(message: impl Display) {
    log(Level::Debug, message);
}

/// Records what an operator wants to know of a call that went well.
pub fn info(message: impl Display) {
    log(Level::Info, message);
}

/// Records something unexpected that the skill could handle.
pub fn warn(message: impl Display) {
    log(Level::Warn, message);
}

/// Records what kept the skill from doing what it was asked.
pub fn error(message: impl Display) {
    log(Level::Error, message);
}
