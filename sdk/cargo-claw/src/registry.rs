//! A registry, as these commands talk to it: one at a time, and only after it said who it is.

use claw_package::Namespace;
use claw_registry_api::ErrorCode;
use claw_registry_client::{Client, ClientError, ClientOptions, ErrorClass};
use claw_trust::{Keyset, Origin};
use tokio::runtime::Runtime;

use crate::credentials::{Credentials, Login};
use crate::failure::{Failure, Kind, OrFail, Outcome};
use crate::home::Home;
use crate::target;

/// The address of a registry, as an argument.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Address {
    /// The registry's address
    #[arg(long = "registry", value_name = "URL")]
    pub(crate) url: String,
    /// Allow plain `http://` to another machine, where others can read and change what is sent
    #[arg(long)]
    pub(crate) allow_http: bool,
}

/// A registry that said who it is.
pub(crate) struct Registry {
    /// Who it is.
    pub(crate) origin: Origin,
    client: Client,
    runtime: Runtime,
}

/// Who the registry at an address is.
pub(crate) fn origin(address: &Address) -> Outcome<Origin> {
    Registry::connect(&address.url, address.allow_http, None).map(|registry| registry.origin)
}

impl Registry {
    /// Asks the registry at `url` who it is.
    pub(crate) fn connect(url: &str, allow_http: bool, token: Option<String>) -> Outcome<Registry> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let runtime = runtime.or_fail(Kind::Io, "could not prepare to talk to a registry")?;
        let options = ClientOptions {
            token,
            allow_http,
            user_agent: target::builder().replace(' ', "/"),
        };
        let client = Client::new(url, options).map_err(failure)?;
        let origin = runtime
            .block_on(client.well_known())
            .map_err(failure)?
            .origin;
        Ok(Registry {
            origin,
            client,
            runtime,
        })
    }

    /// The registry that somebody logged in to, if it still is the same.
    pub(crate) fn of_login(origin: &Origin, login: &Login) -> Outcome<Registry> {
        let registry =
            Registry::connect(&login.address, login.allow_http, Some(login.token.clone()))?;
        if registry.origin == *origin {
            return Ok(registry);
        }
        let found = &registry.origin;
        let message = format!(
            "`{}` was the registry `{origin}` and says now that it is `{found}`",
            login.address
        );
        Err(Failure::new(Kind::Verification, message)
            .hint(format!("cargo claw login --registry {}", login.address)))
    }

    /// The registry's address.
    pub(crate) fn address(&self) -> String {
        self.client.address()
    }

    /// Waits for one request.
    pub(crate) fn ask<'a, T, F>(&'a self, request: impl FnOnce(&'a Client) -> F) -> Outcome<T>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        self.try_ask(request).map_err(failure)
    }

    /// The same, for who acts on what went wrong.
    pub(crate) fn try_ask<'a, T, F>(
        &'a self,
        request: impl FnOnce(&'a Client) -> F,
    ) -> Result<T, ClientError>
    where
        F: Future<Output = Result<T, ClientError>>,
    {
        self.runtime.block_on(request(&self.client))
    }

    /// Who may sign for `namespace` here.
    pub(crate) fn keyset(&self, namespace: &Namespace) -> Outcome<Keyset> {
        let note = match self
            .runtime
            .block_on(self.client.fetch_keyset(namespace, 1))
        {
            Err(error) if error.class() == ErrorClass::NotFound => {
                return Err(self.no_namespace(namespace));
            }
            note => note.map_err(failure)?,
        };
        let keyset = Keyset::verify(&note).or_fail(
            Kind::Verification,
            format!("the keyset of `{namespace}` is not believed"),
        )?;
        if (&keyset.origin, &keyset.namespace) != (&self.origin, namespace) {
            let (origin, other) = (&keyset.origin, &keyset.namespace);
            let message = format!(
                "the keyset of `{namespace}` at `{}` is that of `{other}` at `{origin}`",
                self.origin
            );
            return Err(Failure::new(Kind::Verification, message));
        }
        Ok(keyset)
    }

    /// The same, remembered for when there is nobody to ask.
    pub(crate) fn learn_keyset(&self, home: &Home, namespace: &Namespace) -> Outcome<Keyset> {
        let keyset = self.keyset(namespace)?;
        let mut credentials = Credentials::read(home)?;
        if credentials.learn(&self.origin, namespace, keyset.reference()) {
            credentials.write(home)?;
        }
        Ok(keyset)
    }

    fn no_namespace(&self, namespace: &Namespace) -> Failure {
        let address = self.client.address();
        Failure::not_found(format!("there is no namespace `{namespace}` at `{}`", self.origin)).hint(format!(
            "cargo claw key genesis {namespace} --registry {address} > {namespace}.keyset, and have its administrator create the namespace"
        ))
    }
}

/// What went wrong between us and a registry, with the exit code that it has.
pub(crate) fn failure(error: ClientError) -> Failure {
    let (kind, hint) = match &error {
        ClientError::InsecureAddress { .. } => (
            Kind::Usage,
            Some("use https://, or give --allow-http to send everything in the open"),
        ),
        ClientError::Refused { status, code, .. } => refusal(*status, *code),
        error if error.is_untrusted_certificate() => (
            Kind::Registry,
            Some(
                "if its root is your team's own: SSL_CERT_FILE=ROOTS.pem before the command, or add it to the system's",
            ),
        ),
        _ => match error.class() {
            ErrorClass::Usage => (Kind::Usage, None),
            ErrorClass::Verification => (Kind::Verification, None),
            ErrorClass::NotFound => (Kind::NotFound, None),
            ErrorClass::Unavailable => (Kind::Registry, None),
            ErrorClass::Refused => (Kind::Refused, None),
            ErrorClass::Local => (Kind::Io, None),
        },
    };
    Failure {
        kind,
        error: error.into(),
        hint: hint.map(str::to_owned),
    }
}

/// The exit code of a registry's no, and what helps. Where the answer had no body, as for `HEAD`, the status tells.
fn refusal(status: u16, code: ErrorCode) -> (Kind, Option<&'static str>) {
    match (code, status) {
        (ErrorCode::Unauthorized, _) | (ErrorCode::Unknown, 401) => (
            Kind::Refused,
            Some("cargo claw login --registry URL, with a token that is valid"),
        ),
        (ErrorCode::Forbidden, _) | (ErrorCode::Unknown, 403) => (
            Kind::Refused,
            Some("have the registry's administrator make a token that allows this"),
        ),
        (ErrorCode::ReleaseExists, _) => (
            Kind::Usage,
            Some("a release never changes: raise `version`, then publish again"),
        ),
        (ErrorCode::NotFound | ErrorCode::UnknownNamespace, _) => (Kind::NotFound, None),
        (ErrorCode::StorageFull, _) | (ErrorCode::Unknown, 507) => (
            Kind::Registry,
            Some("its operator has to make room; then run the same command again"),
        ),
        (ErrorCode::TooLarge, _) => (Kind::Limit, None),
        (
            ErrorCode::BadNote
            | ErrorCode::WrongRegistry
            | ErrorCode::BadSignature
            | ErrorCode::BadPackage
            | ErrorCode::PackageMismatch
            | ErrorCode::DigestMismatch
            | ErrorCode::KeysetChanged,
            _,
        ) => (Kind::Verification, None),
        (
            ErrorCode::TooManyRequests
            | ErrorCode::Timeout
            | ErrorCode::Unavailable
            | ErrorCode::Internal,
            _,
        ) => (Kind::Registry, None),
        _ => (Kind::Usage, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_without_words_is_told_by_its_status() {
        let kind = |status, code| refusal(status, code).0.exit();
        assert_eq!(kind(401, ErrorCode::Unknown), 3);
        assert_eq!(kind(401, ErrorCode::Unauthorized), 3);
        assert_eq!(kind(409, ErrorCode::ReleaseExists), 2);
        assert_eq!(kind(400, ErrorCode::BadSignature), 4);
        assert_eq!(kind(404, ErrorCode::UnknownNamespace), 5);
        assert_eq!(kind(503, ErrorCode::Unavailable), 7);
    }
}
