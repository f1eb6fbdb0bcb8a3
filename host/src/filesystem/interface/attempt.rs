//! What a guest tried, in the words of a denial.

use claw_package::PermissionKind;

use crate::bindings::wasi::filesystem::types::ErrorCode;
use crate::denial::{Denial, DenialReason};
use crate::filesystem::place::{Access, Place, Rules};
use crate::filesystem::walk::{PATH_BYTES_MAX, Refusal};

/// What a guest tries to do with a path.
#[derive(Clone, Copy)]
pub(super) struct Attempt<'a> {
    verb: &'static str,
    access: Access,
    /// Empty for the thing itself.
    path: &'a str,
    /// Whether the path itself is a folder, and not a file in one.
    pub(super) folder: bool,
    /// Where to, for what moves or is a link.
    to: Option<&'a str>,
}

impl<'a> Attempt<'a> {
    pub(super) fn read(verb: &'static str, path: &'a str) -> Self {
        Self {
            verb,
            access: Access::Read,
            path,
            folder: false,
            to: None,
        }
    }

    pub(super) fn write(verb: &'static str, path: &'a str) -> Self {
        Self {
            verb,
            access: Access::Write,
            path,
            folder: false,
            to: None,
        }
    }

    pub(super) fn folder(mut self) -> Self {
        self.folder = true;
        self
    }

    pub(super) fn to(mut self, path: &'a str) -> Self {
        self.to = Some(path);
        self
    }

    /// Before anything is made of what the guest wrote, be it only the text of a denial.
    pub(super) fn check(&self) -> Result<(), ErrorCode> {
        match self.path.len().max(self.to.map_or(0, str::len)) {
            0..=PATH_BYTES_MAX => Ok(()),
            _ => Err(ErrorCode::NameTooLong),
        }
    }

    /// The guest's answer, and what is recorded of it.
    pub(super) fn refused(
        &self,
        base: &Place,
        rules: Option<&Rules>,
        why: Refusal,
    ) -> (ErrorCode, Option<Denial>) {
        let reason = match why {
            Refusal::Code(code) => return (code, None),
            Refusal::Denied(reason) => reason,
        };
        let place = base.lexical(self.path);
        let shown = match (reason, rules) {
            // What leads out is shown as it was written.
            (DenialReason::Escape, _) if self.path.starts_with('/') => self.path.to_owned(),
            (DenialReason::Escape, _) => format!("{base}/{}", self.path),
            (_, Some(Rules::ReadOnly)) => format!("/assets/{place}"),
            _ => place.to_string(),
        };
        let to = self.to.map(|to| format!(" to `{to}`")).unwrap_or_default();
        let permission = match (reason, self.folder || self.path == ".") {
            (DenialReason::NotGranted, true) => place.permission(self.access),
            (DenialReason::NotGranted, false) => place.parent().permission(self.access),
            _ => None,
        };
        let denial = Denial {
            kind: match self.access {
                Access::Read => PermissionKind::FilesystemRead,
                Access::Write => PermissionKind::FilesystemWrite,
            },
            what: format!("{} `{shown}`{to}", self.verb),
            reason,
            permission,
        };
        let code = match (reason, self.access) {
            // Not even that it is there.
            (DenialReason::Hidden, Access::Read) => ErrorCode::NoEntry,
            _ => ErrorCode::NotPermitted,
        };
        (code, Some(denial))
    }
}
