//! The commands, one file each.

pub(crate) mod build;
pub(crate) mod check;
pub(crate) mod key;
pub(crate) mod login;
pub(crate) mod man;
pub(crate) mod new;
pub(crate) mod pack;
pub(crate) mod publish;
pub(crate) mod run;
pub(crate) mod test;
pub(crate) mod wit;
pub(crate) mod yank;
