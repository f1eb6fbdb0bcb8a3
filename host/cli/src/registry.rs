//! Talks to registries: the trusted ones, and for each namespace the one it belongs to.
//!
//! What a registry says is never believed here for more than finding signed notes. Nothing is
//! written: new pins are handed back, and recorded by the command once everything was verified.

mod address;

use claw_host::grants::SecurityLevel;
use claw_package::{Digest, Namespace};
use claw_registry_api::ErrorCode;
use claw_registry_client::{Client, ClientError, ClientOptions, ErrorClass};
use claw_trust::{Keyset, Origin};
use futures_util::future::join_all;

use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::pins::{By, Pin, Pins};
use crate::settings::Settings;
use crate::show;

pub(crate) use address::normal_address;

/// Which addresses may be asked, and how.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network<'a> {
    pub(crate) settings: &'a Settings,
    /// `--allow-http`.
    pub(crate) allow_http: bool,
}

/// A registry that answered and is who it should be.
#[derive(Debug)]
pub(crate) struct Registry {
    pub(crate) origin: Origin,
    pub(crate) address: String,
    pub(crate) client: Client,
}

/// Where a namespace comes from, and whose it is.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) registry: Registry,
    pub(crate) keyset: Keyset,
    pub(crate) keyset_note: Vec<u8>,
    /// Whether the namespace was pinned before this command, or by it.
    pub(crate) pinned: bool,
}

/// What a failed request means for the command.
pub(crate) fn request_failure(error: ClientError, act: impl std::fmt::Display) -> Failure {
    let kind = match error.class() {
        ErrorClass::Usage => Kind::Usage,
        ErrorClass::Verification => Kind::Verification,
        ErrorClass::NotFound => Kind::NotFound,
        ErrorClass::Unavailable | ErrorClass::Refused => Kind::Registry,
        ErrorClass::Local => Kind::Io,
    };
    let hint = match &error {
        ClientError::InsecureAddress { .. } => {
            Some("use https://, or --allow-http if the way there is safe".to_owned())
        }
        ClientError::Refused {
            code: ErrorCode::StorageFull,
            ..
        } => Some("its operator has to make room; then run the same command again".to_owned()),
        error if error.is_untrusted_certificate() => Some(
            "if its root is your team's own: SSL_CERT_FILE=ROOTS.pem before the command, or add it to the system's"
                .to_owned(),
        ),
        _ => None,
    };
    Failure {
        kind,
        error: anyhow::Error::new(error).context(act.to_string()),
        hint,
    }
}

impl Network<'_> {
    /// Asks one address who it is, and checks that against what is pinned.
    pub(crate) async fn contact(&self, address: &str, pins: &mut Pins) -> Outcome<Registry> {
        let registry = self.ask(address).await?;
        self.check(registry, pins)
    }

    /// The registry of a namespace and its keys. `trust` is a keyset that the operator named for
    /// it.
    pub(crate) async fn source_of(
        &self,
        namespace: &Namespace,
        trust: Option<Digest>,
        pins: &mut Pins,
    ) -> Outcome<Source> {
        if self.settings.trusted_registries.is_empty() {
            return Err(
                Failure::usage("no registry is trusted").hint("claw trust add-registry URL")
            );
        }
        let source = match pins.namespace(namespace).cloned() {
            Some(pin) => self.bound(namespace, &pin, pins).await?,
            None => self.unbound(namespace, pins).await?,
        };
        if let Some(trust) = trust.filter(|trust| *trust != source.keyset.reference().digest) {
            let (found, sequence) = (
                source.keyset.reference(),
                source.keyset.reference().sequence,
            );
            let message = format!(
                "the keyset of `{namespace}` at `{}` is `{found}`, and not `{sequence}:{trust}`",
                source.registry.origin
            );
            return Err(Failure::verification(message));
        }
        if trust.is_some() {
            let pin = Pin {
                origin: source.registry.origin.clone(),
                keyset: source.keyset.reference(),
                by: By::Operator,
            };
            pins.pin_namespace(namespace, pin)?;
            return Ok(Source {
                pinned: true,
                ..source
            });
        }
        Ok(source)
    }

    async fn bound(&self, namespace: &Namespace, pin: &Pin, pins: &mut Pins) -> Outcome<Source> {
        let registry = self.registry_of(&pin.origin, pins).await?;
        let Some((keyset, keyset_note)) = fetch_keyset(&registry, namespace).await? else {
            let message = format!(
                "`{namespace}` is pinned to `{}`, which has no keyset for it",
                pin.origin
            );
            return Err(Failure::verification(message));
        };
        if keyset.reference() != pin.keyset {
            let message = format!(
                "the keys of `{namespace}` changed: `{}` is pinned, the keyset at `{}` is `{}`",
                pin.keyset,
                registry.address,
                keyset.reference()
            );
            let hint = format!(
                "only if its owner says that the change is theirs: claw trust remove {namespace}"
            );
            return Err(Failure::verification(message).hint(hint));
        }
        Ok(Source {
            registry,
            keyset,
            keyset_note,
            pinned: true,
        })
    }

    /// The registry of an origin, through whichever of its addresses answers.
    pub(crate) async fn registry_of(&self, origin: &Origin, pins: &mut Pins) -> Outcome<Registry> {
        let trusted = &self.settings.trusted_registries;
        let (mut known, unknown): (Vec<_>, Vec<_>) = trusted
            .iter()
            .filter(|address| pins.origin_of(address).is_none_or(|of| of == *origin))
            .partition(|address| pins.origin_of(address).is_some());
        if known.is_empty() {
            // An address that the operator wrote into the settings by hand says who it is when it
            // is met first.
            known = unknown;
        }
        let mut silent = Vec::new();
        for address in known {
            match self.contact(address, pins).await {
                Ok(registry) if registry.origin == *origin => return Ok(registry),
                Ok(_) => {}
                Err(failure) if failure.kind == Kind::Registry => silent.push(failure),
                Err(failure) => return Err(failure),
            }
        }
        if silent.is_empty() {
            let failure = Failure::usage(format!("no trusted registry is `{origin}`"));
            return Err(failure.hint(format!("claw trust add-registry URL --origin {origin}")));
        }
        Err(all_silent(silent).during(format!("the registry `{origin}` did not answer")))
    }

    /// Nobody is chosen for a namespace while somebody has not spoken, or while two speak.
    async fn unbound(&self, namespace: &Namespace, pins: &mut Pins) -> Outcome<Source> {
        let (registries, mut silent) = self.everybody(pins).await?;
        let ask = |registry| fetch_keyset(registry, namespace);
        let answers = join_all(registries.iter().map(ask)).await;
        let mut found = Vec::new();
        for (registry, answer) in registries.into_iter().zip(answers) {
            match answer {
                Ok(Some((keyset, keyset_note))) => found.push(Source {
                    registry,
                    keyset,
                    keyset_note,
                    pinned: false,
                }),
                Ok(None) => {}
                Err(failure) if failure.kind == Kind::Registry => silent.push(failure),
                Err(failure) => return Err(failure),
            }
        }
        if !silent.is_empty() {
            let act = format!(
                "`{namespace}` belongs to no registry yet, and not every trusted one answered"
            );
            return Err(all_silent(silent).during(act));
        }
        if found.len() > 1 {
            return Err(too_many(namespace, &found));
        }
        found.pop().ok_or_else(|| {
            let addresses = self.settings.trusted_registries.join("`, `");
            let message = format!(
                "no trusted registry has the namespace `{namespace}` (asked: `{addresses}`)"
            );
            Failure::not_found(message)
        })
    }

    /// Every trusted registry once, and the failures of those that did not answer.
    pub(crate) async fn everybody(
        &self,
        pins: &mut Pins,
    ) -> Outcome<(Vec<Registry>, Vec<Failure>)> {
        let addresses = &self.settings.trusted_registries;
        let asked = join_all(addresses.iter().map(|address| self.ask(address))).await;
        let mut registries: Vec<Registry> = Vec::new();
        let mut silent = Vec::new();
        for (address, answer) in addresses.iter().zip(asked) {
            match answer {
                Ok(registry) => {
                    let registry = self.check(registry, pins)?;
                    // Two addresses that the operator pinned to one registry are one voice.
                    if registries
                        .iter()
                        .all(|known| known.origin != registry.origin)
                    {
                        registries.push(registry);
                    }
                }
                Err(failure) if failure.kind == Kind::Registry => silent.push((address, failure)),
                Err(failure) => return Err(failure),
            }
        }
        silent.retain(|(address, _)| {
            let pinned = pins.origin_of(address);
            let spoke = |origin| registries.iter().any(|registry| registry.origin == origin);
            !pinned.is_some_and(spoke)
        });
        Ok((
            registries,
            silent.into_iter().map(|(_, failure)| failure).collect(),
        ))
    }

    async fn ask(&self, address: &str) -> Outcome<Registry> {
        let act = || format!("could not ask `{address}`");
        let options = ClientOptions {
            token: None,
            allow_http: self.allow_http,
            user_agent: concat!("claw/", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let client =
            Client::new(address, options).map_err(|error| request_failure(error, act()))?;
        let document =
            client
                .well_known()
                .await
                .map_err(|error| match request_failure(error, act()) {
                    // Something answers there, but it is no registry.
                    failure if failure.kind == Kind::NotFound => Failure {
                        kind: Kind::Registry,
                        ..failure
                    },
                    failure => failure,
                })?;
        Ok(Registry {
            origin: document.origin,
            address: address.to_owned(),
            client,
        })
    }

    fn check(&self, registry: Registry, pins: &mut Pins) -> Outcome<Registry> {
        let Registry {
            origin, address, ..
        } = &registry;
        match pins.origin_of(address) {
            Some(pinned) if pinned == *origin => {}
            Some(pinned) => {
                let message = format!(
                    "`{address}` is pinned to registry `{pinned}`, and calls itself `{origin}` now"
                );
                let hint = format!("only if its operator says so: claw trust remove {address}");
                return Err(Failure::verification(message).hint(hint));
            }
            None => {
                if self.settings.security == SecurityLevel::Strict {
                    let failure = Failure::refused(format!(
                        "`{address}` is not pinned to a registry, which `strict` asks for"
                    ));
                    return Err(failure.hint(format!(
                        "claw trust add-registry {address} --origin {origin}"
                    )));
                }
                if let Some(other) = pins.addresses_of(origin).first() {
                    let message = format!(
                        "`{other}` and `{address}` both call themselves the registry `{origin}`"
                    );
                    let hint =
                        format!("if both are: claw trust add-registry {address} --origin {origin}");
                    return Err(Failure::verification(message).hint(hint));
                }
                pins.pin_address(origin, address)?;
            }
        }
        Ok(registry)
    }
}

/// The keyset of a namespace, checked against who was asked for what; `None` if the registry has no
/// such namespace.
async fn fetch_keyset(
    registry: &Registry,
    namespace: &Namespace,
) -> Outcome<Option<(Keyset, Vec<u8>)>> {
    let act = || {
        format!(
            "could not get the keyset of `{namespace}` from `{}`",
            registry.address
        )
    };
    let note = match registry.client.fetch_keyset(namespace, 1).await {
        Ok(note) => note,
        Err(ClientError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(request_failure(error, act())),
    };
    let keyset = Keyset::verify(&note).or_fail(Kind::Verification, act())?;
    if keyset.origin != registry.origin || keyset.namespace != *namespace {
        let message = format!(
            "it is the keyset of `{}` at `{}`, and not of `{namespace}` at `{}`",
            keyset.namespace, keyset.origin, registry.origin
        );
        return Err(Failure::verification(message).during(act()));
    }
    Ok(Some((keyset, note)))
}

/// Several registries have a namespace: which of them is meant is the operator's to say.
fn too_many(namespace: &Namespace, found: &[Source]) -> Failure {
    let each = |source: &Source| {
        let Registry {
            origin, address, ..
        } = &source.registry;
        format!(
            "`{origin}` at {address} with {}",
            show::release_keys(&source.keyset)
        )
    };
    let command = |source: &Source| {
        let (origin, keyset) = (&source.registry.origin, source.keyset.reference());
        format!("claw trust add {namespace} --origin {origin} --keyset {keyset}")
    };
    let all: Vec<_> = found.iter().map(each).collect();
    let commands: Vec<_> = found.iter().map(command).collect();
    let message = format!(
        "{} registries have the namespace `{namespace}`: {}",
        found.len(),
        all.join(", and ")
    );
    Failure::verification(message).hint(commands.join(", or "))
}

/// One failure that names everybody who did not answer.
fn all_silent(failures: Vec<Failure>) -> Failure {
    let lines: Vec<_> = failures.iter().map(Failure::one_line).collect();
    Failure {
        hint: failures.iter().find_map(|failure| failure.hint.clone()),
        ..Failure::new(Kind::Registry, lines.join("; "))
    }
}
