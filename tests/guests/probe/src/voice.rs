//! Listens where a host may have put something that is not for the guest.

use std::io::Read;

/// More than any test puts there.
const BYTES_MAX: u64 = 1 << 20;

/// Everything on standard input.
pub fn listen() -> Result<String, String> {
    let mut text = String::new();
    std::io::stdin()
        .take(BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    Ok(text)
}
