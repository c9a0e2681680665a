//! Settling: who has an identifier, once all that is said of it stands side by side.

use crate::domain::row::{Damaged, Fingerprint, Key};
use crate::snapshot::plan_file::{Mark, MarkKind};
use crate::snapshot::{Entry, Sorted, Spool, foreign_hash};

use super::draft::Drafts;
use super::emit::{overtaken, released, traced};
use super::error::PlanError;
use super::holder::{left_mark, may_delete};
use super::identifier::{
    Class, Holder, Role, Said, Standing, heads, is_claim, put_texts, said, take_texts,
};
use super::scope::Scope;

const COLLIDES: u8 = 0;
const FORMER: u8 = 1;

/// Settles identifier by identifier; what follows goes into the drafts.
pub(super) struct Settling<'a> {
    scope: &'a Scope,
    drafts: &'a mut Drafts,
    /// By key: collisions, and records left under a former identifier. A key that collides is not
    /// sent and leaves nothing behind.
    moves: Spool,
    group: Group,
}

/// A row that claims the identifier.
struct Claimant {
    hash: Fingerprint,
    key: Vec<u8>,
    class: Class,
    standing: Standing,
}

/// What is known of the identifier so far; claims come first, holders last.
#[derive(Default)]
struct Group {
    identifier: Option<Fingerprint>,
    first: Option<Claimant>,
    /// Whether more than one key claims it.
    contested: bool,
    /// Whether a row without a usable key claims it.
    keyless: bool,
    listed: Option<Vec<u8>>,
    held: bool,
    /// Whether a key that is present and not sent elsewhere holds it.
    kept: bool,
    /// What the claimant stands on that has taken over an entry.
    taken: Option<Standing>,
    /// Whether the record's end is seen to.
    ended: bool,
    /// The key that is sent elsewhere and with that ends the record; where it turns out to collide,
    /// it stays.
    mover: Option<Fingerprint>,
}

impl Group {
    /// The one valid row that maps to the identifier.
    fn winner(&self) -> Option<&Claimant> {
        let winner = self.first.as_ref().filter(|_| !self.contested)?;
        matches!(winner.class, Class::Send | Class::Unchanged).then_some(winner)
    }

    fn is_claimed(&self) -> bool {
        self.first.is_some() || self.keyless
    }
}

impl<'a> Settling<'a> {
    pub(super) fn new(scope: &'a Scope, drafts: &'a mut Drafts, moves: Spool) -> Self {
        Self {
            scope,
            drafts,
            moves,
            group: Group::default(),
        }
    }

    /// Settles all identifiers.
    pub(super) fn settle(
        mut self,
        identifiers: &Sorted,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Result<(), PlanError> {
        let mut reader = identifiers.read_without_lone(is_claim);
        let mut seen = 0_u64;
        while reader.advance()? {
            seen += 1;
            if seen.is_multiple_of(8192) && is_cancelled() {
                return Err(PlanError::Cancelled);
            }
            let record = reader.record();
            let (identifier, key_hash) = heads(record)?;
            if self.group.identifier != Some(identifier) {
                self.end_group()?;
                self.group.identifier = Some(identifier);
            }
            match said(record)? {
                Said::Claim {
                    class,
                    standing,
                    key,
                } => self.claim(Claimant {
                    hash: key_hash,
                    key,
                    class,
                    standing,
                })?,
                Said::Listed(identifier) => {
                    self.group.listed.get_or_insert(identifier);
                }
                Said::Holds(role, holder) => self.holder(role, holder)?,
            }
        }
        self.end_group()?;
        self.former_identifiers()
    }

    fn claim(&mut self, next: Claimant) -> Result<(), PlanError> {
        if next.class == Class::Keyless {
            self.group.keyless = true;
            return Ok(());
        }
        let Some(first) = &mut self.group.first else {
            self.group.first = Some(next);
            return Ok(());
        };
        if first.hash == next.hash {
            return Ok(());
        }
        let pairs = if self.group.contested {
            vec![(&next, &*first)]
        } else {
            vec![(&*first, &next), (&next, &*first)]
        };
        for (one, other) in pairs {
            if matches!(one.class, Class::Send | Class::Unchanged | Class::Idle) {
                self.drafts
                    .collision(one.hash, one.class, &one.key, &other.key)?;
                self.moves.push(&[&one.hash.0, &[COLLIDES]])?;
            }
        }
        self.group.contested = true;
        Ok(())
    }

    fn holder(&mut self, role: Role, holder: Holder) -> Result<(), PlanError> {
        self.group.held = true;
        if let Some(winner) = self.group.winner() {
            // A claimant's own entry is no other holder.
            if winner.hash == holder.entry.key_hash {
                return Ok(());
            }
            let standing = winner.standing;
            let takes = winner.class == Class::Send
                && standing == Standing::Elsewhere
                && self.group.taken.is_none()
                && holder.on_record
                && !holder.deleting;
            if takes {
                self.drafts.takes_over(winner.hash, &holder.entry)?;
                self.group.taken = Some(Standing::of(true, holder.entry.adopted));
            }
            return self.superseded(role, holder, self.group.taken.unwrap_or(standing));
        }
        if role == Role::Stays {
            self.group.kept = true;
            return Ok(());
        }
        match (role, self.group.is_claimed()) {
            (Role::Moved, true) if self.scope.deletes() => self.former(&holder, false),
            (Role::Moved, true) => Ok(()),
            (Role::Moved, false) => self.moved(holder),
            (_, true) if self.scope.deletes() => self.file(&holder, false),
            (_, true) => self.left(holder),
            (_, false) => self.gone(holder),
        }
    }

    /// The record is the winner's; whoever else holds it lets go, once an entry of the winner holds
    /// it. With a limit the winner may not be sent, and then the record stays in sight; so does one
    /// that this sync wrote, or may have, while the winner's entry was adopted, for that alone would
    /// never be deleted.
    fn superseded(
        &mut self,
        role: Role,
        holder: Holder,
        standing: Standing,
    ) -> Result<(), PlanError> {
        let secured = standing != Standing::Elsewhere;
        let was_ours = standing == Standing::Adopted && self.scope.deletes() && may_delete(&holder);
        let lets_go = secured && !was_ours && !self.scope.is_partial();
        match role {
            Role::Stays if !holder.on_record => Ok(()),
            Role::Moved if !lets_go && self.scope.deletes() => self.former(&holder, false),
            Role::Moved if !holder.on_record => Ok(()),
            Role::Moved if secured => {
                let entry = &holder.entry;
                Ok(self.drafts.lost(entry.key_hash, &entry.key)?)
            }
            Role::Absent if !lets_go => self.file(&holder, false),
            _ if !lets_go => Ok(()),
            Role::Stays => {
                let entry = holder.entry;
                Ok(self.drafts.mark(&overtaken(entry.key_hash, entry.key))?)
            }
            _ => self.release(&holder),
        }
    }

    /// The key is sent under another identifier, and nothing claims this one.
    fn moved(&mut self, mut holder: Holder) -> Result<(), PlanError> {
        let may_delete = may_delete(&holder);
        if self.scope.deletes() && !may_delete && !holder.doubts.is_empty() {
            // Adopted, and perhaps written since: it stays, and stays in sight.
            return self.former(&holder, false);
        }
        let entry = &mut holder.entry;
        if !self.scope.deletes() || !may_delete {
            return Ok(self.drafts.mark(&Mark {
                kind: MarkKind::FormerStays,
                key_hash: entry.key_hash,
                key: entry.key.clone(),
                entry: None,
            })?);
        }
        if self.group.ended {
            return Ok(());
        }
        self.group.ended = true;
        self.group.mover = Some(entry.key_hash);
        let delete = !self.group.kept && !self.scope.is_partial();
        // Whoever had left and was perhaps sent since is as one that was sent.
        entry.left = false;
        self.former(&holder, delete)
    }

    /// The key is not in the model, and nothing claims its identifier.
    fn gone(&mut self, holder: Holder) -> Result<(), PlanError> {
        if self.scope.is_partial() || (self.group.kept && self.scope.deletes()) {
            return Ok(());
        }
        if !self.scope.deletes() {
            return self.left(holder);
        }
        // In the scope of all, what the destination lists and the model lacks goes.
        let foreign = self.group.listed.is_some() && holder.entry.left && !holder.entry.adopted;
        if !may_delete(&holder) && !foreign {
            return self.left(holder);
        }
        if self.group.ended {
            // The key that moves away files the record there anew, or does not move.
            let is_its = holder.on_record && holder.entry.former && {
                let key = Fingerprint::of(self.scope.seed, holder.entry.key.bytes());
                self.group.mover == Some(key)
            };
            return if is_its {
                Ok(())
            } else {
                self.release(&holder)
            };
        }
        self.group.ended = true;
        if is_doubt(&holder) {
            return self.file(&holder, true);
        }
        let foreign = foreign && !may_delete(&holder);
        Ok(self.drafts.delete(&holder.entry, foreign)?)
    }

    /// An absent key lets go of the record: its entry and the doubtful writes that went there.
    fn release(&mut self, holder: &Holder) -> Result<(), PlanError> {
        if holder.on_record {
            let entry = &holder.entry;
            let mark = released(entry.key_hash, entry.key.clone());
            self.drafts.mark(&mark)?;
        }
        self.trace(holder)
    }

    /// Files what a doubtful write of an absent key may have made, beside the entry of the key, so
    /// that it stays in sight whatever becomes of that.
    fn file(&mut self, holder: &Holder, delete: bool) -> Result<(), PlanError> {
        if !is_doubt(holder) || self.scope.is_partial() {
            return Ok(());
        }
        self.drafts.former(&holder.entry, delete)?;
        self.trace(holder)
    }

    fn trace(&mut self, holder: &Holder) -> Result<(), PlanError> {
        let entry = &holder.entry;
        let hash = if is_doubt(holder) {
            Fingerprint::of(self.scope.seed, entry.key.bytes())
        } else {
            entry.key_hash
        };
        for identifier in &holder.doubts {
            let mark = traced(hash, &entry.key, identifier.clone());
            self.drafts.mark(&mark)?;
        }
        Ok(())
    }

    fn left(&mut self, holder: Holder) -> Result<(), PlanError> {
        if self.scope.is_partial() {
            return Ok(());
        }
        if let Some((kind, entry)) = left_mark(holder) {
            self.drafts.mark(&Mark {
                kind,
                key_hash: entry.key_hash,
                key: entry.key.clone(),
                entry: Some(entry),
            })?;
        }
        Ok(())
    }

    /// Remembers the record that a key leaves behind, unless the key collides.
    fn former(&mut self, holder: &Holder, delete: bool) -> Result<(), PlanError> {
        let entry = &holder.entry;
        let mut rest = Vec::new();
        // What is on record stays so until the row's write is accepted.
        let doubts = (!holder.on_record).then_some(holder.doubts.as_slice());
        put_texts(doubts.unwrap_or_default(), &mut rest);
        entry.encode(&mut rest);
        let head = [FORMER, u8::from(delete)];
        self.moves.push(&[&entry.key_hash.0, &head, &rest])?;
        Ok(())
    }

    fn end_group(&mut self) -> Result<(), PlanError> {
        let group = std::mem::take(&mut self.group);
        let Some(identifier) = &group.listed else {
            return Ok(());
        };
        if group.is_claimed() || group.held || self.scope.is_partial() {
            return Ok(());
        }
        let hash = foreign_hash(self.scope.seed, identifier);
        let entry = Entry::bare(hash, Key::from_bytes(identifier), identifier.clone());
        Ok(self.drafts.delete(&entry, true)?)
    }

    fn former_identifiers(self) -> Result<(), PlanError> {
        let moves = self.moves.finish()?;
        let mut reader = moves.read();
        let mut collides: Option<[u8; 16]> = None;
        while reader.advance()? {
            let (hash, rest) = reader.record().split_first_chunk::<16>().ok_or(Damaged)?;
            match rest.split_first().ok_or(Damaged)? {
                (&COLLIDES, _) => collides = Some(*hash),
                _ if collides == Some(*hash) => {}
                (_, rest) => {
                    let (delete, mut rest) = rest.split_first().ok_or(Damaged)?;
                    let doubts = take_texts(&mut rest)?;
                    let entry = Entry::from_bytes(rest)?;
                    for identifier in doubts {
                        let mark = traced(entry.key_hash, &entry.key, identifier);
                        self.drafts.mark(&mark)?;
                    }
                    let former = entry.into_former(self.scope.seed);
                    self.drafts.former(&former, *delete != 0)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether it was made up from a doubtful write beside the main record of an absent key.
fn is_doubt(holder: &Holder) -> bool {
    holder.entry.former && !holder.on_record
}
