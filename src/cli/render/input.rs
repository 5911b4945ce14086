use secretwire_api::KvType;
use secretwire_core::json;
use serde_json::value::RawValue;

/// What Vault would answer.
pub(super) struct VaultData<'a> {
    /// The JSON object; `None` where none was given.
    text: Option<&'a str>,
    /// The engine that it seems to come from.
    likely: KvType,
    /// What should be said about it.
    note: Option<&'static str>,
}

/// The data for a resource, read as its engine gives it.
pub(super) struct Answer<'a> {
    pub(super) text: &'a str,
    pub(super) kv: KvType,
    pub(super) notes: Vec<String>,
}

impl<'a> VaultData<'a> {
    /// Takes the object `data` of an answer, or the whole answer.
    pub(super) fn parse(text: Option<&'a str>) -> Result<Self, String> {
        let Some(text) = text else {
            return Ok(Self {
                text: None,
                likely: KvType::V2,
                note: Some("no --data is given: the secret is taken to be empty"),
            });
        };
        let wrong = |error| format!("--data {error}");
        let members = json::members(text).map_err(wrong)?;
        let whole = members.contains_key("lease_id") && members.contains_key("request_id");
        let (text, members, note) = match members.get("data").filter(|_| whole) {
            None => (text, members, None),
            Some(data) => (
                data.get(),
                json::members(data.get()).map_err(|error| format!("--data: `data` {error}"))?,
                Some("--data is a whole answer of Vault: its `data` is taken"),
            ),
        };
        let is_object = |name| {
            let member: Option<&&RawValue> = members.get(name);
            member.is_some_and(|member| member.get().starts_with('{'))
        };
        let versioned = members.len() == 2 && is_object("data") && is_object("metadata");
        Ok(Self {
            text: Some(text),
            likely: if versioned { KvType::V2 } else { KvType::V1 },
            note,
        })
    }

    /// As the engine of a resource gives it; without a type, the one that the data looks like.
    pub(super) fn answer(&self, type_: Option<KvType>) -> Answer<'a> {
        let kv = type_.unwrap_or(self.likely);
        let name = match kv {
            KvType::V1 => "kv-v1",
            KvType::V2 => "kv-v2",
        };
        let mut notes: Vec<_> = self.note.map(str::to_owned).into_iter().collect();
        match (type_, self.text) {
            (Some(_), _) => {}
            (None, Some(_)) => notes.push(format!(
                "spec.type is omitted, and the data looks like {name}; in a cluster Vault is asked"
            )),
            (None, None) => notes.push(format!("spec.type is omitted: taken to be {name}")),
        }
        let text = self.text.unwrap_or(match kv {
            KvType::V1 => "{}",
            KvType::V2 => r#"{"data":{},"metadata":{}}"#,
        });
        Answer { text, kv, notes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likely(text: &str) -> KvType {
        VaultData::parse(Some(text)).ok().unwrap().likely
    }

    #[test]
    fn data_and_metadata_side_by_side_look_like_kv_v2_and_all_else_like_kv_v1() {
        assert_eq!(likely(r#"{"data":{},"metadata":{}}"#), KvType::V2);
        assert_eq!(likely(r#"{"data":"x","metadata":{}}"#), KvType::V1);
        assert_eq!(likely(r#"{"data":{},"metadata":{},"a":1}"#), KvType::V1);
        assert_eq!(likely("{}"), KvType::V1);
    }

    #[test]
    fn of_a_whole_answer_the_data_is_taken_and_a_secret_with_a_key_data_is_none() {
        let whole = r#"{"request_id":"r","lease_id":"","data":{"data":{"a":1},"metadata":{}}}"#;
        let data = VaultData::parse(Some(whole)).ok().unwrap();
        assert_eq!(data.text, Some(r#"{"data":{"a":1},"metadata":{}}"#));
        assert_eq!(data.likely, KvType::V2);
        let secret = r#"{"data":{"a":1}}"#;
        let data = VaultData::parse(Some(secret)).ok().unwrap();
        assert_eq!(data.text, Some(secret));
    }

    #[test]
    fn broken_data_is_refused_without_a_word_of_it() {
        for text in [r#"{"password":hunter2}"#, r#"["hunter2"]"#] {
            let problem = VaultData::parse(Some(text)).err().unwrap();
            assert!(problem.starts_with("--data is not"), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
    }
}
