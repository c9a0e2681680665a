//! The receiving half of Standard Webhooks, written apart from the sending half, so that a fault in
//! one does not hide in the other: HMAC is built from SHA-256 by RFC 2104 here.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use chrono::{DateTime, Utc};
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Seconds that a timestamp may be off, either way.
const TOLERANCE_S: i64 = 300;
/// Bytes of a block of SHA-256.
const BLOCK: usize = 64;

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a signature is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// A header is missing or no number.
    #[error("webhook-id, webhook-timestamp and webhook-signature are wanted")]
    Headers,
    /// The timestamp is more than five minutes off.
    #[error("the timestamp is more than five minutes off")]
    Time,
    /// None of the signatures is good.
    #[error("no signature matches")]
    Signature,
}

enum Key {
    Shared(Vec<u8>),
    Public(Box<VerifyingKey>),
}

/// Verifies signatures made with one secret.
pub struct Verifier(Key);

impl Verifier {
    /// Takes a shared secret (`whsec_`) or a public key (`whpk_`); nothing where it is neither.
    pub fn new(secret: &str) -> Option<Self> {
        if let Some(encoded) = secret.strip_prefix("whpk_") {
            let bytes: [u8; 32] = BASE64.decode(encoded).ok()?.try_into().ok()?;
            let key = VerifyingKey::from_bytes(&bytes).ok()?;
            return Some(Self(Key::Public(Box::new(key))));
        }
        let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
        BASE64
            .decode(encoded)
            .ok()
            .filter(|bytes| !bytes.is_empty())
            .map(|bytes| Self(Key::Shared(bytes)))
    }

    /// Checks a message: any one good signature suffices, other versions are passed over.
    ///
    /// # Errors
    /// [`Mismatch`].
    pub fn verify(
        &self,
        id: &str,
        timestamp: &str,
        signatures: &str,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), Mismatch> {
        let at: i64 = timestamp.parse().map_err(|_| Mismatch::Headers)?;
        if id.is_empty() || signatures.is_empty() {
            return Err(Mismatch::Headers);
        }
        if at.abs_diff(now.timestamp()) > TOLERANCE_S.unsigned_abs() {
            return Err(Mismatch::Time);
        }
        let mut message = format!("{id}.{timestamp}.").into_bytes();
        message.extend_from_slice(body);
        let good = signatures
            .split(' ')
            .filter_map(|entry| entry.split_once(','))
            .any(|(version, encoded)| self.matches(version, encoded, &message));
        if good {
            Ok(())
        } else {
            Err(Mismatch::Signature)
        }
    }

    fn matches(&self, version: &str, encoded: &str, message: &[u8]) -> bool {
        let Ok(given) = BASE64.decode(encoded) else {
            return false;
        };
        match (&self.0, version) {
            (Key::Shared(secret), "v1") => same(&hmac(secret, message), &given),
            (Key::Public(key), "v1a") => Signature::from_slice(&given)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            _ => false,
        }
    }
}

fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut key = if secret.len() > BLOCK {
        Sha256::digest(secret).to_vec()
    } else {
        secret.to_vec()
    };
    key.resize(BLOCK, 0);
    let pad = |byte: u8| key.iter().map(|part| part ^ byte).collect::<Vec<u8>>();
    let inner = Sha256::new_with_prefix(pad(0x36))
        .chain_update(message)
        .finalize();
    let outer = Sha256::new_with_prefix(pad(0x5c))
        .chain_update(inner)
        .finalize();
    outer.to_vec()
}

/// Compares without stopping at the first difference.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |sum, (a, b)| sum | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const GOOD: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn check(signatures: &str, seconds_later: i64) -> Result<(), Mismatch> {
        let now = DateTime::from_timestamp(1_614_265_330 + seconds_later, 0).unwrap();
        let verifier = Verifier::new(SECRET).unwrap();
        verifier.verify(ID, "1614265330", signatures, BODY, now)
    }

    #[test]
    fn hmac_is_that_of_rfc_4231() {
        let tag = hmac(b"Jefe", b"what do ya want for nothing?");
        assert_eq!(tag[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        let long = hmac(
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
        );
        assert_eq!(long[..4], [0x60, 0xe4, 0x31, 0x59]);
    }

    #[test]
    fn any_one_good_signature_suffices() {
        assert_eq!(check(GOOD, 0), Ok(()));
        assert_eq!(check(&format!("v2,x v1,AAAA nonsense {GOOD}"), 0), Ok(()));
        assert_eq!(check("v1,AAAA", 0), Err(Mismatch::Signature));
        assert_eq!(check("nonsense", 0), Err(Mismatch::Signature));
        assert_eq!(
            check(&GOOD.replace("v1,", "v1a,"), 0),
            Err(Mismatch::Signature)
        );
        assert_eq!(check("", 0), Err(Mismatch::Headers));
    }

    #[test]
    fn a_timestamp_may_be_five_minutes_off_either_way() {
        for good in [300, -300] {
            assert_eq!(check(GOOD, good), Ok(()), "{good}");
        }
        for bad in [301, -301] {
            assert_eq!(check(GOOD, bad), Err(Mismatch::Time), "{bad}");
        }
    }

    #[test]
    fn ed25519_is_verified_with_the_public_key() {
        let verifier = Verifier::new("whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=").unwrap();
        let now = DateTime::from_timestamp(1_764_000_000, 0).unwrap();
        let signature = "v1a,mAPS3wLtznzwRsPerNMXukGdHy/kwYGeF82RWlFttRlrYw4yO1C9Jv4InAzLtvxOv5FRV0SfZ0bUkRDkEZncDQ==";
        let check = |body: &[u8]| {
            verifier.verify("msg_signalsmith_0001", "1764000000", signature, body, now)
        };
        assert_eq!(check(br#"{"a":1}"#), Ok(()));
        assert_eq!(check(br#"{"a":2}"#), Err(Mismatch::Signature));
    }
}
