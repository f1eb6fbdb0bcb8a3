//! What changes a registry. All of it takes a token.
//!
//! Uploads may be sent again, since they leave the same behind; notes are sent once, so that the
//! answer says truly whether they were new.

use bytes::Bytes;
use claw_package::Digest;
use claw_registry_api::{
    EventAnswer, JSON_BYTES_MAX, NamespaceAnswer, ReleaseAnswer, TokenAnswer, TokenEntry,
    TokenList, TokenRequest, media, paths,
};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{Client, Request};
use crate::error::ClientError;

/// Whether an accepted note was new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It made a new entry.
    Created,
    /// The same stood already.
    Existing,
}

/// An accepted note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted<T> {
    /// Whether it was new.
    pub standing: Standing,
    /// What stands now.
    pub answer: T,
}

impl Client {
    /// Whether the registry holds these bytes already, served or staged.
    pub async fn has_blob(&self, digest: &Digest) -> Result<bool, ClientError> {
        let path = paths::upload(digest);
        let request = Request {
            method: Method::HEAD,
            path: &path,
            query: Vec::new(),
            from: 0,
            body: None,
        };
        match self.call(request, 0).await {
            Ok(_) => Ok(true),
            Err(ClientError::NotFound { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Uploads bytes to the staging area, under the digest that the caller knows them by.
    pub async fn upload_blob(
        &self,
        digest: &Digest,
        bytes: impl Into<Bytes>,
    ) -> Result<(), ClientError> {
        let path = paths::upload(digest);
        let body = Some((bytes.into(), media::BLOB));
        let request = Request {
            method: Method::PUT,
            path: &path,
            query: Vec::new(),
            from: 0,
            body,
        };
        self.call(request, JSON_BYTES_MAX as u64).await.map(|_| ())
    }

    /// Publishes the release that a note states; its tarball was uploaded before.
    pub async fn publish(&self, note: Vec<u8>) -> Result<Accepted<ReleaseAnswer>, ClientError> {
        self.post_note(paths::RELEASES, note).await
    }

    /// Sends a yank or unyank note.
    pub async fn event(&self, note: Vec<u8>) -> Result<Accepted<EventAnswer>, ClientError> {
        self.post_note(paths::EVENTS, note).await
    }

    /// Creates a namespace from its genesis keyset note.
    pub async fn create_namespace(
        &self,
        note: Vec<u8>,
    ) -> Result<Accepted<NamespaceAnswer>, ClientError> {
        self.post_note(paths::NAMESPACES, note).await
    }

    /// Makes a token.
    pub async fn create_token(&self, request: &TokenRequest) -> Result<TokenAnswer, ClientError> {
        let body = Some((json(request), media::JSON));
        let request = Request {
            method: Method::POST,
            path: paths::TOKENS,
            query: Vec::new(),
            from: 0,
            body,
        };
        let (_, answer) = self.answer(request).await?;
        Ok(answer)
    }

    /// Every token of the registry, without secrets.
    pub async fn list_tokens(&self) -> Result<Vec<TokenEntry>, ClientError> {
        let (_, TokenList { tokens }) = self.answer(Request::get(paths::TOKENS)).await?;
        Ok(tokens)
    }

    /// Ends a token.
    pub async fn revoke_token(&self, id: u64) -> Result<(), ClientError> {
        let path = paths::token(id);
        let request = Request {
            method: Method::DELETE,
            path: &path,
            query: Vec::new(),
            from: 0,
            body: None,
        };
        self.call(request, JSON_BYTES_MAX as u64).await.map(|_| ())
    }

    async fn post_note<T: DeserializeOwned>(
        &self,
        path: &'static str,
        note: Vec<u8>,
    ) -> Result<Accepted<T>, ClientError> {
        let body = Some((Bytes::from(note), media::NOTE));
        let request = Request {
            method: Method::POST,
            path,
            query: Vec::new(),
            from: 0,
            body,
        };
        let (status, answer) = self.answer(request).await?;
        let standing = match status {
            StatusCode::CREATED => Standing::Created,
            _ => Standing::Existing,
        };
        Ok(Accepted { standing, answer })
    }

    async fn answer<T: DeserializeOwned>(
        &self,
        request: Request<'_>,
    ) -> Result<(StatusCode, T), ClientError> {
        let address = self.url(request.path);
        let (status, body) = self.call(request, JSON_BYTES_MAX as u64).await?;
        let answer = serde_json::from_slice(&body).map_err(|source| ClientError::Malformed {
            address: address.into(),
            source,
        })?;
        Ok((status, answer))
    }
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value)
        .expect("strings, numbers and lists always are JSON")
        .into()
}
