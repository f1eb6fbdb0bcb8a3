//! What anybody may ask a registry for.

use claw_package::{Digest, Namespace, PackageName};
use claw_registry_api::{IndexLine, SearchAnswer, SearchQuery, WellKnown, index, paths, search};
use claw_trust::NOTE_BYTES_MAX;
use reqwest::header::DATE;
use tokio::io::AsyncWrite;

use crate::body::{self, Received};
use crate::client::{Client, Request};
use crate::error::ClientError;
use crate::patience::Attempts;

impl Client {
    /// Who the registry says it is.
    pub async fn well_known(&self) -> Result<WellKnown, ClientError> {
        let (_, body) = self
            .call(Request::get(paths::WELL_KNOWN), WellKnown::BYTES_MAX as u64)
            .await?;
        self.read_well_known(&body)
    }

    /// The same, asked once, with the time that the registry states (its `Date`), as it writes it.
    pub async fn well_known_dated(&self) -> Result<(WellKnown, Option<String>), ClientError> {
        let response = self.send(&Request::get(paths::WELL_KNOWN)).await;
        let response = response.map_err(|failure| failure.error)?;
        let date = response.headers().get(DATE);
        let date = date.and_then(|date| Some(date.to_str().ok()?.to_owned()));
        let limit = WellKnown::BYTES_MAX as u64;
        let body = body::read(response, limit, self.patience()).await?;
        Ok((self.read_well_known(&body)?, date))
    }

    fn read_well_known(&self, body: &[u8]) -> Result<WellKnown, ClientError> {
        let address = || self.url(paths::WELL_KNOWN).to_string();
        let document: WellKnown =
            serde_json::from_slice(body).map_err(|source| ClientError::Malformed {
                address: address(),
                source,
            })?;
        if !document.is_usual() {
            return Err(ClientError::Unsupported {
                address: address(),
                version: document.v,
            });
        }
        Ok(document)
    }

    /// The releases of a package, or none where there is no such package.
    pub async fn index(
        &self,
        package: &PackageName,
    ) -> Result<Option<Vec<IndexLine>>, ClientError> {
        let path = paths::index(package);
        let answer = self
            .call(Request::get(&path), index::FILE_BYTES_MAX as u64)
            .await;
        let body = match answer {
            Ok((_, body)) => body,
            Err(ClientError::NotFound { .. }) => return Ok(None),
            Err(ClientError::Refused {
                status: 404 | 410, ..
            }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let address = || self.url(&path).to_string();
        let lines = index::parse(&body).map_err(|source| ClientError::Index {
            address: address(),
            source,
        })?;
        // All lines are of one package, or they would not have been read.
        match lines.first() {
            Some(line) if line.name != *package => Err(ClientError::WrongPackage {
                address: address(),
                expected: package.clone(),
                actual: line.name.clone(),
            }),
            _ => Ok(Some(lines)),
        }
    }

    /// The packages that match a query, the best first. Nothing in the answer is signed.
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchAnswer, ClientError> {
        let request = Request {
            query: query.pairs(),
            ..Request::get(paths::SEARCH)
        };
        let (_, body) = self.call(request, search::ANSWER_BYTES_MAX as u64).await?;
        let address = || self.url(paths::SEARCH).to_string();
        let answer: SearchAnswer =
            serde_json::from_slice(&body).map_err(|source| ClientError::Malformed {
                address: address(),
                source,
            })?;
        if answer.v != search::VERSION {
            return Err(ClientError::Unsupported {
                address: address(),
                version: answer.v,
            });
        }
        Ok(answer)
    }

    /// The note of a digest. Its bytes are what was asked for; what it says is not yet believed.
    pub async fn fetch_note(&self, digest: &Digest) -> Result<Vec<u8>, ClientError> {
        let path = paths::blob(digest);
        let body = self.fetch(&path, NOTE_BYTES_MAX as u64).await?;
        body::check(self.url(&path).as_str(), digest, Digest::of(&body))?;
        Ok(body)
    }

    /// A keyset note of a namespace. Nothing of it is checked yet.
    pub async fn fetch_keyset(
        &self,
        namespace: &Namespace,
        sequence: u64,
    ) -> Result<Vec<u8>, ClientError> {
        self.fetch(&paths::keyset(namespace, sequence), NOTE_BYTES_MAX as u64)
            .await
    }

    /// Writes the bytes of a digest to `to` as they come, going on where an answer broke off. After an
    /// error, what was written is worth nothing.
    pub async fn download(
        &self,
        digest: &Digest,
        size: u64,
        to: &mut (impl AsyncWrite + Unpin),
    ) -> Result<(), ClientError> {
        let path = paths::blob(digest);
        let mut received = Received::new(digest, size);
        let mut attempts = Attempts::new(self.patience());
        loop {
            let request = Request {
                from: received.count(),
                ..Request::get(&path)
            };
            let failure = match self.send(&request).await {
                Ok(response) => match received.take(response, to, self.patience()).await {
                    Ok(()) => return received.check(self.url(&path).as_str()),
                    Err(_) if received.is_whole() => {
                        return received.check(self.url(&path).as_str());
                    }
                    Err(error) => error.into(),
                },
                Err(failure) => failure,
            };
            attempts.after(failure).await.map_err(absent)?;
        }
    }

    async fn fetch(&self, path: &str, limit: u64) -> Result<Vec<u8>, ClientError> {
        let (_, body) = self.call(Request::get(path), limit).await.map_err(absent)?;
        Ok(body.to_vec())
    }
}

/// A missing file is missing whether or not the registry said so in its own words.
fn absent(error: ClientError) -> ClientError {
    match error {
        ClientError::Refused {
            status: 404 | 410,
            address,
            ..
        } => ClientError::NotFound { address },
        other => other,
    }
}
