//! Values: booleans, durations, modes, paths, lists. Each parser's error is the sentence for the user.

use std::time::Duration;

use crate::similar::hint;

use super::keys::Lint;

/// Exactly `true` or `false`.
pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("{text:?} is neither \"true\" nor \"false\"")),
    }
}

/// `deny` or `warn`.
pub(super) fn lint(text: &str) -> Result<Lint, String> {
    choice(text, &[("deny", Lint::Deny), ("warn", Lint::Warn)])
}

/// One of a few words.
pub(super) fn choice<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    choices
        .iter()
        .find(|(word, _)| *word == text)
        .map(|(_, value)| *value)
        .ok_or_else(|| {
            let words: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
            format!(
                "{text:?} is not one of {}{}",
                words.join(", "),
                hint(text, words.iter().copied())
            )
        })
}

/// A Go duration such as `90s`, `1m30s` or `1.5s`, not negative.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    go_duration(text)
        .ok_or_else(|| format!("{text:?} is not a duration such as \"2s\" or \"1m30s\""))
}

fn go_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .filter(|end| *end > 0)?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_end);
        let seconds = match unit {
            "h" => 3600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = next;
    }
    (!text.is_empty()).then_some(total)
}

/// An octal file mode of at most 0777.
pub(super) fn mode(text: &str) -> Result<u32, String> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    u32::from_str_radix(digits, 8)
        .ok()
        .filter(|mode| *mode <= 0o777 && digits.chars().all(|c| c.is_ascii_digit()))
        .ok_or_else(|| format!("{text:?} is not an octal file mode such as \"0440\""))
}

/// An absolute path a volume can be mounted at, normalised.
pub(super) fn mount_path(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        return Err(format!("{text:?} is not an absolute path"));
    }
    let parts = parts(text)?;
    let path = format!("/{}", parts.join("/"));
    let below = |root: &str| path == root || path.starts_with(&format!("{root}/"));
    if parts.is_empty() {
        return Err("nothing can be mounted over \"/\"".to_owned());
    }
    match SYSTEM_PATHS.iter().find(|root| below(root)) {
        Some(root) => Err(format!("nothing can be mounted under {root}")),
        None => Ok(path),
    }
}

/// A relative path below a mount, normalised.
pub(super) fn file_path(text: &str) -> Result<String, String> {
    if text.starts_with('/') {
        return Err(format!("{text:?} is not relative to the mount"));
    }
    let parts = parts(text)?;
    // The API server refuses these, as the kubelet keeps its own entries under such names.
    if parts.is_empty() || parts.first().is_some_and(|first| first.starts_with("..")) {
        return Err(format!("{text:?} is not a file name"));
    }
    Ok(parts.join("/"))
}

fn parts(text: &str) -> Result<Vec<&str>, String> {
    let parts: Vec<_> = text.split('/').filter(|part| !part.is_empty()).collect();
    if parts.iter().any(|part| *part == "." || *part == "..") {
        return Err(format!("{text:?} has a \".\" or \"..\" in it"));
    }
    if text.chars().any(|c| c.is_control() || c == ':') {
        return Err(format!("{text:?} has a colon or a control character in it"));
    }
    Ok(parts)
}

/// A comma-separated list of at least one element, none empty.
pub(super) fn list(text: &str) -> Result<Vec<&str>, String> {
    let elements: Vec<_> = text.split(',').map(str::trim).collect();
    if elements.iter().any(|element| element.is_empty()) {
        return Err(format!("{text:?} has an empty element"));
    }
    Ok(elements)
}

/// A key of a Secret; with `globs`, `*` and `?` too.
pub(super) fn secret_key(text: &str, globs: bool) -> Result<&str, String> {
    let legal =
        |c: char| c.is_ascii_alphanumeric() || "-._".contains(c) || (globs && "*?".contains(c));
    if text.is_empty() || text.len() > 253 || !text.chars().all(legal) {
        return Err(format!("{text:?} is not a key of a Secret"));
    }
    Ok(text)
}

/// Whether every supported API server takes `name` as the name of an environment variable.
pub(crate) fn is_variable_name(name: &str) -> bool {
    let mut chars = name.chars();
    let first = chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || "-._".contains(c));
    first
        && chars.all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        && name != "."
        && !name.starts_with("..")
}

const SYSTEM_PATHS: [&str; 5] = [
    "/var/run/secrets/kubernetes.io",
    "/run/secrets/kubernetes.io",
    "/proc",
    "/sys",
    "/dev",
];
