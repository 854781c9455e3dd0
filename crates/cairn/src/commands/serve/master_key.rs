//! The master key: what seals the secrets in small state. Made at the first start, for the owner's
//! eyes only; without it, keys of KMS and keys that sign digests are lost.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use cairn_gateway::Entropy;
use cairn_store::durable::NewFile;
use cairn_store::seal::{MASTER_KEY_BYTES, MasterKey};
use cairn_store::{Key, MetaStore};

/// What is sealed and opened again to know the key.
const TOKEN: &[u8] = b"this is the master key of this directory";
/// Where the sealed token is.
const TOKEN_KEY: &str = "master-key/token";

/// Reads the key, or makes it if the directory has never had one.
pub(super) async fn find_or_make(
    path: &Path,
    meta: &dyn MetaStore,
    entropy: &Entropy,
) -> anyhow::Result<MasterKey> {
    let name = Key::parse(TOKEN_KEY)?;
    let token = meta.get(&name).await?;
    let shown = path.display();
    let master = match std::fs::read_to_string(path) {
        Ok(text) => {
            let mode = std::fs::metadata(path)?.permissions().mode();
            let of_others = mode & 0o077;
            ensure!(of_others == 0, "{shown} can be read by others: chmod 600 it");
            MasterKey::new(from_hex(text.trim()).with_context(|| {
                format!("{shown} does not hold {MASTER_KEY_BYTES} bytes in hexadecimal")
            })?)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && token.is_none() => {
            make(path, entropy)?
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
            "{shown} is gone, and with it what opens the keys in this directory: restore it from a \
             backup"
        ),
        Err(error) => return Err(error).with_context(|| format!("cannot read {shown}")),
    };
    if let Some(sealed) = token {
        let opened = master.open(TOKEN_KEY.as_bytes(), &sealed.value);
        ensure!(
            opened.is_ok_and(|opened| opened == TOKEN),
            "{shown} is not the master key of this directory: restore the right one"
        );
    } else {
        let sealed = master.seal(TOKEN_KEY.as_bytes(), TOKEN)?;
        meta.swap(&name, None, sealed.into()).await?;
    }
    Ok(master)
}

fn make(path: &Path, entropy: &Entropy) -> anyhow::Result<MasterKey> {
    let mut bytes = [0; MASTER_KEY_BYTES];
    entropy(&mut bytes);
    let named = || format!("cannot write {}", path.display());
    let mut file = NewFile::create_private(path).with_context(named)?;
    let mut text = String::with_capacity(2 * MASTER_KEY_BYTES);
    for byte in bytes {
        // A string takes everything.
        let _ = write!(text, "{byte:02x}");
    }
    writeln!(file, "{text}").with_context(named)?;
    file.publish().with_context(named)?;
    Ok(MasterKey::new(bytes))
}

fn from_hex(text: &str) -> Option<[u8; MASTER_KEY_BYTES]> {
    let mut bytes = [0; MASTER_KEY_BYTES];
    if text.len() != 2 * MASTER_KEY_BYTES || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cairn_store::SqliteMeta;

    use super::*;

    #[tokio::test]
    async fn the_key_is_made_once_and_missed_when_it_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        let meta = SqliteMeta::open(&folder.path().join("meta.sqlite")).unwrap();
        let entropy: Entropy = Arc::new(|bytes| bytes.fill(5));
        find_or_make(&path, &meta, &entropy).await.unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let again: Entropy = Arc::new(|_| panic!("no second key"));
        find_or_make(&path, &meta, &again).await.unwrap();

        let text = std::fs::read_to_string(&path).unwrap();
        let fails = |wanted: &'static str| {
            let (path, meta, again) = (&path, &meta, &again);
            async move {
                let error = find_or_make(path, meta, again).await.map(drop).unwrap_err();
                assert!(format!("{error:#}").contains(wanted), "{error:#}");
            }
        };
        std::fs::write(&path, text.replace('5', "6")).unwrap();
        fails("is not the master key of this directory").await;
        std::fs::write(&path, "05").unwrap();
        fails("does not hold 32 bytes").await;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        fails("chmod 600").await;
        std::fs::remove_file(&path).unwrap();
        fails("is gone").await;
    }
}
