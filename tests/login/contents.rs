//! Everything that a store holds, to be compared: a file or a key, and a digest of what is in it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::process::Command;

/// Names and digests.
pub(crate) type Contents = BTreeMap<String, String>;

/// Every file below `folder`.
pub(crate) fn files(folder: &Path) -> Contents {
    let mut found = Contents::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                let mut digest = DefaultHasher::new();
                bytes.hash(&mut digest);
                found.insert(path.display().to_string(), format!("{} {:x}", bytes.len(), digest.finish()));
            }
        }
    }
    found
}

/// Every key that begins with `prefix` on the primaries of a cluster.
pub(crate) fn keys(nodes: &str, prefix: &str) -> Contents {
    const LOOK: &str = "local cursor, found = '0', {}
        repeat
          local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1] .. '*', 'COUNT', 10000)
          cursor = page[1]
          for _, key in ipairs(page[2]) do
            table.insert(found, redis.sha1hex(key) .. ' ' .. redis.sha1hex(redis.call('DUMP', key)))
          end
        until cursor == '0'
        return found";
    let mut found = Contents::new();
    for port in nodes.split(',').map(|node| node.rsplit_once(':').unwrap().1) {
        let ask = |words: &[&str]| {
            let output = Command::new("redis-cli").args(["-p", port]).args(words).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        if !ask(&["role"]).starts_with("master") {
            continue;
        }
        let lines = ask(&["eval", LOOK, "0", prefix]);
        found.extend(
            lines
                .lines()
                .filter_map(|line| line.split_once(' '))
                .map(|(name, digest)| (name.to_owned(), digest.to_owned())),
        );
    }
    found
}
