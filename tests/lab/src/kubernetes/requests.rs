//! What the API server was asked, from its audit log.

use std::{collections::HashSet, path::Path};

use anyhow::Result;
use jiff::Timestamp;
use serde::Deserialize;

use crate::audit::{Mark, lines};

/// One request, of any user.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// When it came.
    pub time: Timestamp,
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`.
    pub verb: String,
    /// Who asked, for example `system:serviceaccount:secretwire-system:secretwire`.
    pub user: String,
    /// What the client calls itself.
    pub user_agent: String,
    /// The API group; empty for the core group and for what is no resource.
    pub group: String,
    /// The resource in the plural, with `/subresource` if one was asked; empty for what is no resource.
    pub resource: String,
    /// Empty for what has none.
    pub namespace: String,
    /// Empty for lists and creations.
    pub name: String,
    /// Path and query.
    pub uri: String,
    /// The status code of the answer.
    pub code: Option<u16>,
}

/// The requests in the log after `mark`, once each: a watch is logged when it begins and when it ends.
pub(super) fn read(log: &Path, mark: &Mark, user: Option<&str>) -> Result<Vec<ApiRequest>> {
    let mut seen = HashSet::new();
    let events = lines::<Event>(log, mark)?.into_iter();
    Ok(events
        .filter(|event| mark.covers(event.received))
        .filter(|event| user.is_none_or(|user| event.user.username == user))
        .filter(|event| seen.insert(event.audit_id.clone()))
        .map(ApiRequest::from)
        .collect())
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "auditID")]
    audit_id: String,
    verb: String,
    user: EventUser,
    #[serde(default, rename = "userAgent")]
    user_agent: String,
    #[serde(default, rename = "objectRef")]
    object: ObjectRef,
    #[serde(rename = "requestURI")]
    uri: String,
    #[serde(default, rename = "responseStatus")]
    status: Status,
    #[serde(rename = "requestReceivedTimestamp")]
    received: Timestamp,
}

#[derive(Deserialize)]
struct EventUser {
    #[serde(default)]
    username: String,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ObjectRef {
    api_group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

#[derive(Default, Deserialize)]
struct Status {
    code: Option<u16>,
}

impl From<Event> for ApiRequest {
    fn from(event: Event) -> Self {
        let ObjectRef {
            api_group,
            resource,
            subresource,
            namespace,
            name,
        } = event.object;
        let resource = if subresource.is_empty() {
            resource
        } else {
            format!("{resource}/{subresource}")
        };
        Self {
            time: event.received,
            verb: event.verb,
            user: event.user.username,
            user_agent: event.user_agent,
            group: api_group,
            resource,
            namespace,
            name,
            uri: event.uri,
            code: event.status.code,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_watch_that_begins_and_ends_is_one_request() {
        let line = |stage: &str| {
            format!(
                r#"{{"auditID":"1","stage":"{stage}","requestURI":"/api/v1/secrets?watch=1","verb":"watch","user":{{"username":"u"}},"objectRef":{{"resource":"secrets","apiVersion":"v1"}},"responseStatus":{{"code":200}},"requestReceivedTimestamp":"2026-11-22T14:00:00.123456Z"}}"#
            )
        };
        let path = std::env::temp_dir().join(format!(
            "secretwire-lab-requests-{}",
            crate::hex::random(6).unwrap()
        ));
        fs::write(
            &path,
            format!(
                "{}\n{}\n",
                line("ResponseStarted"),
                line("ResponseComplete")
            ),
        )
        .unwrap();
        let requests = read(&path, &Mark::START, Some("u")).unwrap();
        assert_eq!(requests.len(), 1);
        assert_eq!(
            (requests[0].resource.as_str(), requests[0].code),
            ("secrets", Some(200))
        );
        assert!(
            read(&path, &Mark::START, Some("somebody else"))
                .unwrap()
                .is_empty()
        );
        fs::remove_file(path).unwrap();
    }
}
