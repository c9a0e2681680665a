//! Identifiers: a prefix that names the kind and 12 random lower-case base32 characters.

use std::fmt;

use serde::{Deserialize, Serialize};

/// RFC 4648 base32 in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Characters after the prefix: 60 random bits.
const LENGTH: u32 = 12;

/// Says why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is not an identifier of the form {prefix}… with 12 characters of a-z and 2-7")]
pub struct IdError {
    /// The text as it was given.
    pub text: String,
    /// The prefix that was expected.
    pub prefix: &'static str,
}

fn body_from_bits(bits: u64) -> String {
    (0..LENGTH)
        .map(|position| {
            let index = (bits >> (5 * position)) & 31;
            let byte = usize::try_from(index)
                .ok()
                .and_then(|index| ALPHABET.get(index))
                .copied()
                .unwrap_or(b'a');
            char::from(byte)
        })
        .collect()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The prefix of this kind.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an identifier from the low 60 of `bits`, which the caller draws at random.
            pub fn from_bits(bits: u64) -> Self {
                Self(format!("{}{}", $prefix, body_from_bits(bits)))
            }

            /// Reads an identifier.
            ///
            /// # Errors
            /// [`IdError`] where prefix, length or alphabet differ.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let good = text.strip_prefix($prefix).is_some_and(|body| {
                    body.len() == LENGTH as usize && body.bytes().all(|b| ALPHABET.contains(&b))
                });
                if good {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError { text: text.to_owned(), prefix: $prefix })
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// Names a source.
    SourceId = "src_";
    /// Names a model.
    ModelId = "mod_";
    /// Names a destination.
    DestinationId = "dst_";
    /// Names a sync.
    SyncId = "syn_";
    /// Names a run.
    RunId = "run_";
    /// Names an API token.
    TokenId = "tok_";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_made_from_bits_reads_back() {
        let id = SyncId::from_bits(0x0123_4567_89ab_cdef);
        assert_eq!(SyncId::parse(id.as_str()), Ok(id.clone()));
        assert_eq!(id.as_str().len(), 16);
        assert_ne!(id, SyncId::from_bits(0x0123_4567_89ab_cdee));
    }

    #[test]
    fn another_kind_or_alphabet_is_refused() {
        assert!(SyncId::parse("run_aaaaaaaaaaaa").is_err());
        assert!(SyncId::parse("syn_AAAAAAAAAAAA").is_err());
        assert!(SyncId::parse("syn_aaaaaaaaaaa1").is_err());
        assert!(SyncId::parse("syn_aaaa").is_err());
    }
}
