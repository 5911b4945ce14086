//! Keys in JSON (JWK) turned into PEM.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use num_bigint::BigUint;

use crate::funcs::{Args, Func, FuncError};
use crate::json::{self, Numbers};
use crate::limits::Ctx;
use crate::map::Map;
use crate::quote::quoted;
use crate::value::Value;

use super::TEXT;
use super::der::{self, INTEGER, NULL, OBJECT_ID, OCTET_STRING, SEQUENCE};
use super::keys::{PrivateKey, RSA_OID};
use super::pem::Block;

pub(super) static TABLE: &[Func] = &[
    Func::fixed("jwkPrivateKeyPem", &[TEXT], TEXT, jwk_private_key_pem),
    Func::fixed("jwkPublicKeyPem", &[TEXT], TEXT, jwk_public_key_pem),
];

const BIT_STRING: u8 = 0x03;

/// `id-ecPublicKey`
const EC_OID: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// `id-Ed25519`
const ED25519_OID: &[u8] = &[0x2b, 0x65, 0x70];

/// A key as JSON has it.
struct WebKey(Map);

/// The curves with their object identifiers and the bytes of a coordinate.
const CURVES: &[(&str, &[u8], usize)] = &[
    (
        "P-256",
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        32,
    ),
    ("P-384", &[0x2b, 0x81, 0x04, 0x00, 0x22], 48),
    ("P-521", &[0x2b, 0x81, 0x04, 0x00, 0x23], 66),
];

impl WebKey {
    fn parse(text: &[u8]) -> Result<Self, FuncError> {
        match json::parse(text, Numbers::Text) {
            Ok(Value::Map(map)) => Ok(Self(map)),
            Ok(_) => Err(FuncError::new("the key is not a JSON object")),
            Err(error) => Err(FuncError::new(error.to_string())),
        }
    }

    fn text(&self, member: &str) -> String {
        let value = self.0.get(member.as_bytes());
        let text = value.as_ref().and_then(Value::as_str);
        text.map(|text| text.to_text().into_owned())
            .unwrap_or_default()
    }

    /// A member's bytes; none if it does not decode, which the key made of it will not survive.
    fn bytes(&self, member: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD
            .decode(self.text(member))
            .unwrap_or_default()
    }

    /// A member as a number of so many bytes.
    fn padded(&self, member: &str, len: usize) -> Vec<u8> {
        let bytes = self.bytes(member);
        let digits = &bytes[bytes.iter().take_while(|b| **b == 0).count()..];
        [vec![0; len.saturating_sub(digits.len())], digits.to_vec()].concat()
    }

    fn number(&self, member: &str) -> BigUint {
        BigUint::from_bytes_be(&self.bytes(member))
    }

    fn unsupported(&self) -> FuncError {
        FuncError::revealing(
            format!("unsupported key type {}", quoted(&self.text("kty"))),
            "unsupported key type <redacted>",
        )
    }

    fn curve(&self) -> Result<(&'static [u8], usize), FuncError> {
        let name = self.text("crv");
        CURVES
            .iter()
            .find(|(known, ..)| *known == name)
            .map(|(_, oid, len)| (*oid, *len))
            .ok_or_else(|| {
                FuncError::revealing(
                    format!("unsupported curve {}", quoted(&name)),
                    "unsupported curve <redacted>",
                )
            })
    }

    /// The uncompressed point.
    fn point(&self, len: usize) -> Vec<u8> {
        [vec![4], self.padded("x", len), self.padded("y", len)].concat()
    }

    /// The PKIX form of the public key.
    fn public_der(&self) -> Result<Vec<u8>, FuncError> {
        let (algorithm, key) = match self.text("kty").as_str() {
            "RSA" => {
                let modulus = der::unsigned(&self.bytes("n"));
                let exponent = der::unsigned(&self.bytes("e"));
                (
                    der::write(SEQUENCE, &[&der::write(OBJECT_ID, &[RSA_OID]), &[NULL, 0]]),
                    der::write(SEQUENCE, &[&modulus, &exponent]),
                )
            }
            "EC" => {
                let (curve, len) = self.curve()?;
                (ec_algorithm(curve), self.point(len))
            }
            "OKP" => (
                der::write(SEQUENCE, &[&der::write(OBJECT_ID, &[ED25519_OID])]),
                self.bytes("x"),
            ),
            _ => return Err(self.unsupported()),
        };
        let key = der::write(BIT_STRING, &[&[0], &key]);
        Ok(der::write(SEQUENCE, &[&algorithm, &key]))
    }

    fn private(&self) -> Result<PrivateKey, FuncError> {
        if self.text("d").is_empty() {
            return Err(FuncError::new("not a private key"));
        }
        let key = match self.text("kty").as_str() {
            "RSA" => self.rsa_der().and_then(|der| PrivateKey::from_pkcs1(&der)),
            "EC" => {
                let (curve, len) = self.curve()?;
                PrivateKey::from_ec(&self.sec1_der(curve, len))
            }
            "OKP" => {
                let seed = der::write(OCTET_STRING, &[&self.bytes("d")]);
                let algorithm = der::write(SEQUENCE, &[&der::write(OBJECT_ID, &[ED25519_OID])]);
                let key = der::write(OCTET_STRING, &[&seed]);
                let version = [INTEGER, 1, 0];
                PrivateKey::from_pkcs8(&der::write(SEQUENCE, &[&version, &algorithm, &key]))
            }
            _ => return Err(self.unsupported()),
        };
        key.ok_or_else(|| FuncError::new("the key is not valid"))
    }

    /// PKCS#1, with what can be computed computed.
    fn rsa_der(&self) -> Option<Vec<u8>> {
        let (d, p, q) = (self.number("d"), self.number("p"), self.number("q"));
        let one = BigUint::from(1_u8);
        if p <= one || q <= one {
            return None;
        }
        let exponents = [&d % (&p - &one), &d % (&q - &one)];
        let inverse = q.modinv(&p)?;
        let [dp, dq] = exponents;
        let numbers = [self.number("n"), self.number("e"), d, p, q, dp, dq, inverse];
        let mut content = vec![INTEGER, 1, 0];
        for number in numbers {
            content.extend(der::unsigned(&number.to_bytes_be()));
        }
        Some(der::write(SEQUENCE, &[&content]))
    }

    fn sec1_der(&self, curve: &[u8], len: usize) -> Vec<u8> {
        const PARAMETERS: u8 = 0xa0;
        const PUBLIC_KEY: u8 = 0xa1;
        let private = der::write(OCTET_STRING, &[&self.padded("d", len)]);
        let curve = der::write(PARAMETERS, &[&der::write(OBJECT_ID, &[curve])]);
        let point = der::write(BIT_STRING, &[&[0], &self.point(len)]);
        let point = der::write(PUBLIC_KEY, &[&point]);
        der::write(SEQUENCE, &[&[INTEGER, 1, 1], &private, &curve, &point])
    }
}

fn ec_algorithm(curve: &[u8]) -> Vec<u8> {
    let algorithm = der::write(OBJECT_ID, &[EC_OID]);
    let curve = der::write(OBJECT_ID, &[curve]);
    der::write(SEQUENCE, &[&algorithm, &curve])
}

fn jwk_public_key_pem(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let der = WebKey::parse(args.str(0)?)?.public_der()?;
    Ok(Value::str(Block::new("PUBLIC KEY", der).encode()))
}

fn jwk_private_key_pem(_: &mut Ctx, args: &Args<'_>) -> Result<Value, FuncError> {
    let key = WebKey::parse(args.str(0)?)?.private()?;
    Ok(Value::str(key.to_pkcs8_pem()))
}
