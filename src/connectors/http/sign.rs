//! Signatures of messages by the Standard Webhooks specification: `v1` (HMAC-SHA256) and `v1a`
//! (ed25519). Contract: `webhook_http.md`, section 1.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use ed25519_dalek::Signer as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Reads base64 with or without padding: both are seen in the wild.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Says why a secret cannot sign; never shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    /// Not base64 after the prefix.
    #[error("the signing secret is not base64 after its prefix whsec_ or whsk_")]
    NotBase64,
    /// Too short or too long for `whsec_`.
    #[error("the signing secret has {0} bytes, where 24 to 64 are wanted")]
    Length(usize),
    /// Neither a 32-byte seed nor a 64-byte pair, or a pair whose halves differ.
    #[error("the whsk_ secret is neither an ed25519 seed of 32 bytes nor a pair of 64")]
    NotEd25519,
    /// A public key where a secret belongs.
    #[error("this is a public key (whpk_): it verifies, but cannot sign")]
    PublicKey,
}

enum Key {
    Hmac(Zeroizing<Vec<u8>>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// Signs messages with one secret, or with two while a receiver changes over to the new one.
pub struct Signer {
    keys: Vec<Key>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer of {} keys", self.keys.len())
    }
}

impl Signer {
    /// Takes the secrets, the newest first: `whsec_` (also without the prefix) or `whsk_`.
    ///
    /// # Errors
    /// [`SigningError`] where one is none.
    pub fn new(secrets: &[&SecretString]) -> Result<Self, SigningError> {
        let keys = secrets
            .iter()
            .map(|secret| key(secret.expose_secret().trim()))
            .collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// Gives the value of `webhook-signature` for exactly the bytes of `body`; `timestamp` is in
    /// Unix seconds.
    pub fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let head = format!("{id}.{timestamp}.");
        let signatures: Vec<String> = self
            .keys
            .iter()
            .filter_map(|key| match key {
                Key::Hmac(secret) => {
                    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
                    mac.update(head.as_bytes());
                    mac.update(body);
                    let tag = mac.finalize().into_bytes();
                    Some(format!("v1,{}", STANDARD.encode(tag)))
                }
                Key::Ed25519(secret) => {
                    let message = [head.as_bytes(), body].concat();
                    let signature = secret.sign(&message).to_bytes();
                    Some(format!("v1a,{}", STANDARD.encode(signature)))
                }
            })
            .collect();
        signatures.join(" ")
    }
}

fn key(text: &str) -> Result<Key, SigningError> {
    if text.starts_with("whpk_") {
        return Err(SigningError::PublicKey);
    }
    if let Some(encoded) = text.strip_prefix("whsk_") {
        return ed25519(&decode(encoded)?).map(|key| Key::Ed25519(Box::new(key)));
    }
    let bytes = decode(text.strip_prefix("whsec_").unwrap_or(text))?;
    if (24..=64).contains(&bytes.len()) {
        Ok(Key::Hmac(bytes))
    } else {
        Err(SigningError::Length(bytes.len()))
    }
}

fn decode(encoded: &str) -> Result<Zeroizing<Vec<u8>>, SigningError> {
    LENIENT
        .decode(encoded)
        .map(Zeroizing::new)
        .map_err(|_| SigningError::NotBase64)
}

/// The specification does not fix the form of `whsk_`: seed and pair are both taken.
fn ed25519(bytes: &[u8]) -> Result<ed25519_dalek::SigningKey, SigningError> {
    if let Ok(seed) = <&[u8; 32]>::try_from(bytes) {
        return Ok(ed25519_dalek::SigningKey::from_bytes(seed));
    }
    let pair = <&[u8; 64]>::try_from(bytes).map_err(|_| SigningError::NotEd25519)?;
    ed25519_dalek::SigningKey::from_keypair_bytes(pair).map_err(|_| SigningError::NotEd25519)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const OTHER: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

    fn signer(secrets: &[&str]) -> Result<Signer, SigningError> {
        let secrets: Vec<SecretString> = secrets.iter().map(|text| (*text).into()).collect();
        Signer::new(&secrets.iter().collect::<Vec<_>>())
    }

    fn signed(secret: &str, id: &str, timestamp: i64, body: &str) -> String {
        signer(&[secret])
            .unwrap()
            .sign(id, timestamp, body.as_bytes())
    }

    #[test]
    fn every_vector_of_the_contract_is_met() {
        let first = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(
            signed(SECRET, first, 1_614_265_330, r#"{"test": 2432232314}"#),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
        for (number, body, signature) in [
            (
                1,
                r#"{"type":"row.upserted","timestamp":"2025-11-24T16:00:00Z","data":{"id":"42","email":"ada@example.com"}}"#,
                "v1,/+Y9SuyIsk/FZr6Ztw534Jn73hrHYApswA9Sgi9/VaY=",
            ),
            (
                2,
                r#"[{"id":1},{"id":2}]"#,
                "v1,cX/1vopXGQaU/kxL77wAxoXuQAk3Xnu9VIRHBit2MR8=",
            ),
            (
                3,
                "{\"id\":1}\n{\"id\":2}\n",
                "v1,+YuwWf2fPg6GrSe6fWy9/NXT4CS8YPIrwWgqNtax6ro=",
            ),
            (4, "", "v1,BnYq2/blpQVaPpW1GZ+DRQgyPik3VECFUbzqZ0mElcc="),
            (
                5,
                r#"{"name":"Zoë — 日本"}"#,
                "v1,VFs4Ii56oNZfOJRpPmVR8WSGOj/ndxak9NrkOKUE+fY=",
            ),
        ] {
            let id = format!("msg_signalsmith_000{number}");
            assert_eq!(signed(SECRET, &id, 1_764_000_000, body), signature, "{id}");
        }
        assert_eq!(
            signed(OTHER, "msg_signalsmith_0001", 1_764_000_000, r#"{"a":1}"#),
            "v1,fTVEwJvA7ylp8egQ1bJKYnX5So2s1dvdC8QoDiEbY7I="
        );
    }

    #[test]
    fn the_secret_is_decoded_before_it_is_a_key() {
        let wrong = "v1,TcxlhK9b6UD6iVI1ZU2tTqp8PEVfYRseNNfa6b+LcUg=";
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_ne!(
            signed(SECRET, id, 1_614_265_330, r#"{"test": 2432232314}"#),
            wrong
        );
    }

    #[test]
    fn an_ed25519_seed_and_its_pair_sign_alike() {
        let expected = "v1a,mAPS3wLtznzwRsPerNMXukGdHy/kwYGeF82RWlFttRlrYw4yO1C9Jv4InAzLtvxOv5FRV0SfZ0bUkRDkEZncDQ==";
        let seed: [u8; 32] = std::array::from_fn(|position| position as u8);
        let pair = ed25519_dalek::SigningKey::from_bytes(&seed).to_keypair_bytes();
        for bytes in [&seed[..], &pair[..]] {
            let secret = format!("whsk_{}", STANDARD.encode(bytes));
            assert_eq!(
                signed(&secret, "msg_signalsmith_0001", 1_764_000_000, r#"{"a":1}"#),
                expected
            );
        }
    }

    #[test]
    fn two_secrets_give_two_signatures_newest_first() {
        let both = signer(&[SECRET, OTHER]).unwrap().sign("msg_1", 1, b"{}");
        let parts: Vec<&str> = both.split(' ').collect();
        assert_eq!(
            parts,
            [
                signed(SECRET, "msg_1", 1, "{}"),
                signed(OTHER, "msg_1", 1, "{}")
            ]
        );
    }

    #[test]
    fn padding_and_prefix_may_be_missing() {
        let bare = OTHER.trim_end_matches('=');
        assert_eq!(signed(OTHER, "a", 1, "x"), signed(bare, "a", 1, "x"));
        let without = OTHER.trim_start_matches("whsec_");
        assert_eq!(signed(OTHER, "a", 1, "x"), signed(without, "a", 1, "x"));
    }

    #[test]
    fn what_cannot_sign_is_refused_without_being_shown() {
        assert_eq!(signer(&["whsec_!!!"]).unwrap_err(), SigningError::NotBase64);
        assert_eq!(
            signer(&["whsec_AAAA"]).unwrap_err(),
            SigningError::Length(3)
        );
        assert_eq!(
            signer(&["whsk_AAAA"]).unwrap_err(),
            SigningError::NotEd25519
        );
        let public = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
        assert_eq!(signer(&[public]).unwrap_err(), SigningError::PublicKey);
        assert!(!format!("{:?}", signer(&[SECRET]).unwrap()).contains("MfKQ"));
    }
}
