//! What ends by itself, with nothing else to be done: left out when tables are merged, as if it had been removed.
//!
//! Families and spent things are most of what is written. Filing each under its expiry for the `sweep`, and removing
//! both entries again, would cost three writes more than the thing itself. Readers look at the expiry anyway. What is
//! merged last is whatever is written least, so what stays behind for a while is never more than the tables that new
//! writes keep merging.

use std::sync::Arc;

use fjall::compaction::filter::{
    CompactionFilter, CompactionFilterResult, Context, Factory, ItemAccessor, Verdict,
};

use super::disk::Space;
use super::sweep::is_over;
use super::{families, keys, spends};
use crate::clock::{Clock, UnixMs};

/// What the database asks about each entry that it merges, by the name of the space.
type Filters = Arc<dyn Fn(&str) -> Option<Arc<dyn Factory>> + Send + Sync>;

/// Leaves out what has expired by `clock`.
pub(super) fn filters(clock: Clock) -> Filters {
    let live: Arc<dyn Factory> = Arc::new(Decay(clock));
    Arc::new(move |name| (name == Space::Live.name()).then(|| Arc::clone(&live)))
}

struct Decay(Clock);

impl Factory for Decay {
    fn name(&self) -> &'static str {
        "expired"
    }

    fn make_filter(&self, _: &Context) -> Box<dyn CompactionFilter> {
        Box::new(At(self.0.now()))
    }
}

/// One merge, at one instant.
struct At(UnixMs);

impl CompactionFilter for At {
    fn filter_item(&mut self, item: ItemAccessor<'_>, _: &Context) -> CompactionFilterResult {
        let key = item.key();
        let expires_at = match key.first() {
            Some(&keys::FAMILY) => families::expiry(&item.value()?),
            Some(&keys::SPEND) => spends::expiry(&item.value()?),
            _ => return Ok(Verdict::Keep),
        };
        match expires_at {
            // Not `Destroy`: an older version of the key may lie deeper, and must not come back.
            Ok(at) if is_over(at, self.0) => Ok(Verdict::Remove),
            Ok(_) => Ok(Verdict::Keep),
            Err(cause) => {
                tracing::error!(%cause, "something that may have expired is unreadable; it stays");
                Ok(Verdict::Keep)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use super::super::batch::{Batch, decoded};
    use super::super::disk::Disk;
    use super::super::recent::Recent;
    use super::*;
    use crate::config;
    use crate::model::family::NewFamily;
    use crate::protocol::ids::{FamilyKey, SessionId, TenantId};
    use crate::store::spends::{Purpose, Thing};

    const SESSION: SessionId = SessionId([7; 12]);

    fn stored(disk: &Disk) -> usize {
        disk.between(Space::Live, Bound::Included(&[]), &[u8::MAX], usize::MAX).unwrap().len()
    }

    fn commit(disk: &Disk, now: u64, verb: impl FnOnce(&mut Batch<'_>)) {
        let mut recent = Recent::new(16);
        let mut batch = Batch::new(disk, &mut recent, UnixMs(now));
        verb(&mut batch);
        batch.commit().unwrap();
    }

    fn family(number: u8, expires_at: Option<u64>) -> NewFamily {
        NewFamily {
            key: FamilyKey([number; 10]),
            idle_expires_at: None,
            expires_at: expires_at.map(UnixMs),
            session_until: expires_at.map(UnixMs),
            survives_logout: false,
            most: 200,
        }
    }

    #[test]
    fn a_merge_leaves_out_what_has_expired_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let section = config::embedded::Embedded { path: directory.path().to_owned(), ..Default::default() };
        let clock = Clock::fixed(UnixMs(1_000));
        let disk = Disk::open(&section, &clock).unwrap();
        let tenant = TenantId::from("t");
        let spent = |name: &'static [u8], expires_at| Thing {
            tenant: &tenant,
            purpose: Purpose::Code,
            name,
            session: None,
            expires_at: UnixMs(expires_at),
        };
        commit(&disk, 1_000, |batch| {
            for (number, expires_at) in [(1, Some(2_000)), (2, Some(3_000)), (3, None)] {
                families::put_first(batch, SESSION, family(number, expires_at), UnixMs(1_000)).unwrap();
            }
            for (name, expires_at) in [(b"a".as_slice(), 2_000), (b"b", 3_000)] {
                let (key, stored) = spends::named(&spent(name, expires_at), b"note");
                batch.write(Space::Live, key, &stored).unwrap();
            }
            batch.put(Space::Live, b"s of something else", b"").unwrap();
        });
        disk.merge(Space::Live).unwrap();
        assert_eq!(stored(&disk), 6);

        // The second family is renewed for less long than before: its older version expires later.
        commit(&disk, 1_500, |batch| {
            families::put_first(batch, SESSION, family(2, Some(1_900)), UnixMs(1_500)).unwrap();
        });
        clock.advance_ms(1_000);
        disk.merge(Space::Live).unwrap();
        assert_eq!(
            stored(&disk),
            3,
            "the family that never expires, the second thing, and what is not asked about"
        );
        assert!(disk.get(Space::Live, &keys::family(SESSION, FamilyKey([2; 10]))).unwrap().is_none());
        let kept = disk.get(Space::Live, &keys::spend(&spent(b"b", 3_000))).unwrap().unwrap();
        assert_eq!(decoded::<spends::Stored>(&kept).unwrap().expires_at, UnixMs(3_000));
    }
}
