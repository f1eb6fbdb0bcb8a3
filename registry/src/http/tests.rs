//! What clients are promised, over real sockets.

mod bounds;
mod compatibility;
mod events;
mod observing;
mod openapi;
mod publishing;
mod ranges;
mod rates;
mod reading;
mod recovery;
mod search;
mod stopping;
mod tls;
mod tokens;
mod uploads;
