//! The master key: configured, or for the embedded store made once and kept beside it.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::boot::StartError;
use crate::clock::Entropy;
use crate::config::{Config, StoreKind};
use crate::signing::sealing::{MasterKey, Sealer};

/// The file beside the embedded store that holds a key made by us.
const FILE: &str = "master.key";

/// Where that key is written before it gets its name.
const DRAFT: &str = "master.key.new";

/// What seals with the configured keys.
///
/// # Errors
/// [`StartError::MasterKey`] when a key is missing where one must be given, or does not read; also when the
/// embedded store has data and its key is gone, which a fresh key would not open.
pub fn sealer(config: &Config, entropy: &Entropy, store_is_empty: bool) -> Result<Sealer, StartError> {
    let current = current(config, entropy, store_is_empty)?;
    let mut previous = Vec::new();
    for old in &config.previous_master_keys {
        previous.push((old.epoch, read(old.key.expose())?));
    }
    Ok(Sealer::new(&current, config.master_key_epoch, &previous))
}

fn current(config: &Config, entropy: &Entropy, store_is_empty: bool) -> Result<MasterKey, StartError> {
    let configured = config.master_key.expose();
    if !configured.is_empty() {
        return read(configured);
    }
    match config.store {
        StoreKind::Cluster => Err(StartError::MasterKey(
            "several nodes must share one: set JETON_MASTER_KEY or JETON_MASTER_KEY_FILE (32 bytes, base64)"
                .into(),
        )),
        StoreKind::Embedded => beside(Path::new(&config.embedded.path), entropy, store_is_empty),
    }
}

/// The key kept beside the embedded store; made, readable by its owner only, when there is none.
fn beside(folder: &Path, entropy: &Entropy, store_is_empty: bool) -> Result<MasterKey, StartError> {
    let path = folder.join(FILE);
    let fault = |error: std::io::Error| StartError::MasterKey(format!("{}: {error}", path.display()));
    match fs::read_to_string(&path) {
        Ok(text) => return read(text.trim()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(fault(error)),
    }
    if !store_is_empty {
        let problem = format!("{} is missing, and the data beside it is sealed with it", path.display());
        return Err(StartError::MasterKey(problem));
    }
    let key = MasterKey::generate(entropy).map_err(|error| StartError::MasterKey(error.to_string()))?;
    fs::create_dir_all(folder).map_err(fault)?;
    // Under another name first: a crash must not leave half a key under the right one.
    let draft = folder.join(DRAFT);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(fault)?;
    file.write_all(key.to_base64().as_bytes()).and_then(|()| file.sync_all()).map_err(fault)?;
    fs::rename(&draft, &path).map_err(fault)?;
    // The name too: a store that outlived its key in a crash would be unreadable.
    fs::File::open(folder).and_then(|folder| folder.sync_all()).map_err(fault)?;
    Ok(key)
}

fn read(text: &str) -> Result<MasterKey, StartError> {
    MasterKey::from_base64(text).map_err(|error| StartError::MasterKey(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_reads_it() {
        let folder = tempfile::tempdir().unwrap();
        let made = beside(folder.path(), &Entropy::System, true).unwrap().to_base64();
        let found = beside(folder.path(), &Entropy::System, false).unwrap().to_base64();
        assert_eq!(made.as_str(), found.as_str());
        let permissions = fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(permissions & 0o777, 0o600);
    }

    #[test]
    fn data_without_its_key_is_not_given_another() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(beside(folder.path(), &Entropy::System, false), Err(StartError::MasterKey(_))));
        assert!(!folder.path().join(FILE).exists());
    }

    #[test]
    fn a_cluster_needs_a_shared_key() {
        let config = Config { store: StoreKind::Cluster, ..Config::default() };
        assert!(matches!(sealer(&config, &Entropy::System, true), Err(StartError::MasterKey(_))));
    }
}
