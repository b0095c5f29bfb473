//! The journal that the database writes just now, found by its name.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

/// The newest journal; the database forced those before it to disk when it left them.
pub(super) struct Newest {
    folder: PathBuf,
    open: Option<(u64, File)>,
}

impl Newest {
    /// Of the database in `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), open: None }
    }

    /// Its number and its file, to be written; none before there is one.
    ///
    /// # Errors
    /// As of looking for it and opening it.
    pub(super) fn file(&mut self) -> io::Result<Option<(u64, &File)>> {
        let Some((id, path)) = highest(&self.folder)? else { return Ok(None) };
        let journal = match self.open.take().filter(|(open, _)| *open == id) {
            Some(journal) => journal,
            None => (id, OpenOptions::new().write(true).open(path)?),
        };
        Ok(self.open.insert(journal)).map(|(id, file)| Some((*id, &*file)))
    }

    /// Forces out what is written of it: by its file, because the database lets nobody write while it does.
    ///
    /// # Errors
    /// As `fdatasync`, and when there is no journal.
    pub(super) fn force(&mut self) -> io::Result<()> {
        let (_, file) = self.file()?.ok_or(io::ErrorKind::NotFound)?;
        file.sync_data()
    }
}

/// The journal with the highest number; older ones are not written any more.
fn highest(folder: &Path) -> io::Result<Option<(u64, PathBuf)>> {
    let mut highest = None;
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let number =
            path.file_name().and_then(|name| name.to_str()?.strip_suffix(".jnl")?.parse::<u64>().ok());
        highest = highest.max(number.map(|number| (number, path)));
    }
    Ok(highest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, UnixMs};
    use crate::config::embedded::Embedded as Section;
    use crate::store::embedded::batch::Batch;
    use crate::store::embedded::disk::{Disk, Space};
    use crate::store::embedded::recent::Recent;

    #[test]
    fn a_journal_that_is_not_there_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut newest = Newest::new(folder.path());
        assert_eq!(newest.force().unwrap_err().kind(), io::ErrorKind::NotFound);
        std::fs::write(folder.path().join("7.jnl"), b"").unwrap();
        newest.force().unwrap();
        assert!(matches!(newest.open, Some((7, _))));
        std::fs::write(folder.path().join("12.jnl"), b"").unwrap();
        newest.force().unwrap();
        assert!(matches!(newest.open, Some((12, _))), "the one that is written now");
    }

    /// The database keeps its journals where this looks for them.
    #[test]
    fn what_is_committed_is_in_the_newest_journal() {
        let folder = tempfile::tempdir().unwrap();
        let section = Section { path: folder.path().to_owned(), ..Section::default() };
        let disk = Disk::open(&section, &Clock::fixed(UnixMs(1))).unwrap();
        let mut recent = Recent::new(1);
        let mut batch = Batch::new(&disk, &mut recent, UnixMs(1));
        batch.put(Space::Kept, *b"key", *b"a value to be found").unwrap();
        batch.commit().unwrap();
        let (_, path) = highest(folder.path()).unwrap().unwrap();
        let journal = std::fs::read(path).unwrap();
        assert!(journal.windows(19).any(|bytes| bytes == b"a value to be found"));
    }
}
