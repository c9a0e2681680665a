//! Transforms that normalize and hash what identifies a person.

use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use phonenumber::Mode;
use sha2::{Digest, Sha256};

use super::arguments::Arguments;
use super::compiled::{Built, Output, TransformError, text_of};
use super::data::hex;
use super::spec::{Family, Parameter, ParameterKind as Kind, TransformSpec};
use crate::domain::coerce::shorten;
use crate::domain::value::{Type, Value};

/// Characters that a telephone number may have as it is typed.
const MAX_PHONE: usize = 64;
/// Bytes that an e-mail address may have (RFC 5321, 4.5.3.1.3: a path of 256 with its brackets).
const MAX_EMAIL: usize = 254;

const INVALID: Parameter = Parameter::optional(
    "invalid",
    Kind::Choice(&["refuse", "null"]),
    "\"refuse\"",
    "what becomes of anything else",
);

pub(super) fn specs() -> Vec<TransformSpec> {
    let spec = Family::Identity.specs();
    vec![
        spec(
            "normalize_email",
            "makes an e-mail address small, without white space",
            const {
                &[
                    Parameter::optional(
                        "gmail",
                        Kind::Boolean,
                        "false",
                        "drops dots and +tags of gmail.com and googlemail.com addresses, as Google Ads asks",
                    ),
                    INVALID,
                ]
            },
            ("\" Ada@Example.COM \"", "{}", "\"ada@example.com\""),
            normalize_email,
        ),
        spec(
            "normalize_phone",
            "makes a telephone number international (E.164)",
            const {
                &[
                    Parameter::optional(
                        "country",
                        Kind::Text,
                        "",
                        "the country of numbers without a country code, such as DE",
                    ),
                    INVALID,
                ]
            },
            ("\"030 901820\"", "{\"country\": \"DE\"}", "\"+4930901820\""),
            normalize_phone,
        ),
        spec(
            "sha256",
            "hashes the text or bytes with SHA-256, in small hexadecimal digits",
            &[],
            (
                "\"abc\"",
                "{}",
                "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"",
            ),
            |_| Ok(hashed(|bytes| hex(&Sha256::digest(bytes)))),
        ),
        spec(
            "md5",
            "hashes the text or bytes with MD5, in small hexadecimal digits; for old interfaces only",
            &[],
            ("\"abc\"", "{}", "\"900150983cd24fb0d6963f7d28e17f72\""),
            |_| Ok(hashed(|bytes| hex(&Md5::digest(bytes)))),
        ),
        spec(
            "hmac_sha256",
            "hashes the text or bytes with a key (HMAC-SHA-256), in small hexadecimal digits",
            const {
                &[Parameter::required(
                    "secret",
                    Kind::Text,
                    "the key; it is part of the mapping",
                )]
            },
            (
                "\"what do ya want for nothing?\"",
                "{\"secret\": \"Jefe\"}",
                "\"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\"",
            ),
            hmac_sha256,
        ),
    ]
}

/// A step from text to normal text, where what is not normal is refused or null.
fn normalized(
    arguments: &Arguments,
    wanted: &'static str,
    normal: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
) -> Built {
    let null = arguments.text("invalid") == "null";
    Built::new(Output::Fixed(Type::Text), move |value| {
        let text = text_of(value)?;
        match normal(&text) {
            Some(normal) => Ok(Value::Text(normal)),
            None if null => Ok(Value::Null),
            None => Err(format!("`{}` is not {wanted}", shorten(&text))),
        }
    })
}

fn normalize_email(arguments: &Arguments) -> Result<Built, TransformError> {
    let gmail = arguments.flag("gmail");
    Ok(normalized(arguments, "an e-mail address", move |text| {
        email(text, gmail)
    }))
}

fn email(text: &str, gmail: bool) -> Option<String> {
    let address = text.trim().to_lowercase();
    let (local, domain) = address.rsplit_once('@')?;
    let is_bad =
        |character: char| character.is_whitespace() || character.is_control() || character == '@';
    let domain_is_bad = domain.is_empty()
        || domain.starts_with('.')
        || domain.ends_with('.')
        || domain.contains("..")
        || domain.contains(is_bad);
    if local.is_empty() || local.contains(is_bad) || domain_is_bad || address.len() > MAX_EMAIL {
        return None;
    }
    if gmail && matches!(domain, "gmail.com" | "googlemail.com") {
        let name = local.split('+').next().unwrap_or(local).replace('.', "");
        return (!name.is_empty()).then(|| format!("{name}@{domain}"));
    }
    Some(address)
}

fn normalize_phone(arguments: &Arguments) -> Result<Built, TransformError> {
    let country: Option<phonenumber::country::Id> = match arguments.optional_text("country") {
        Some(word) => Some(word.to_uppercase().parse().map_err(|_| {
            arguments.invalid(
                "country",
                format!("{word} is no country code of two letters"),
            )
        })?),
        None => None,
    };
    let wanted = match country {
        Some(_) => "a telephone number",
        None => "a telephone number with a country code",
    };
    Ok(normalized(arguments, wanted, move |text| {
        let text = text.trim();
        if text.len() > MAX_PHONE {
            return None;
        }
        let number = phonenumber::parse(country, text).ok()?;
        phonenumber::is_valid(&number).then(|| number.format().mode(Mode::E164).to_string())
    }))
}

fn hashed(hash: impl Fn(&[u8]) -> String + Send + Sync + 'static) -> Built {
    Built::new(Output::Fixed(Type::Text), move |value| {
        let digest = match value {
            Value::Bytes(bytes) => hash(&bytes),
            other => hash(text_of(other)?.as_bytes()),
        };
        Ok(Value::Text(digest))
    })
}

fn hmac_sha256(arguments: &Arguments) -> Result<Built, TransformError> {
    let secret = arguments.text("secret");
    if secret.is_empty() {
        return Err(arguments.invalid("secret", "it is empty".to_owned()));
    }
    let keyed = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .map_err(|error| arguments.invalid("secret", error.to_string()))?;
    Ok(hashed(move |bytes| {
        let mut mac = keyed.clone();
        mac.update(bytes);
        hex(&mac.finalize().into_bytes())
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::transform::{TransformCall, compile};

    #[test]
    fn addresses_are_normalized_or_refused() {
        for (text, gmail, wanted) in [
            ("A.B+x@GMAIL.com", true, Some("ab@gmail.com")),
            ("A.B+x@gmail.com", false, Some("a.b+x@gmail.com")),
            ("a.b@example.com", true, Some("a.b@example.com")),
            ("ada", false, None),
            ("a b@example.com", false, None),
            ("a@b@example.com", false, None),
            ("ada@", false, None),
            ("ada@example..com", false, None),
            ("+x@gmail.com", true, None),
        ] {
            assert_eq!(email(text, gmail).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn telephone_numbers_become_e164_or_are_refused() {
        let phone = |call: serde_json::Value, text: &str| {
            let call: TransformCall = serde_json::from_value(call).unwrap();
            compile(&call)
                .unwrap()
                .apply(Value::text(text))
                .map_err(|failure| failure.text)
        };
        let any = serde_json::json!("normalize_phone");
        assert_eq!(
            phone(any.clone(), "+1 (415) 555-2671"),
            Ok(Value::text("+14155552671"))
        );
        assert_eq!(
            phone(any, "030 901820"),
            Err("`030 901820` is not a telephone number with a country code".to_owned())
        );
        let null = serde_json::json!({"name": "normalize_phone", "invalid": "null"});
        assert_eq!(phone(null, "call me"), Ok(Value::Null));
        let bad: TransformCall =
            serde_json::from_value(serde_json::json!({"name": "normalize_phone", "country": "XQ"}))
                .unwrap();
        assert!(compile(&bad).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_telephone_number_panic(text in "[+0-9 ();ext.x/-]{0,40}|\\PC{0,70}", country in prop_oneof![Just(None), Just(Some("DE")), Just(Some("US"))]) {
            let mut call = serde_json::json!({"name": "normalize_phone", "invalid": "null"});
            if let Some(country) = country {
                call["country"] = country.into();
            }
            let call: TransformCall = serde_json::from_value(call).unwrap();
            prop_assert!(compile(&call).unwrap().apply(Value::text(text)).is_ok());
        }
    }
}
