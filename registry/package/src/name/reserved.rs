//! Words that look like names and cannot be ones.

/// Namespaces that would speak for claw itself, for a standard, or for a page of a registry.
#[rustfmt::skip]
const NAMESPACES: &[&str] = &[
    "about", "account", "admin", "administrator", "api", "app", "assets", "auth", "blobs", "blog",
    "bytecodealliance", "claw", "docs", "events", "explore", "health", "help", "index", "keysets",
    "local", "login", "logout", "metrics", "namespaces", "new", "oauth", "official", "openapi",
    "policies", "private", "ready", "registry", "releases", "root", "search", "security",
    "settings", "signup", "skills", "static", "status", "support", "system", "token", "tokens",
    "user", "users", "v1", "v2", "wasi", "wasm", "www",
];

/// File names that Windows gives to devices.
#[rustfmt::skip]
const WINDOWS_DEVICES: &[&str] = &[
    "aux", "clock", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "con", "conin", "conout", "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7",
    "lpt8", "lpt9", "nul", "prn",
];

/// Words that WIT keeps for itself: a package called so could not be named in its own source.
#[rustfmt::skip]
const WIT_KEYWORDS: &[&str] = &[
    "as", "async", "bool", "borrow", "char", "constructor", "enum", "error-context", "export",
    "f32", "f64", "flags", "from", "func", "future", "import", "include", "interface", "list",
    "map", "option", "own", "package", "record", "resource", "result", "s16", "s32", "s64", "s8",
    "static", "stream", "string", "tuple", "type", "u16", "u32", "u64", "u8", "use", "variant",
    "with", "world",
];

/// Whether nobody may have this namespace.
pub(super) fn is_reserved_namespace(text: &str) -> bool {
    NAMESPACES.binary_search(&text).is_ok()
}

/// Whether WIT keeps this word for itself.
pub(crate) fn is_wit_keyword(text: &str) -> bool {
    WIT_KEYWORDS.binary_search(&text).is_ok()
}

/// Whether Windows gives this file name to a device, whatever its extension.
pub(crate) fn is_windows_device(file_name: &str) -> bool {
    let stem = file_name.split('.').next().unwrap_or(file_name);
    let stem = stem
        .trim_end_matches(' ')
        .trim_end_matches('$')
        .to_ascii_lowercase()
        // Windows numbers its ports in superscript too.
        .replace('¹', "1")
        .replace('²', "2")
        .replace('³', "3");
    WINDOWS_DEVICES.binary_search(&stem.as_str()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted_for_searching() {
        assert!(NAMESPACES.is_sorted() && WINDOWS_DEVICES.is_sorted() && WIT_KEYWORDS.is_sorted());
    }

    #[test]
    fn an_extension_does_not_make_a_device_a_file() {
        assert!(
            [
                "nul",
                "NUL.txt",
                "con .a",
                "COM1.tar.gz",
                "conin$",
                "com¹",
                "LPT³.x"
            ]
            .into_iter()
            .all(is_windows_device)
        );
        assert!(
            !["null", "com", "com10", "a.nul", ""]
                .into_iter()
                .any(is_windows_device)
        );
    }
}
