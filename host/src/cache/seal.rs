//! The header of a sealed image.
//!
//! `claw image 1\n`, then component digest, note digest (zeros for none), engine hash and MAC of 32
//! bytes each, then the image. The MAC is BLAKE3 with our key over everything but itself.

use claw_package::Digest;

use super::key::Key;

const MAGIC: &[u8] = b"claw image 1\n";
const FIELD: usize = 32;
const MAC_START: usize = MAGIC.len() + 3 * FIELD;
const HEADER: usize = MAC_START + FIELD;

/// What an image is for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    pub(super) component: [u8; FIELD],
    pub(super) note: [u8; FIELD],
    pub(super) engine: [u8; FIELD],
}

impl Sealed {
    /// The header for an image.
    pub(super) fn header(&self, key: &Key, image: &[u8]) -> Vec<u8> {
        let mut header = [MAGIC, &self.component, &self.note, &self.engine].concat();
        header.extend_from_slice(mac(key, &header, image).as_bytes());
        header
    }

    /// What the file of such an image is called.
    pub(super) fn file_name(&self) -> String {
        let variant = Digest::of(&[self.note, self.engine].concat()).hex();
        let component = Digest::from_bytes(self.component).hex();
        format!("{component}-{}.image", &variant[..16])
    }

    /// Reads what a file is for, if its seal holds.
    pub(super) fn read(key: &Key, file: &[u8]) -> Result<Self, &'static str> {
        let named = file.get(MAGIC.len()..MAC_START).ok_or("its header")?;
        let field = |index: usize| {
            let mut bytes = [0; FIELD];
            bytes.copy_from_slice(&named[index * FIELD..(index + 1) * FIELD]);
            bytes
        };
        let sealed = Self {
            component: field(0),
            note: field(1),
            engine: field(2),
        };
        sealed.check(key, file).map(|_| sealed)
    }

    /// Where the image starts in a file that is sealed for this, or what is wrong with it.
    pub(super) fn check(&self, key: &Key, file: &[u8]) -> Result<usize, &'static str> {
        let (header, image) = file.split_at_checked(HEADER).ok_or("its header")?;
        let (named, seal) = header.split_at(MAC_START);
        let fields = named.strip_prefix(MAGIC).ok_or("its header")?;
        let expected = [
            (&self.component, "the component"),
            (&self.note, "the release note"),
            (&self.engine, "the engine"),
        ];
        for (field, (value, what)) in fields.chunks(FIELD).zip(expected) {
            if field != value {
                return Err(what);
            }
        }
        let seal: [u8; FIELD] = seal.try_into().map_err(|_| "its header")?;
        // This comparison takes the same time whatever differs.
        if mac(key, named, image) != blake3::Hash::from(seal) {
            return Err("the seal");
        }
        Ok(HEADER)
    }
}

fn mac(key: &Key, named: &[u8], image: &[u8]) -> blake3::Hash {
    blake3::Hasher::new_keyed(key)
        .update(named)
        .update(image)
        .finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_flipped_byte_breaks_the_seal_and_is_named() {
        let key = [7; 32];
        let sealed = Sealed {
            component: [1; 32],
            note: [2; 32],
            engine: [3; 32],
        };
        let mut file = sealed.header(&key, b"image");
        file.extend_from_slice(b"image");
        assert_eq!(sealed.check(&key, &file), Ok(HEADER));
        for at in 0..file.len() {
            file[at] ^= 1;
            let what = sealed.check(&key, &file).unwrap_err();
            let expected = match at {
                _ if at < MAGIC.len() => "its header",
                _ if at < MAGIC.len() + FIELD => "the component",
                _ if at < MAGIC.len() + 2 * FIELD => "the release note",
                _ if at < MAC_START => "the engine",
                _ => "the seal",
            };
            assert_eq!(what, expected, "byte {at}");
            file[at] ^= 1;
        }
        assert_eq!(sealed.check(&[8; 32], &file), Err("the seal"));
        assert_eq!(sealed.check(&key, &file[..HEADER - 1]), Err("its header"));
        assert_eq!(sealed.check(&key, &file[..HEADER + 1]), Err("the seal"));
    }
}
