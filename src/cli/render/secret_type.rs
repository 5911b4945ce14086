use secretwire_core::SecretData;
use serde::de::IgnoredAny;

/// What the API server asks of Secrets with a type of its own.
pub(super) fn check(type_: &str, data: &SecretData) -> Result<(), String> {
    let refused = |what: &str| {
        Err(format!(
            "the API server refuses a Secret of type {type_} {what}"
        ))
    };
    let value = |wanted: &str| data.expose().find(|(key, _)| *key == wanted);
    let is_json = |wanted| {
        value(wanted).is_some_and(|(_, text)| serde_json::from_slice::<IgnoredAny>(text).is_ok())
    };
    match type_ {
        "kubernetes.io/dockerconfigjson" if !is_json(".dockerconfigjson") => {
            refused("without JSON in the key .dockerconfigjson")
        }
        "kubernetes.io/dockercfg" if !is_json(".dockercfg") => {
            refused("without JSON in the key .dockercfg")
        }
        "kubernetes.io/tls" if !data.contains("tls.crt") || !data.contains("tls.key") => {
            refused("without the keys tls.crt and tls.key")
        }
        "kubernetes.io/ssh-auth"
            if value("ssh-privatekey").is_none_or(|(_, key)| key.is_empty()) =>
        {
            refused("without a key ssh-privatekey that is not empty")
        }
        "kubernetes.io/basic-auth" if !data.contains("username") && !data.contains("password") => {
            refused("without the key username or password")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_kubernetes_need_their_keys() {
        for (type_, pairs, fine) in [
            (
                "kubernetes.io/dockerconfigjson",
                &[(".dockerconfigjson", "{}")][..],
                true,
            ),
            (
                "kubernetes.io/dockerconfigjson",
                &[(".dockerconfigjson", "{")],
                false,
            ),
            (
                "kubernetes.io/dockerconfigjson",
                &[("dockerconfigjson", "{}")],
                false,
            ),
            ("kubernetes.io/dockercfg", &[(".dockercfg", "{}")], true),
            ("kubernetes.io/dockercfg", &[], false),
            (
                "kubernetes.io/tls",
                &[("tls.crt", ""), ("tls.key", "")],
                true,
            ),
            ("kubernetes.io/tls", &[("tls.crt", "")], false),
            ("kubernetes.io/ssh-auth", &[("ssh-privatekey", "k")], true),
            ("kubernetes.io/ssh-auth", &[("ssh-privatekey", "")], false),
            ("kubernetes.io/basic-auth", &[("password", "")], true),
            ("kubernetes.io/basic-auth", &[("user", "")], false),
            ("example.com/own", &[], true),
        ] {
            let mut data = SecretData::default();
            for (key, value) in pairs {
                data.insert(*key, *value);
            }
            let checked = check(type_, &data);
            assert_eq!(checked.is_ok(), fine, "{type_} {data:?}: {checked:?}");
        }
    }
}
