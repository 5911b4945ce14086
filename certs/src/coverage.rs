//! What the API server has been seen to publish.

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;

use crate::bundle::Bundle;

/// The bundles last read back from the webhook configurations, and since when each authority is on all entries.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    entries: Vec<Bundle>,
    everywhere: Vec<(CertificateDer<'static>, Timestamp)>,
}

impl Coverage {
    /// Takes in what was read: one bundle for each webhook entry, none when nothing is registered.
    pub fn observe(&mut self, now: Timestamp, entries: Vec<Bundle>) {
        let shared = entries.first().into_iter().flat_map(Bundle::certificates);
        self.everywhere = shared
            .filter(|authority| entries.iter().all(|entry| entry.contains(authority)))
            .map(|authority| {
                // A clock that was set back must not keep a rotation waiting for it to catch up.
                let since = self.since(&authority).map_or(now, |since| since.min(now));
                (authority, since)
            })
            .collect();
        self.entries = entries;
    }

    /// Since when every entry has been seen with this authority, or `None` while one lacks it.
    pub fn since(&self, authority: &CertificateDer<'_>) -> Option<Timestamp> {
        self.everywhere
            .iter()
            .find(|(known, _)| known == authority)
            .map(|(_, since)| *since)
    }

    /// Whether every entry, and at least one, publishes exactly this bundle.
    pub fn shows(&self, bundle: &Bundle) -> bool {
        !self.entries.is_empty() && self.entries.iter().all(|entry| entry == bundle)
    }

    /// Every authority that some entry publishes.
    pub(crate) fn authorities(&self) -> Bundle {
        self.entries.iter().flat_map(Bundle::certificates).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn bundle(names: &[&str]) -> Bundle {
        names.iter().map(|n| authority(n)).collect()
    }

    fn authority(name: &str) -> CertificateDer<'static> {
        CertificateDer::from(name.as_bytes().to_vec())
    }

    #[test]
    fn counts_an_authority_only_when_every_entry_has_it() {
        let mut coverage = Coverage::default();
        coverage.observe(at(1), vec![bundle(&["a", "b"]), bundle(&["a"])]);
        assert_eq!(coverage.since(&authority("a")), Some(at(1)));
        assert_eq!(coverage.since(&authority("b")), None);
        coverage.observe(at(5), vec![bundle(&["a", "b"]), bundle(&["a", "b"])]);
        assert_eq!(coverage.since(&authority("a")), Some(at(1)));
        assert_eq!(coverage.since(&authority("b")), Some(at(5)));
    }

    #[test]
    fn starts_to_count_anew_after_a_manual_edit() {
        let mut coverage = Coverage::default();
        coverage.observe(at(1), vec![bundle(&["a"])]);
        coverage.observe(at(2), vec![bundle(&[])]);
        assert_eq!(coverage.since(&authority("a")), None);
        coverage.observe(at(3), vec![bundle(&["a"])]);
        assert_eq!(coverage.since(&authority("a")), Some(at(3)));
    }

    #[test]
    fn follows_a_clock_that_was_set_back() {
        let mut coverage = Coverage::default();
        coverage.observe(at(1_000), vec![bundle(&["a"])]);
        coverage.observe(at(10), vec![bundle(&["a"])]);
        assert_eq!(coverage.since(&authority("a")), Some(at(10)));
    }

    #[test]
    fn nothing_registered_shows_nothing() {
        let mut coverage = Coverage::default();
        assert!(!coverage.shows(&bundle(&["a"])));
        coverage.observe(at(1), vec![bundle(&["a"]), bundle(&["a", "b"])]);
        assert!(!coverage.shows(&bundle(&["a"])));
        coverage.observe(at(2), vec![bundle(&["a"]), bundle(&["a"])]);
        assert!(coverage.shows(&bundle(&["a"])));
    }
}
