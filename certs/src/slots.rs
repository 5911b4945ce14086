//! The authorities that all replicas share, in the form in which they are stored.

use std::{fmt, str, sync::Arc};

use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, pem::PemObject};
use zeroize::Zeroizing;

use crate::{authority::Authority, bundle::Bundle, defect::Defect};

/// The authority that signs, the one that will, and those that did.
#[derive(Clone, Debug)]
pub struct CaSlots {
    /// Signs every new leaf.
    pub(crate) current: Arc<Authority>,
    /// Published, and waiting until every API server knows it.
    pub(crate) next: Option<Arc<Authority>>,
    /// No longer signing; trusted until the last leaf has expired. Their keys are gone.
    pub(crate) retained: Option<Retained>,
}

/// Replaced authorities that stay published for a while.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Retained {
    pub(crate) certificates: Bundle,
    pub(crate) until: Timestamp,
}

impl CaSlots {
    pub(crate) fn of(current: Authority) -> Self {
        Self {
            current: Arc::new(current),
            next: None,
            retained: None,
        }
    }

    /// Reads the data map of the Secret that replicas share.
    pub fn parse<'a>(value: impl Fn(&str) -> Option<&'a [u8]>) -> Result<Self, Defect> {
        let needed = |key| value(key).ok_or(Defect::Missing { key });
        if needed(CA_CERTIFICATE)? != needed(CERTIFICATE)? {
            return Err(Defect::Mismatch);
        }
        let current =
            Authority::from_pem((CERTIFICATE, needed(CERTIFICATE)?), (KEY, needed(KEY)?))?;
        let next = if value(NEXT_CERTIFICATE).is_none() && value(NEXT_KEY).is_none() {
            None
        } else {
            Some(Arc::new(Authority::from_pem(
                (NEXT_CERTIFICATE, needed(NEXT_CERTIFICATE)?),
                (NEXT_KEY, needed(NEXT_KEY)?),
            )?))
        };
        let retained = value(OLD_CERTIFICATES)
            .map(|certificates| Retained::parse(certificates, needed(OLD_UNTIL)?))
            .transpose()?;
        Ok(Self {
            current: Arc::new(current),
            next,
            retained,
        })
    }

    /// The data map to store. Keys that are not in it have to be removed.
    pub fn to_data(&self) -> Vec<(&'static str, Zeroizing<Vec<u8>>)> {
        let bytes = |text: Zeroizing<String>| Zeroizing::new(text.as_bytes().to_vec());
        let mut data = vec![
            (CA_CERTIFICATE, bytes(self.current.certificate_pem())),
            (CERTIFICATE, bytes(self.current.certificate_pem())),
            (KEY, bytes(self.current.key_pem())),
        ];
        if let Some(next) = &self.next {
            data.push((NEXT_CERTIFICATE, bytes(next.certificate_pem())));
            data.push((NEXT_KEY, bytes(next.key_pem())));
        }
        if let Some(old) = &self.retained {
            let pem = Zeroizing::new(old.certificates.to_pem());
            data.push((OLD_CERTIFICATES, bytes(pem)));
            data.push((OLD_UNTIL, bytes(Zeroizing::new(old.until.to_string()))));
        }
        data
    }

    /// What every webhook entry has to publish.
    pub fn bundle(&self) -> Bundle {
        let signing = [Some(&self.current), self.next.as_ref()];
        let retained = self.retained.iter();
        signing
            .into_iter()
            .flatten()
            .map(|authority| authority.certificate().clone())
            .chain(retained.flat_map(|old| old.certificates.certificates()))
            .collect()
    }

    /// The authority that signs now.
    pub fn signer(&self) -> &Authority {
        &self.current
    }

    /// Keeps these certificates published until then, beside those already kept.
    pub(crate) fn retain(
        &mut self,
        certificates: impl IntoIterator<Item = CertificateDer<'static>>,
        until: Timestamp,
    ) {
        let mut signing = self.clone();
        signing.retained = None;
        let signing = signing.bundle();
        let kept = self.retained.take();
        let until = kept.as_ref().map_or(until, |kept| kept.until.max(until));
        let certificates: Bundle = kept
            .iter()
            .flat_map(|kept| kept.certificates.certificates())
            .chain(certificates)
            .filter(|certificate| !signing.contains(certificate))
            .collect();
        self.retained = (!certificates.is_empty()).then_some(Retained {
            certificates,
            until,
        });
    }
}

impl Retained {
    fn parse(certificates: &[u8], until: &[u8]) -> Result<Self, Defect> {
        let unparsable = |key| Defect::Unparsable { key };
        let certificates = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<Bundle, _>>()
            .map_err(|_| unparsable(OLD_CERTIFICATES))?;
        let until = str::from_utf8(until)
            .ok()
            .and_then(|text| text.trim().parse().ok())
            .ok_or(unparsable(OLD_UNTIL))?;
        Ok(Self {
            certificates,
            until,
        })
    }
}

impl fmt::Debug for Retained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retained")
            .field("certificates", &self.certificates.certificates().count())
            .field("until", &self.until)
            .finish()
    }
}

const CA_CERTIFICATE: &str = "ca.crt";
const CERTIFICATE: &str = "tls.crt";
const KEY: &str = "tls.key";
const NEXT_CERTIFICATE: &str = "next.crt";
const NEXT_KEY: &str = "next.key";
const OLD_CERTIFICATES: &str = "old.crt";
const OLD_UNTIL: &str = "old-until";

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::policy::Policy;

    type Data = BTreeMap<&'static str, Vec<u8>>;
    type Edit = (&'static str, fn(&mut Data), Defect);

    fn now() -> Timestamp {
        "2026-03-01T12:00:00Z".parse().unwrap()
    }

    fn authority() -> Authority {
        Authority::generate(now(), &Policy::default()).unwrap()
    }

    fn full() -> CaSlots {
        let mut slots = CaSlots::of(authority());
        slots.next = Some(Arc::new(authority()));
        slots.retain([authority().certificate().clone()], now());
        slots
    }

    fn stored(slots: &CaSlots) -> Data {
        let data = slots.to_data().into_iter();
        data.map(|(key, value)| (key, value.to_vec())).collect()
    }

    fn parse(data: &Data) -> Result<CaSlots, Defect> {
        CaSlots::parse(|key| data.get(key).map(Vec::as_slice))
    }

    #[test]
    fn stored_slots_come_back_whole() {
        let slots = full();
        let read = parse(&stored(&slots)).unwrap();
        assert_eq!(read.bundle(), slots.bundle());
        assert_eq!(read.retained, slots.retained);
        assert_eq!(stored(&read), stored(&slots));
        assert_eq!(slots.bundle().certificates().count(), 3);
    }

    #[test]
    fn names_what_is_wrong_with_stored_data() {
        let garbage = || b"garbage".to_vec();
        let edits: [Edit; 8] = [
            (
                "no key",
                |d| drop(d.remove(KEY)),
                Defect::Missing { key: KEY },
            ),
            (
                "no ca.crt",
                |d| drop(d.remove(CA_CERTIFICATE)),
                Defect::Missing {
                    key: CA_CERTIFICATE,
                },
            ),
            (
                "half a successor",
                |d| drop(d.remove(NEXT_KEY)),
                Defect::Missing { key: NEXT_KEY },
            ),
            (
                "no end of retention",
                |d| drop(d.remove(OLD_UNTIL)),
                Defect::Missing { key: OLD_UNTIL },
            ),
            (
                "ca.crt edited",
                |d| d.get_mut(CA_CERTIFICATE).unwrap().push(b'\n'),
                Defect::Mismatch,
            ),
            (
                "two different authorities",
                |d| drop(d.insert(KEY, d[NEXT_KEY].clone())),
                Defect::ForeignKey { key: KEY },
            ),
            (
                "a certificate for a key",
                |d| drop(d.insert(KEY, d[CERTIFICATE].clone())),
                Defect::Unparsable { key: KEY },
            ),
            (
                "a date that is none",
                |d| drop(d.insert(OLD_UNTIL, b"tomorrow".to_vec())),
                Defect::Unparsable { key: OLD_UNTIL },
            ),
        ];
        for (case, edit, defect) in edits {
            let mut data = stored(&full());
            edit(&mut data);
            assert_eq!(parse(&data).err(), Some(defect), "{case}");
        }
        let data = Data::from([
            (CA_CERTIFICATE, garbage()),
            (CERTIFICATE, garbage()),
            (KEY, garbage()),
        ]);
        assert_eq!(
            parse(&data).err(),
            Some(Defect::Unparsable { key: CERTIFICATE })
        );
    }

    #[test]
    fn never_retains_what_still_signs() {
        let mut slots = full();
        let before = slots.retained.clone();
        slots.retain([slots.current.certificate().clone()], now());
        assert_eq!(slots.retained, before);
    }
}
