//! The rules that hold for every manifest, whichever file it came from.

use super::{LimitRequests, Manifest, ManifestError};
use crate::limits::{FIELD_BYTES_MAX, LABEL_BYTES_MAX, LABELS_MAX, PERMISSIONS_MAX, TRIGGERS_MAX};
use crate::permission::{Permission, PermissionError};
use crate::text::clean_description;

impl Manifest {
    /// The manifest with its descriptions made clean, or the field that breaks a rule.
    pub(super) fn checked(mut self) -> Result<Self, ManifestError> {
        self.description = clean_description(&self.description)
            .ok_or_else(|| ManifestError::field("description", "it is empty"))?;
        check_license(self.license.as_deref())?;
        check_repository(self.repository.as_deref())?;
        check_labels("categories", &self.categories)?;
        check_labels("keywords", &self.keywords)?;
        if self.permissions.len() > PERMISSIONS_MAX {
            return Err(ManifestError::field(
                "permissions",
                PermissionError::TooMany,
            ));
        }
        self.check_secrets()?;
        if self.triggers.len() > TRIGGERS_MAX {
            let words = format!("there are more than {TRIGGERS_MAX}");
            return Err(ManifestError::field("triggers", words));
        }
        self.triggers
            .iter_mut()
            .try_for_each(super::Trigger::check)?;
        check_limits(&self.limits)?;
        Ok(self)
    }

    /// A secret goes into requests, so it needs a permission to make some.
    fn check_secrets(&self) -> Result<(), ManifestError> {
        for permission in &self.permissions {
            let Permission::Secret(secret) = permission else {
                continue;
            };
            let reaches = |other: &Permission| match other {
                Permission::NetworkExternal(scope) | Permission::NetworkInternal(scope) => {
                    secret.reaches(scope)
                }
                _ => false,
            };
            if !self.permissions.iter().any(reaches) {
                let words =
                    format!("`{permission}` needs a `network` permission for the same hosts");
                return Err(ManifestError::field("permissions", words));
            }
        }
        Ok(())
    }
}

fn check_license(license: Option<&str>) -> Result<(), ManifestError> {
    let spdx = |b: u8| b.is_ascii_alphanumeric() || b"-.+() /:".contains(&b);
    match license {
        Some(text)
            if text.trim() != text
                || text.is_empty()
                || text.len() > FIELD_BYTES_MAX
                || !text.bytes().all(spdx) =>
        {
            Err(ManifestError::field(
                "license",
                "it is not an SPDX expression",
            ))
        }
        _ => Ok(()),
    }
}

fn check_repository(repository: Option<&str>) -> Result<(), ManifestError> {
    let Some(url) = repository else { return Ok(()) };
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"'<>`\\^{|}@".contains(&b);
    let host = url.strip_prefix("https://").unwrap_or_default();
    if host.is_empty()
        || host.starts_with('/')
        || url.len() > FIELD_BYTES_MAX
        || !url.bytes().all(plain)
    {
        return Err(ManifestError::field(
            "repository",
            "it is not an `https://` URL",
        ));
    }
    Ok(())
}

fn check_labels(field: &str, labels: &[String]) -> Result<(), ManifestError> {
    if labels.len() > LABELS_MAX {
        return Err(ManifestError::field(
            field,
            format!("there are more than {LABELS_MAX}"),
        ));
    }
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    for (index, label) in labels.iter().enumerate() {
        if label.len() > LABEL_BYTES_MAX || !label.split('-').all(word) {
            let shown: String = label
                .chars()
                .take(LABEL_BYTES_MAX)
                .flat_map(char::escape_debug)
                .collect();
            let words = format!(
                "`{shown}` is not up to {LABEL_BYTES_MAX} bytes of words of a-z and 0-9 joined by `-`"
            );
            return Err(ManifestError::field(field, words));
        }
        if labels[..index].contains(label) {
            return Err(ManifestError::field(
                field,
                format!("`{label}` is there twice"),
            ));
        }
    }
    Ok(())
}

fn check_limits(limits: &LimitRequests) -> Result<(), ManifestError> {
    let LimitRequests {
        timeout_ms,
        memory_bytes,
        result_bytes,
        log_bytes,
        host_calls,
    } = *limits;
    for (field, value) in [
        ("limits.timeout_ms", timeout_ms),
        ("limits.memory_bytes", memory_bytes),
        ("limits.result_bytes", result_bytes),
        ("limits.log_bytes", log_bytes),
        ("limits.host_calls", host_calls),
    ] {
        if value == Some(0) {
            return Err(ManifestError::field(field, "nothing could run within 0"));
        }
    }
    Ok(())
}
