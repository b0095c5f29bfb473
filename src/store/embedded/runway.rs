//! Room laid out ahead of the journal's end.
//!
//! The database makes its journal as one long hole. A commit into a hole changes the file's map of blocks, and
//! `fdatasync` has to write that as well; a commit that overwrites zeros writes itself alone, in half the time. A hole
//! reads as zeros: to the database, nothing changes.
//!
//! The writer calls this between two commits: nobody else writes to the journal, and it has nothing in its buffer.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use super::journal::Newest;

/// So many bytes are laid at once: they go to disk when the journal is forced out next, which takes a millisecond longer.
const STRETCH: u64 = 512 << 10;

/// With fewer bytes ahead, more are laid.
const NEAR: u64 = 64 << 10;

/// What lies ahead of the journal's end.
pub(super) struct Runway {
    newest: Newest,
    /// The journal that was looked at last, and up to where it is written or laid.
    solid: (u64, u64),
    /// Bytes that commits may still use before more are laid, by estimate: a commit beyond them only takes longer.
    ahead: u64,
}

impl Runway {
    /// Ahead of the journal of the database in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { newest: Newest::new(folder), solid: (0, 0), ahead: 0 }
    }

    /// After a commit of about so many bytes: lays more if the end is near.
    pub(super) fn advance(&mut self, bytes: u64) {
        self.ahead = self.ahead.saturating_sub(bytes);
        if self.ahead >= NEAR {
            return;
        }
        // Without room commits are slower, and nothing else; so a failure is not tried again at once either.
        self.ahead = STRETCH;
        if let Err(error) = self.lay() {
            tracing::debug!(%error, "no room was laid out ahead of the journal");
        }
    }

    /// Fills the first part of what is still a hole. The file never becomes longer: a journal that grows by its writes has
    /// its end where its file ends.
    fn lay(&mut self) -> io::Result<()> {
        let Some((id, file)) = self.newest.file()? else { return Ok(()) };
        let before = if self.solid.0 == id { self.solid.1 } else { 0 };
        let start = hole(file, before)?;
        let end = file.metadata()?.len().min(start.saturating_add(STRETCH));
        if start < end {
            let zeros = vec![0; usize::try_from(end - start).unwrap_or(0)];
            file.write_all_at(&zeros, start)?;
        }
        self.solid = (id, start.max(end));
        Ok(())
    }
}

/// Where the first hole after `from` starts; the end of the file when there is none, or when the system cannot tell.
fn hole(file: &File, from: u64) -> io::Result<u64> {
    #[cfg(target_os = "linux")]
    return Ok(rustix::fs::seek(file, rustix::fs::SeekFrom::Hole(from))?);
    #[cfg(not(target_os = "linux"))]
    file.metadata().map(|data| data.len().max(from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::clock::UnixMs;
    use crate::config::embedded::Embedded as Section;
    use crate::store::embedded::batch::Batch;
    use crate::store::embedded::disk::{Disk, Space};
    use crate::store::embedded::recent::Recent;

    fn open(folder: &Path) -> Disk {
        let section = Section { path: folder.to_owned(), ..Section::default() };
        Disk::open(&section, &Clock::fixed(UnixMs(1))).unwrap()
    }

    fn commit(disk: &Disk, key: u32, value: &[u8]) -> u64 {
        let mut recent = Recent::new(1);
        let mut batch = Batch::new(disk, &mut recent, UnixMs(1));
        batch.put(Space::Kept, key.to_be_bytes(), value).unwrap();
        batch.commit().unwrap()
    }

    fn solid(folder: &Path) -> u64 {
        hole(Newest::new(folder).file().unwrap().unwrap().1, 0).unwrap()
    }

    #[test]
    #[cfg_attr(not(target_os = "linux"), expect(unused, reason = "only Linux tells where holes are"))]
    fn room_is_laid_where_a_hole_was_and_only_near_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let disk = open(folder.path());
        let before = solid(folder.path());
        let mut runway = Runway::new(folder.path());
        runway.advance(0);
        let laid = solid(folder.path());
        assert!(laid >= before + STRETCH, "{before} {laid}");
        runway.advance(STRETCH - NEAR);
        assert_eq!(solid(folder.path()), laid, "there is enough ahead");
        runway.advance(1);
        assert_eq!(solid(folder.path()), laid + STRETCH);
        drop(disk);
    }

    #[test]
    fn what_was_committed_is_read_again_after_a_restart_whatever_was_laid() {
        let folder = tempfile::tempdir().unwrap();
        let value = [7; 3_000];
        for round in 0..3 {
            let disk = open(folder.path());
            let mut runway = Runway::new(folder.path());
            for key in 0..400 {
                let bytes = commit(&disk, round * 400 + key, &value);
                assert!((3_000..4_000).contains(&bytes));
                runway.advance(bytes);
            }
            for key in 0..(round + 1) * 400 {
                let read = disk.get(Space::Kept, &key.to_be_bytes()).unwrap();
                assert_eq!(read.as_deref(), Some(&value[..]), "{key} in round {round}");
            }
        }
    }

    #[test]
    fn a_journal_without_holes_stays_as_long_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("3.jnl");
        std::fs::write(&path, b"all of it").unwrap();
        Runway::new(folder.path()).advance(0);
        assert_eq!(std::fs::read(&path).unwrap(), b"all of it");
        Runway::new(&folder.path().join("absent")).advance(0);
    }
}
