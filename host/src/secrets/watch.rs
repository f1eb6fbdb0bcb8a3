//! Finds placeholders in what a guest sends as a body, whatever pieces it comes in.

use std::sync::Arc;

use super::{Held, contains};
use crate::denial::Denial;

/// The state of one body.
pub(crate) struct Watch {
    held: Arc<Held>,
    /// The end of what went before, shorter than a placeholder.
    tail: Vec<u8>,
}

impl Watch {
    pub(crate) fn of(held: &Arc<Held>) -> Self {
        Self {
            held: Arc::clone(held),
            tail: Vec::new(),
        }
    }

    /// A denial where a placeholder has come to its end in this piece.
    pub(crate) fn see(&mut self, piece: &[u8], request: &str) -> Option<Denial> {
        self.tail.extend_from_slice(piece);
        let found = self
            .held
            .0
            .iter()
            .find(|entry| contains(&self.tail, entry.placeholder.as_bytes()));
        let denial = found.map(|entry| entry.misplaced("the body", request));
        let longest = self
            .held
            .0
            .iter()
            .map(|entry| entry.placeholder.len())
            .max();
        let keep = longest.unwrap_or(0).saturating_sub(1);
        let cut = self.tail.len().saturating_sub(keep);
        self.tail.drain(..cut);
        denial
    }
}
