//! Reads files that somebody else wrote: never more than fits, never one that could wait for ever.

use std::borrow::Cow;
use std::fs::{File, Metadata};
use std::io::{Error, ErrorKind, Read};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8};

/// What a file holds, or why it was not read.
#[derive(Debug)]
pub enum Bounded {
    Whole {
        bytes: Vec<u8>,
        /// What the file system says about it.
        metadata: Metadata,
    },
    /// A folder, a pipe, a socket or a device: opening or reading it could take for ever.
    NotAFile,
    /// More bytes than the limit.
    TooLarge,
}

/// Reads a whole regular file of at most `bytes_max` bytes.
///
/// # Errors
/// What the operating system says.
pub fn read(path: &Path, bytes_max: u64) -> Result<Bounded, Error> {
    // Asked before opening: opening a named pipe would wait for its writer.
    if !std::fs::metadata(path)?.is_file() {
        return Ok(Bounded::NotAFile);
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Bounded::NotAFile);
    }
    if metadata.len() > bytes_max {
        return Ok(Bounded::TooLarge);
    }
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that grew since from one that just fits.
    file.take(bytes_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Ok(Bounded::TooLarge);
    }
    Ok(Bounded::Whole { bytes, metadata })
}

/// The text of a file that an editor or a shell wrote: UTF-8, or UTF-16 where a byte-order mark says so, as
/// PowerShell's `>` does. `None`: it is neither.
#[must_use]
pub fn text(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or((UTF_8, 0));
    let body = bytes.get(mark..).unwrap_or_default();
    encoding.decode_without_bom_handling_and_without_replacement(body)
}

/// The error for something that is no regular file, where only an [`Error`] can be told.
#[must_use]
pub fn not_a_file() -> Error {
    Error::new(ErrorKind::InvalidInput, "is not a regular file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_kept_to_the_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, [7; 10]).unwrap();
        for (limit, fits) in [(9, false), (10, true), (u64::MAX, true), (0, false)] {
            let read = read(&path, limit).unwrap();
            assert_eq!(
                matches!(read, Bounded::Whole { bytes, .. } if bytes == [7; 10]),
                fits,
                "{limit}"
            );
        }
        assert!(matches!(read(folder.path(), 10), Ok(Bounded::NotAFile)));
        assert!(read(&folder.path().join("missing"), 10).is_err());
    }

    #[test]
    fn a_mark_decides_and_nothing_is_replaced() {
        for bytes in [
            &b"\xC4\x8D="[..],
            b"\xEF\xBB\xBF\xC4\x8D=",
            b"\xFF\xFE\x0D\x01=\0",
            b"\xFE\xFF\x01\x0D\0=",
        ] {
            assert_eq!(text(bytes).unwrap(), "č=", "{bytes:?}");
        }
        for bytes in [&b"\xE8"[..], b"\xFF\xFE\x0D", b"\xFF\xFE\x00\xD8", b"\xEF\xBB\xBF\xE8"] {
            assert_eq!(text(bytes), None, "{bytes:?}");
        }
        // Without a mark it is not guessed.
        assert_eq!(text(b"a\0").unwrap(), "a\0");
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_pipes_are_not_opened() {
        assert!(matches!(read(Path::new("/dev/zero"), 10), Ok(Bounded::NotAFile)));
        assert!(matches!(read(Path::new("/dev/null"), 10), Ok(Bounded::NotAFile)));
    }
}
