//! The spec of a VaultStaticSecret.

use secretwire_api::VaultStaticSecretSpec;
use secretwire_core::{duration, reference, transform::Linter, vault_path};

use crate::directory::Referent;
use crate::names::is_dns_subdomain;
use crate::problem::Code;

use super::{Checked, Subject, destination};

pub(super) fn check(
    subject: &Subject,
    spec: &VaultStaticSecretSpec,
    linter: &Linter,
    checked: &mut Checked,
) {
    vault_auth(subject, spec, checked);
    for (field, path) in [("spec.mount", &spec.mount), ("spec.path", &spec.path)] {
        if let Err(error) = vault_path::check(path) {
            let text = format!("{path:?} {error}: write a path such as \"apps/db\"");
            checked.add(Code::Sw705, field, text);
        }
    }
    let period = spec.refresh_after.as_deref().filter(|p| !p.is_empty());
    if let Some(Err(error)) = period.map(|period| duration::parse(PERIOD, period)) {
        checked.add(Code::Sw705, PERIOD, without(PERIOD, &error.to_string()));
    }
    for (index, target) in spec.rollout_restart_targets.iter().enumerate() {
        if !is_dns_subdomain(&target.name) {
            let field = format!("spec.rolloutRestartTargets[{index}].name");
            let text = format!("{:?} is no name of a workload", target.name);
            checked.add(Code::Sw705, field, text);
        }
    }
    destination::check(subject, &spec.destination, linter, checked);
}

fn vault_auth(subject: &Subject, spec: &VaultStaticSecretSpec, checked: &mut Checked) {
    // The default is in the operator's namespace, which is not for the author of this object to mend.
    let Some(named) = spec.vault_auth_ref.as_deref().filter(|r| !r.is_empty()) else {
        return;
    };
    match reference::vault_auth(Some(named), &subject.namespace, "") {
        Ok(key) => checked.mention(AUTH, Referent::VaultAuth, key),
        Err(error) => checked.add(Code::Sw705, AUTH, without(AUTH, &error.to_string())),
    }
}

/// What an error says, without the field that it begins with: a problem names that by itself.
fn without(field: &str, message: &str) -> String {
    message.trim_start_matches(field).trim_start().to_owned()
}

const AUTH: &str = "spec.vaultAuthRef";
const PERIOD: &str = "spec.refreshAfter";
