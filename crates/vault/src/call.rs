//! A request as a caller words it.

use std::fmt;

use http::Method;
use zeroize::Zeroizing;

use crate::{
    observe::Operation,
    path::{Namespace, VaultPath},
};

/// A request to make as a [`Session`](crate::Session).
#[derive(Clone)]
pub struct Call {
    pub(crate) method: Method,
    pub(crate) namespace: Option<Namespace>,
    pub(crate) path: VaultPath,
    pub(crate) query: Option<String>,
    pub(crate) body: Option<Zeroizing<Vec<u8>>>,
}

impl Call {
    /// A request without a body.
    pub fn new(method: Method, path: VaultPath) -> Self {
        Self {
            method,
            namespace: None,
            path,
            query: None,
            body: None,
        }
    }

    /// Asks in this namespace instead of the one logged in to.
    #[must_use]
    pub fn in_namespace(mut self, namespace: Option<Namespace>) -> Self {
        self.namespace = namespace;
        self
    }

    /// Adds a query, already encoded.
    #[must_use]
    pub fn with_query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }

    /// Adds a JSON body.
    #[must_use]
    pub fn with_body(mut self, json: Zeroizing<Vec<u8>>) -> Self {
        self.body = Some(json);
        self
    }

    pub(crate) fn operation(&self) -> Operation {
        if self.method.is_safe() {
            Operation::Read
        } else {
            Operation::Write
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("namespace", &self.namespace)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
