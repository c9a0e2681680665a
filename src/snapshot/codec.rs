//! Small pieces of the binary formats of this room: counted bytes and fixed arrays.

use crate::domain::row::{Damaged, Fingerprint, put_length, take_length};

/// Appends a length and the bytes.
pub(crate) fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Takes `count` bytes from the front.
#[inline]
pub(crate) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Result<&'a [u8], Damaged> {
    let (head, rest) = bytes.split_at_checked(count).ok_or(Damaged)?;
    *bytes = rest;
    Ok(head)
}

/// Takes counted bytes from the front.
#[inline]
pub(crate) fn take_bytes<'a>(bytes: &mut &'a [u8]) -> Result<&'a [u8], Damaged> {
    let length = take_length(bytes)?;
    take(bytes, length)
}

/// Takes an array from the front.
#[inline]
pub(crate) fn take_array<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], Damaged> {
    take(bytes, N)?.try_into().map_err(|_| Damaged)
}

/// Takes one byte from the front.
#[inline]
pub(crate) fn take_byte(bytes: &mut &[u8]) -> Result<u8, Damaged> {
    Ok(u8::from_le_bytes(take_array(bytes)?))
}

/// Takes a fingerprint from the front.
#[inline]
pub(crate) fn take_hash(bytes: &mut &[u8]) -> Result<Fingerprint, Damaged> {
    take_array(bytes).map(Fingerprint)
}

/// Takes a number from the front.
pub(crate) fn take_u64(bytes: &mut &[u8]) -> Result<u64, Damaged> {
    take_array(bytes).map(u64::from_le_bytes)
}

/// Takes counted text from the front.
pub(crate) fn take_text(bytes: &mut &[u8]) -> Result<String, Damaged> {
    std::str::from_utf8(take_bytes(bytes)?)
        .map(str::to_owned)
        .map_err(|_| Damaged)
}

/// The length as a number of 64 bits.
pub(crate) fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
