//! The layout of a snapshot: its seed and the partitions that cover all key hashes.

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::row::Damaged;

use super::codec::{take_array, take_byte, take_u64};
use super::error::SnapshotError;

const VERSION: u8 = 1;

/// One partition: a range of key hashes and the file that holds its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Partition {
    /// Its number, part of the file's name.
    pub id: u32,
    /// Counts its files from 1; 0 has none and holds nothing.
    pub generation: u64,
    /// First key hash.
    pub from: u128,
    /// Last key hash, inclusive.
    pub to: u128,
    /// Entries.
    pub count: u64,
    /// Entries that are neither left nor former.
    pub known: u64,
    /// Bytes of the entries.
    pub bytes: u64,
}

impl Partition {
    /// The range as the journal takes it.
    pub fn range(&self) -> ([u8; 16], [u8; 16]) {
        (self.from.to_be_bytes(), self.to.to_be_bytes())
    }

    /// Cuts the range into 2^`bits` empty partitions, numbered from `next_id`.
    pub fn split(&self, bits: u32, next_id: &mut u32) -> Vec<Self> {
        let width = (self.to - self.from) >> bits;
        (0..1_u128 << bits)
            .map(|piece| {
                let from = self.from + piece * (width + 1);
                let id = *next_id;
                *next_id = next_id.saturating_add(1);
                Self {
                    id,
                    generation: 0,
                    from,
                    to: from + width,
                    count: 0,
                    known: 0,
                    bytes: 0,
                }
            })
            .collect()
    }

    /// Into how many bits the range must be cut so that `bytes` stay below `target` a piece.
    pub fn bits_for(&self, bytes: u64, target: u64) -> u32 {
        let room = 127_u32.saturating_sub((self.to - self.from).leading_zeros());
        (0..16.min(room))
            .find(|bits| bytes >> bits <= target)
            .unwrap_or(16.min(room))
    }
}

/// Seed and partitions, sorted by range, without gap or overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The random seed of every hash of this snapshot.
    pub seed: u64,
    /// The number that the next partition gets.
    pub next_id: u32,
    /// The partitions.
    pub partitions: Vec<Partition>,
}

impl Layout {
    /// One empty partition.
    pub fn empty(seed: u64) -> Self {
        let whole = Partition {
            id: 0,
            generation: 0,
            from: 0,
            to: u128::MAX,
            count: 0,
            known: 0,
            bytes: 0,
        };
        Self {
            seed,
            next_id: 1,
            partitions: vec![whole],
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        out.extend_from_slice(&self.seed.to_le_bytes());
        out.extend_from_slice(&self.next_id.to_le_bytes());
        for partition in &self.partitions {
            out.extend_from_slice(&partition.id.to_le_bytes());
            out.extend_from_slice(&partition.generation.to_le_bytes());
            out.extend_from_slice(&partition.from.to_le_bytes());
            out.extend_from_slice(&partition.to.to_le_bytes());
            out.extend_from_slice(&partition.count.to_le_bytes());
            out.extend_from_slice(&partition.known.to_le_bytes());
            out.extend_from_slice(&partition.bytes.to_le_bytes());
        }
        out.extend_from_slice(&xxh3_64(&out).to_le_bytes());
        out
    }

    /// Reads a layout and checks that its partitions cover every key hash once.
    pub fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let layout = Self::read(bytes).map_err(|_| wrong("the layout is damaged"))?;
        let mut next = Some(0_u128);
        for partition in &layout.partitions {
            if next != Some(partition.from) || partition.to < partition.from {
                return Err(wrong("the layout has a gap or an overlap"));
            }
            next = partition.to.checked_add(1);
        }
        if next.is_some() {
            return Err(wrong("the layout does not cover all keys"));
        }
        Ok(layout)
    }

    fn read(bytes: &[u8]) -> Result<Self, Damaged> {
        let (body, check) = bytes.split_last_chunk::<8>().ok_or(Damaged)?;
        let mut rest = body;
        if xxh3_64(body) != u64::from_le_bytes(*check) || take_byte(&mut rest)? != VERSION {
            return Err(Damaged);
        }
        let seed = take_u64(&mut rest)?;
        let next_id = u32::from_le_bytes(take_array(&mut rest)?);
        let mut partitions = Vec::new();
        while !rest.is_empty() {
            partitions.push(Partition {
                id: u32::from_le_bytes(take_array(&mut rest)?),
                generation: take_u64(&mut rest)?,
                from: u128::from_le_bytes(take_array(&mut rest)?),
                to: u128::from_le_bytes(take_array(&mut rest)?),
                count: take_u64(&mut rest)?,
                known: take_u64(&mut rest)?,
                bytes: take_u64(&mut rest)?,
            });
        }
        Ok(Self {
            seed,
            next_id,
            partitions,
        })
    }
}

fn wrong(what: &str) -> SnapshotError {
    SnapshotError::Journal(what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_layout_covers_every_key_and_reads_back() {
        let mut layout = Layout::empty(7);
        let pieces = layout.partitions[0].split(3, &mut layout.next_id);
        layout.partitions = pieces;
        assert_eq!(layout.partitions.len(), 8);
        let again = layout.partitions[5].split(1, &mut layout.next_id);
        layout.partitions.splice(5..6, again);
        assert_eq!(Layout::decode(&layout.encode()).unwrap(), layout);
    }

    #[test]
    fn a_damaged_or_gapped_layout_is_refused() {
        let mut layout = Layout::empty(7);
        let mut bytes = layout.encode();
        bytes[3] ^= 1;
        assert!(Layout::decode(&bytes).is_err());
        layout.partitions = layout.partitions[0].split(2, &mut layout.next_id);
        layout.partitions.remove(1);
        assert!(Layout::decode(&layout.encode()).is_err());
        assert!(Layout::decode(&[]).is_err());
    }

    #[test]
    fn a_range_is_cut_until_its_pieces_are_small() {
        let whole = &Layout::empty(1).partitions[0];
        assert_eq!(whole.bits_for(4 << 20, 4 << 20), 0);
        assert_eq!(whole.bits_for(9 << 20, 4 << 20), 2);
        assert_eq!(whole.bits_for(u64::MAX, 4 << 20), 16);
    }
}
