use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;

/// The period in which a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// First moment.
    pub not_before: Timestamp,
    /// Last moment.
    pub not_after: Timestamp,
}

impl Validity {
    /// Whether a peer whose clock shows `now` accepts the certificate.
    pub fn contains(&self, now: Timestamp) -> bool {
        self.not_before <= now && now <= self.not_after
    }

    /// The moment at which two thirds have passed.
    pub fn renew_at(&self) -> Timestamp {
        self.not_before + self.not_before.duration_until(self.not_after) * 2 / 3
    }

    pub(crate) fn of(certificate: &X509Certificate<'_>) -> Option<Self> {
        let validity = certificate.validity();
        Some(Self {
            not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renews_when_two_thirds_have_passed() {
        let validity = Validity {
            not_before: Timestamp::from_second(1_000).unwrap(),
            not_after: Timestamp::from_second(1_900).unwrap(),
        };
        assert_eq!(validity.renew_at(), Timestamp::from_second(1_600).unwrap());
    }

    #[test]
    fn includes_both_ends() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let validity = Validity {
            not_before: at(10),
            not_after: at(20),
        };
        let accepted: Vec<_> = (8..23).filter(|s| validity.contains(at(*s))).collect();
        assert_eq!(accepted, (10..=20).collect::<Vec<_>>());
    }
}
