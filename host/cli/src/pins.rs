//! `$CLAW_HOME/trust.toml`: which address is which registry, and whose keys each namespace belongs
//! to.
//!
//! Written by the operator's commands and by trust on first use, never by a project, a registry or
//! a skill. A pin is changed only by removing it first.

use std::collections::BTreeMap;

use claw_package::Namespace;
use claw_trust::{KeysetRef, Origin};
use serde::{Deserialize, Serialize};

use crate::durable::{self, Audience};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::journal::Changes;

/// Room for tens of thousands of namespaces.
const PINS_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Who decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum By {
    /// Whoever runs claw said so.
    Operator,
    /// Nobody objected when it was met first.
    FirstUse,
}

/// A namespace, bound to one registry and one chain of keysets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pin {
    pub(crate) origin: Origin,
    pub(crate) keyset: KeysetRef,
    pub(crate) by: By,
}

/// Everything that is pinned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pins {
    /// Addresses of each registry, by origin.
    pub(crate) registries: BTreeMap<String, Vec<String>>,
    pub(crate) namespaces: BTreeMap<String, Pin>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    registry: BTreeMap<String, RegistryTable>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    namespace: BTreeMap<String, PinTable>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegistryTable {
    addresses: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PinTable {
    origin: String,
    keyset: String,
    by: By,
}

impl Pins {
    /// Reads the file; none means that nothing is pinned.
    pub(crate) fn read(home: &Home) -> Outcome<Self> {
        let path = home.trust_file();
        let Some(text) = durable::read_text(&path, PINS_BYTES_MAX, Audience::Owner)? else {
            return Ok(Pins::default());
        };
        Pins::parse(&text)
            .map_err(|failure| failure.during(format!("`{}` does not hold", path.display())))
    }

    fn parse(text: &str) -> Outcome<Self> {
        let document: Document =
            toml::from_str(text).or_fail(Kind::Verification, "it is no list of pins")?;
        let mut pins = Pins::default();
        for (origin, table) in document.registry {
            let origin: Origin = origin
                .parse()
                .or_fail(Kind::Verification, "a registry is pinned by its origin")?;
            for address in table.addresses {
                let address = crate::registry::normal_address(&address)?;
                pins.pin_address(&origin, &address)?;
            }
        }
        for (namespace, table) in document.namespace {
            let act = || format!("the pin of `{namespace}` does not hold");
            namespace
                .parse::<Namespace>()
                .or_fail(Kind::Verification, act())?;
            let origin = table.origin.parse().or_fail(Kind::Verification, act())?;
            let keyset = table.keyset.parse().or_fail(Kind::Verification, act())?;
            pins.namespaces.insert(
                namespace,
                Pin {
                    origin,
                    keyset,
                    by: table.by,
                },
            );
        }
        Ok(pins)
    }

    fn to_text(&self) -> Outcome<String> {
        let mut document = Document::default();
        for (origin, addresses) in &self.registries {
            document.registry.insert(
                origin.clone(),
                RegistryTable {
                    addresses: addresses.clone(),
                },
            );
        }
        for (namespace, pin) in &self.namespaces {
            let table = PinTable {
                origin: pin.origin.to_string(),
                keyset: pin.keyset.to_string(),
                by: pin.by,
            };
            document.namespace.insert(namespace.clone(), table);
        }
        toml::to_string(&document).or_fail(Kind::Bug, "could not print the pins")
    }

    /// Writes the file. The caller holds the lock of the home folder.
    pub(crate) fn write(&self, home: &Home) -> Outcome {
        durable::write(
            &home.trust_file(),
            self.to_text()?.as_bytes(),
            Audience::Owner,
        )
    }

    /// Adds the file to others that are written with it.
    pub(crate) fn add_to(&self, changes: &mut Changes, home: &Home) -> Outcome {
        changes.add(&home.trust_file(), self.to_text()?, Audience::Owner)
    }

    /// The registry that an address is pinned to.
    pub(crate) fn origin_of(&self, address: &str) -> Option<Origin> {
        let found = self
            .registries
            .iter()
            .find(|(_, addresses)| addresses.iter().any(|known| known == address));
        found.and_then(|(origin, _)| origin.parse().ok())
    }

    /// The addresses of a registry.
    pub(crate) fn addresses_of(&self, origin: &Origin) -> &[String] {
        self.registries
            .get(origin.as_str())
            .map_or(&[], Vec::as_slice)
    }

    /// Pins an address; `false` if it was pinned so already.
    pub(crate) fn pin_address(&mut self, origin: &Origin, address: &str) -> Outcome<bool> {
        match self.origin_of(address) {
            Some(known) if known == *origin => return Ok(false),
            Some(known) => {
                let message = format!(
                    "`{address}` is pinned to the registry `{known}`, and not to `{origin}`"
                );
                let failure = Failure::verification(message);
                return Err(failure.hint(format!(
                    "if the operator of the registry says so: claw trust remove {address}"
                )));
            }
            None => {}
        }
        self.registries
            .entry(origin.to_string())
            .or_default()
            .push(address.to_owned());
        Ok(true)
    }

    /// The pin of a namespace.
    pub(crate) fn namespace(&self, namespace: &Namespace) -> Option<&Pin> {
        self.namespaces.get(namespace.as_str())
    }

    /// Pins a namespace; `false` if it was pinned so already. A different pin is never replaced.
    pub(crate) fn pin_namespace(&mut self, namespace: &Namespace, pin: Pin) -> Outcome<bool> {
        if let Some(known) = self.namespaces.get_mut(namespace.as_str()) {
            if known.origin != pin.origin || known.keyset != pin.keyset {
                let message = format!(
                    "`{namespace}` is pinned to `{}` with keyset `{}`, and not to `{}` with `{}`",
                    known.origin, known.keyset, pin.origin, pin.keyset
                );
                let failure = Failure::verification(message);
                return Err(failure.hint(format!(
                    "if its owner says so: claw trust remove {namespace}"
                )));
            }
            let promoted = known.by == By::FirstUse && pin.by == By::Operator;
            if promoted {
                known.by = By::Operator;
            }
            return Ok(promoted);
        }
        self.namespaces.insert(namespace.to_string(), pin);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use claw_package::Digest;

    fn pin(origin: &str, seed: &str, by: By) -> Pin {
        let keyset = KeysetRef {
            sequence: 1,
            digest: Digest::of(seed.as_bytes()),
        };
        Pin {
            origin: origin.parse().unwrap(),
            keyset,
            by,
        }
    }

    #[test]
    fn pins_are_read_as_they_were_written() {
        let mut pins = Pins::default();
        let origin: Origin = "skills-abcdefgh".parse().unwrap();
        pins.pin_address(&origin, "https://skills.example.com")
            .unwrap();
        pins.pin_namespace(
            &"acme".parse().unwrap(),
            pin("skills-abcdefgh", "a", By::FirstUse),
        )
        .unwrap();
        let text = pins.to_text().unwrap();
        assert!(text.contains("by = \"first-use\""), "{text}");
        assert_eq!(Pins::parse(&text).unwrap(), pins);
    }

    #[test]
    fn a_pin_is_never_replaced() {
        let mut pins = Pins::default();
        let acme: Namespace = "acme".parse().unwrap();
        assert!(
            pins.pin_namespace(&acme, pin("one", "a", By::FirstUse))
                .unwrap()
        );
        for other in [pin("one", "b", By::Operator), pin("two", "a", By::Operator)] {
            assert_eq!(
                pins.pin_namespace(&acme, other).unwrap_err().kind,
                Kind::Verification
            );
        }
        assert!(
            !pins
                .pin_namespace(&acme, pin("one", "a", By::FirstUse))
                .unwrap()
        );
        assert!(
            pins.pin_namespace(&acme, pin("one", "a", By::Operator))
                .unwrap()
        );
        assert!(
            !pins
                .pin_namespace(&acme, pin("one", "a", By::FirstUse))
                .unwrap()
        );
        assert_eq!(pins.namespace(&acme).unwrap().by, By::Operator);
    }

    #[test]
    fn an_address_belongs_to_one_registry() {
        let mut pins = Pins::default();
        let (one, two): (Origin, Origin) = ("one".parse().unwrap(), "two".parse().unwrap());
        assert!(pins.pin_address(&one, "https://a.example").unwrap());
        assert!(!pins.pin_address(&one, "https://a.example").unwrap());
        assert!(pins.pin_address(&one, "https://b.example").unwrap());
        assert_eq!(
            pins.pin_address(&two, "https://a.example")
                .unwrap_err()
                .kind,
            Kind::Verification
        );
        assert_eq!(
            pins.addresses_of(&one),
            ["https://a.example", "https://b.example"]
        );
    }
}
