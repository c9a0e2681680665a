//! Stored secrets: each under a data key of its own, which a key outside the database wraps.
//!
//! Both layers are XChaCha20-Poly1305 and bound to connection, field and version, so that a
//! ciphertext copied to another place does not open. The outer key is the file `secret.key` in the
//! workspace's folder; without it every stored secret is lost.

use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rusqlite::{OptionalExtension, Transaction, params};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::Store;
use super::error::StoreError;
use super::files;

const KEY_FILE: &str = "secret.key";
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// Tells keys apart without telling the key.
const KEY_ID: &str = "signalsmith 2026 secret.key identifier";

type KeyBytes = Zeroizing<[u8; KEY_BYTES]>;

/// Where a secret belongs.
struct Place {
    connection: String,
    field: String,
}

impl Place {
    fn error(&self, why: impl Into<String>) -> StoreError {
        StoreError::Secret {
            connection: self.connection.clone(),
            field: self.field.clone(),
            why: why.into(),
        }
    }

    /// What both layers are bound to; lengths keep `ab, c` apart from `a, bc`.
    fn bound(&self, layer: &str, version: i64) -> Vec<u8> {
        let mut bound = Vec::new();
        for part in [layer, &self.connection, &self.field] {
            bound.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bound.extend_from_slice(part.as_bytes());
        }
        bound.extend_from_slice(&version.to_le_bytes());
        bound
    }

    fn seal(
        &self,
        key: &KeyBytes,
        layer: &str,
        version: i64,
        text: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let nonce = random::<NONCE_BYTES>().map_err(|why| self.error(why))?;
        let payload = Payload {
            msg: text,
            aad: &self.bound(layer, version),
        };
        let sealed = XChaCha20Poly1305::new(&(**key).into())
            .encrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| self.error("it is too long"))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    fn open(
        &self,
        key: &KeyBytes,
        layer: &str,
        version: i64,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let altered = || self.error("it was altered in the database");
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(altered)?;
        let payload = Payload {
            msg: sealed,
            aad: &self.bound(layer, version),
        };
        XChaCha20Poly1305::new(&(**key).into())
            .decrypt(&XNonce::from(*nonce), payload)
            .map(Zeroizing::new)
            .map_err(|_| altered())
    }
}

/// A secret that is to be kept.
pub struct NewSecret {
    /// The id of the source or destination.
    pub connection: String,
    /// The setting's key.
    pub field: String,
    /// The secret.
    pub secret: SecretString,
}

/// Keeps a secret inside a transaction, under the key in the file `path`.
pub(super) fn put_new(
    tx: &Transaction<'_>,
    new: &NewSecret,
    path: &Path,
) -> Result<(), StoreError> {
    put(tx, &place(&new.connection, &new.field), &new.secret, path)
}

impl Store {
    /// Where the key is under which secrets are kept.
    pub(super) fn secret_key(&self) -> PathBuf {
        self.dir().join(KEY_FILE)
    }

    /// Encrypts a secret and keeps it, in place of an older one.
    ///
    /// # Errors
    /// [`StoreError::Secret`] where `secret.key` is unreadable, or is missing while secrets are
    /// stored under it; the database's.
    pub async fn put_secret(
        &self,
        connection: &str,
        field: &str,
        secret: &SecretString,
    ) -> Result<(), StoreError> {
        let place = place(connection, field);
        let secret = secret.clone();
        let path = self.secret_key();
        self.write("keep a secret", move |tx| put(tx, &place, &secret, &path))
            .await
    }

    /// Gives a stored secret.
    ///
    /// # Errors
    /// [`StoreError::Secret`] where `secret.key` is missing, is another one, or the ciphertext was
    /// altered or moved; the database's.
    pub async fn secret(
        &self,
        connection: &str,
        field: &str,
    ) -> Result<Option<SecretString>, StoreError> {
        let place = place(connection, field);
        let path = self.secret_key();
        self.read("read a secret", move |tx| get(tx, &place, &path))
            .await
    }

    /// Removes all secrets of a connection.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_secrets(&self, connection: &str) -> Result<(), StoreError> {
        let connection = connection.to_owned();
        self.write("remove secrets", move |tx| delete(tx, &connection))
            .await
    }
}

fn place(connection: &str, field: &str) -> Place {
    Place {
        connection: connection.to_owned(),
        field: field.to_owned(),
    }
}

/// Removes a connection's secrets inside a transaction.
pub(super) fn delete(tx: &Transaction<'_>, connection: &str) -> Result<(), StoreError> {
    tx.execute("DELETE FROM secrets WHERE connection = ?1", [connection])?;
    Ok(())
}

fn put(
    tx: &Transaction<'_>,
    place: &Place,
    secret: &SecretString,
    path: &Path,
) -> Result<(), StoreError> {
    let outer = match read_key(place, path)? {
        Some(key) => key,
        None => {
            // A second key beside secrets under a lost one would hide that it is lost.
            if tx.prepare("SELECT 1 FROM secrets")?.exists([])? {
                return Err(missing(place));
            }
            make_key(place, path)?
        }
    };
    let version: i64 = tx
        .query_row(
            "SELECT version FROM secrets WHERE connection = ?1 AND field = ?2",
            [&place.connection, &place.field],
            |row| row.get(0),
        )
        .optional()?
        .unwrap_or(0)
        + 1;
    let inner = random::<KEY_BYTES>().map_err(|why| place.error(why))?;
    let sealed = place.seal(&inner, "secret", version, secret.expose_secret().as_bytes())?;
    let wrapped = place.seal(&outer, "key", version, inner.as_slice())?;
    tx.execute(
        "INSERT OR REPLACE INTO secrets (connection, field, version, key_id, wrapped, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            place.connection,
            place.field,
            version,
            key_id(&outer).as_slice(),
            wrapped,
            sealed
        ],
    )?;
    Ok(())
}

fn get(
    tx: &Transaction<'_>,
    place: &Place,
    path: &Path,
) -> Result<Option<SecretString>, StoreError> {
    type Stored = (i64, Vec<u8>, Vec<u8>, Vec<u8>);
    let found: Option<Stored> = tx
        .query_row(
            "SELECT version, key_id, wrapped, sealed FROM secrets
             WHERE connection = ?1 AND field = ?2",
            [&place.connection, &place.field],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )
        .optional()?;
    let Some((version, id, wrapped, sealed)) = found else {
        return Ok(None);
    };
    let outer = read_key(place, path)?.ok_or_else(|| missing(place))?;
    if key_id(&outer).as_slice() != id.as_slice() {
        return Err(place.error("secret.key is not the key under which it was stored"));
    }
    let inner = place.open(&outer, "key", version, &wrapped)?;
    let inner: KeyBytes = Zeroizing::new(
        inner
            .as_slice()
            .try_into()
            .map_err(|_| place.error("it was altered in the database"))?,
    );
    let text = place.open(&inner, "secret", version, &sealed)?;
    let text = std::str::from_utf8(&text).map_err(|_| place.error("it is not text"))?;
    Ok(Some(SecretString::from(text)))
}

fn missing(place: &Place) -> StoreError {
    place.error("secret.key is missing from the workspace's folder")
}

fn key_id(key: &KeyBytes) -> [u8; 16] {
    let mut id = [0; 16];
    blake3::Hasher::new_derive_key(KEY_ID)
        .update(key.as_slice())
        .finalize_xof()
        .fill(&mut id);
    id
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, String> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())
        .map_err(|error| format!("the system gives no random bytes: {error}"))?;
    Ok(bytes)
}

fn read_key(place: &Place, path: &Path) -> Result<Option<KeyBytes>, StoreError> {
    files::check_file(path)?;
    let mut file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(place.error(format!("secret.key cannot be read: {error}"))),
    };
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    let whole = file
        .read_exact(key.as_mut_slice())
        .and_then(|()| file.read(&mut [0]))
        .is_ok_and(|more| more == 0);
    if whole {
        Ok(Some(key))
    } else {
        Err(place.error("secret.key is damaged: it has not 32 bytes"))
    }
}

/// Makes the key file whole or not at all, before anything is sealed under it.
fn make_key(place: &Place, path: &Path) -> Result<KeyBytes, StoreError> {
    let fail = |error: std::io::Error| StoreError::io("make secret.key", &error);
    let folder: PathBuf = path.parent().map(Path::to_owned).unwrap_or_default();
    let key = random::<KEY_BYTES>().map_err(|why| place.error(why))?;
    let mut file = tempfile::NamedTempFile::new_in(&folder).map_err(fail)?;
    file.write_all(key.as_slice()).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist_noclobber(path)
        .map_err(|error| fail(error.error))?;
    std::fs::File::open(&folder)
        .and_then(|folder| folder.sync_all())
        .map_err(fail)?;
    Ok(key)
}
