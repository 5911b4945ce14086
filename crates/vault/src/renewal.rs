//! The background task that keeps a session's token alive.

use std::sync::{Arc, Weak};

use http::Method;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    backoff::Backoff,
    client::Wire,
    error::{Error, Retry},
    observe::Operation,
    path::VaultPath,
    response::Response,
    session::Inner,
    token::Token,
};

/// Renews each token of a session when it is due. Ends with the session, whose sender is then gone.
pub(crate) async fn keep_alive(
    session: Weak<Inner>,
    mut tokens: watch::Receiver<Option<Arc<Token>>>,
) {
    let mut backoff = Backoff::default();
    let mut again = None;
    loop {
        let token = tokens.borrow_and_update().clone();
        let due = again
            .take()
            .or_else(|| token.as_ref().and_then(|token| token.renewal()));
        tokio::select! {
            changed = tokens.changed() => match changed {
                Ok(()) => backoff = Backoff::default(),
                Err(_) => return,
            },
            token = until(due, token) => {
                let Some(session) = session.upgrade() else { return };
                if !session.renew(&token).await {
                    again = Some(Instant::now() + backoff.next_pause());
                }
            }
        }
    }
}

/// Gives the token when it is due, which may be never.
async fn until(due: Option<Instant>, token: Option<Arc<Token>>) -> Arc<Token> {
    match due.zip(token) {
        Some((due, token)) => {
            sleep_until(due).await;
            token
        }
        None => std::future::pending().await,
    }
}

impl Inner {
    /// Renews and stores the token; `false` when it is worth trying again.
    async fn renew(&self, token: &Arc<Token>) -> bool {
        let asked = Instant::now();
        if !token.is_alive(asked) {
            // The next use logs in.
            self.replace(token, None);
            return true;
        }
        let path = VaultPath::join(&["auth", "token", "renew-self"]);
        let headers = self.headers(token, None);
        let wire = Wire {
            method: Method::PUT,
            path: &path,
            query: None,
            headers,
            body: Some(b"{}"),
        };
        let auth = match self.client.exchange(Operation::Renew, &wire).await {
            Ok(reply) => reply
                .into_body()
                .and_then(|body| Response::parse(&path, body)),
            Err(error) => Err(error),
        };
        match auth.map(|response| response.auth) {
            Ok(Some(auth)) => self.replace(token, Some(token.renewed(&auth, asked))),
            // Nothing was renewed and nothing will be: what is left of its life is still good.
            Ok(None) => self.replace(token, Some(token.final_term())),
            Err(Error::Denied(_)) => self.replace(token, None),
            Err(error) => match error.retry() {
                Retry::Backoff | Retry::After(_) => {
                    tracing::warn!(%error, "token not renewed, will retry");
                    return false;
                }
                Retry::OnChange => self.replace(token, Some(token.final_term())),
            },
        }
        true
    }
}
