//! Whole files that appear at once and stay.
//!
//! Only this crate syncs. Other crates that keep files of their own (history's Parquet files, the
//! credentials file) write them through here, so that one order of steps holds everywhere: write
//! beside the target, sync the file, rename, sync the directory. Each crash point leaves the old
//! file, or none, or the new one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An error of another library, kept whole for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The ending of a file that is not finished. Whoever finds one after a crash may remove it.
pub const UNFINISHED_SUFFIX: &str = ".unfinished";

/// A file that takes its name only when it is complete and durable.
///
/// Dropped without [`NewFile::publish`], it leaves nothing.
#[derive(Debug)]
pub struct NewFile {
    file: File,
    beside: PathBuf,
    target: PathBuf,
    published: bool,
}

impl NewFile {
    /// Begins a file that will be called `target`. An unfinished one of the same target is lost.
    pub fn create(target: &Path) -> io::Result<Self> {
        Self::create_with(target, OpenOptions::new().read(true).write(true))
    }

    /// As [`NewFile::create`], readable by its owner only.
    pub fn create_private(target: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        // The mode holds for new files only.
        remove_if_there(&beside(target))?;
        Self::create_with(target, &options)
    }

    fn create_with(target: &Path, options: &OpenOptions) -> io::Result<Self> {
        let beside = beside(target);
        let file = options.clone().create(true).truncate(true).open(&beside)?;
        Ok(Self { file, beside, target: target.to_owned(), published: false })
    }

    /// Makes the content durable, then gives it its name, replacing what had it, then makes the
    /// name durable. After an error the target is the old file or the new one, whole.
    pub fn publish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.beside, &self.target)?;
        self.published = true;
        sync_directory(parent(&self.target))
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.published {
            // The name says what it is; a later create or sweep removes it if this does not.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Takes a file or a directory away from everybody but its owner. What is not there is no error.
#[cfg(unix)]
pub fn make_private(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = match fs::metadata(path) {
        Ok(found) => found.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    let of_others = mode & 0o077;
    if of_others == 0 {
        return Ok(());
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode & 0o700))
}

/// Removes a file and makes its absence durable. No file is no error.
pub fn remove_file(path: &Path) -> io::Result<()> {
    if remove_if_there(path)? {
        sync_directory(parent(path))?;
    }
    Ok(())
}

/// Makes a directory and those above it, durably.
///
/// One that is there is made durable, too: whoever made it may have been killed before it was, or
/// be about to. That costs a sync, so what is often asked for should be remembered.
pub fn create_directory(path: &Path) -> io::Result<()> {
    create_directory_with(path, &mut sync_directory)
}

fn create_directory_with(
    path: &Path,
    sync: &mut dyn FnMut(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let above = parent(path);
    if path.is_dir() {
        // Those further above were durable before this one was made.
        return match sync(above) {
            // Somebody else's directory (`/mnt` above a volume), which is theirs to keep.
            Err(error) if may_not_be_synced(&error) => Ok(()),
            other => other,
        };
    }
    create_directory_with(above, sync)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => sync(above),
        Err(error) => Err(error),
        Ok(()) => sync(above),
    }
}

/// Whether a directory cannot be synced by us, or by nobody, rather than that this failed.
fn may_not_be_synced(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, PermissionDenied, ReadOnlyFilesystem, Unsupported};
    matches!(error.kind(), PermissionDenied | InvalidInput | ReadOnlyFilesystem | Unsupported)
}

/// Makes the names in a directory durable, as they are now.
pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn remove_if_there(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn beside(target: &Path) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(UNFINISHED_SUFFIX);
    PathBuf::from(name)
}

/// The directory of a path; a bare name is in the current one.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) => Path::new("."),
        None => path,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{ErrorKind, Write};
    use std::path::Path;

    use super::{NewFile, create_directory, create_directory_with, make_private, remove_file};

    #[test]
    fn a_file_has_its_name_only_when_it_is_complete() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("slice.parquet");
        let mut file = NewFile::create(&target).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);

        let mut file = NewFile::create(&target).unwrap();
        file.write_all(b"whole").unwrap();
        assert!(!target.exists());
        file.publish().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"whole");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);

        remove_file(&target).unwrap();
        remove_file(&target).unwrap();
        assert!(!target.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_private_from_its_first_byte() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("credentials");
        fs::write(directory.path().join("credentials.unfinished"), b"left by a crash").unwrap();
        let file = NewFile::create_private(&target).unwrap();
        let mode = file.file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn what_others_could_read_is_taken_from_them() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let mode =
            |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = directory.path().join("file");
        make_private(&file).unwrap();
        fs::write(&file, b"x").unwrap();
        for (path, before, after) in
            [(&*file, 0o644, 0o600), (&*file, 0o400, 0o400), (directory.path(), 0o755, 0o700)]
        {
            fs::set_permissions(path, fs::Permissions::from_mode(before)).unwrap();
            make_private(path).unwrap();
            assert_eq!(mode(path), after);
        }
    }

    #[test]
    fn directories_are_made_with_those_above() {
        let directory = tempfile::tempdir().unwrap();
        let deep = directory.path().join("a/b/c");
        create_directory(&deep).unwrap();
        create_directory(&deep).unwrap();
        assert!(deep.is_dir());
    }

    #[test]
    fn a_directory_that_is_there_is_made_durable() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        let mut synced = Vec::new();
        let mut sync = |path: &Path| {
            synced.push(path.to_owned());
            Ok(())
        };
        // As after a kill between the making of `a` and the sync of its name.
        fs::create_dir(root.join("a")).unwrap();
        create_directory_with(&root.join("a/b"), &mut sync).unwrap();
        create_directory_with(&root.join("a/b"), &mut sync).unwrap();
        assert_eq!(synced, [root.to_owned(), root.join("a"), root.join("a")]);
        for (kind, fails) in [(ErrorKind::PermissionDenied, false), (ErrorKind::Other, true)] {
            let outcome = create_directory_with(&root.join("a"), &mut |_| Err(kind.into()));
            assert_eq!(outcome.is_err(), fails, "{kind}");
        }
    }
}
