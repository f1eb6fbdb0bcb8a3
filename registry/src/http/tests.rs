//! What clients are promised, over real sockets.

mod bounds;
mod events;
mod openapi;
mod publishing;
mod reading;
mod recovery;
mod tokens;
mod uploads;
