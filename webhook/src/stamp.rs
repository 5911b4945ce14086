//! The stamp of a pod template: changes when a secret changes that only a restart brings to a process.

use aws_lc_rs::digest::{SHA256, digest};

use crate::directory::{Readiness, Sighting};
use crate::plan::hex;

/// `v1:` and 64 bits over the resources' uids and their Secrets' keyed digests; `None` unless all are synced. The
/// digests are keyed already, so nothing can be guessed from the stamp.
pub(crate) fn stamp(sightings: &[&Sighting]) -> Option<String> {
    let mut parts = sightings
        .iter()
        .map(|seen| {
            let mac = seen
                .secret_mac
                .as_ref()
                .filter(|_| seen.readiness == Readiness::Ready)?;
            Some((seen.uid.as_str(), mac.as_str()))
        })
        .collect::<Option<Vec<_>>>()?;
    if parts.is_empty() {
        return None;
    }
    parts.sort_unstable();
    parts.dedup();
    let parts: Vec<String> = parts
        .iter()
        .map(|(uid, mac)| format!("{uid}={mac}"))
        .collect();
    let text = parts.join("\n");
    Some(format!(
        "v1:{}",
        hex(digest(&SHA256, text.as_bytes()).as_ref(), 8)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sighting(uid: &str, mac: Option<&str>, readiness: Readiness) -> Sighting {
        Sighting {
            uid: uid.into(),
            destination: "db".into(),
            creates_destination: true,
            exclude_raw: false,
            keys: None,
            readiness,
            secret_mac: mac.map(str::to_owned),
            secret_resource_version: None,
        }
    }

    #[test]
    fn depends_on_content_not_on_order_or_repetition() {
        let (a, b) = (
            sighting("a", Some("1"), Readiness::Ready),
            sighting("b", Some("2"), Readiness::Ready),
        );
        let changed = sighting("b", Some("3"), Readiness::Ready);
        let first = stamp(&[&a, &b]).unwrap();
        assert_eq!(first.len(), "v1:".len() + 16);
        assert_eq!(stamp(&[&b, &a, &a]), Some(first.clone()));
        assert_ne!(stamp(&[&a, &changed]), Some(first));
    }

    #[test]
    fn there_is_no_stamp_before_all_are_synced() {
        let ready = sighting("a", Some("1"), Readiness::Ready);
        let pending = sighting(
            "b",
            Some("2"),
            Readiness::Pending {
                message: String::new(),
            },
        );
        assert_eq!(stamp(&[&ready, &pending]), None);
        assert_eq!(
            stamp(&[&ready, &sighting("b", None, Readiness::Ready)]),
            None
        );
        assert_eq!(stamp(&[]), None);
    }
}
