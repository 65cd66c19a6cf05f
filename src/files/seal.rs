//! Files that are sealed in the format of age (age-encryption.org/v1): whoever has the secret key can read them, and
//! nobody can change a bit of them unseen. Keys are those of X25519 and no others.
//!
//! Pure, but for reading what is given.

use std::cell::Cell;
use std::fmt;
use std::io::{self, ErrorKind, Read, Write as _};
use std::rc::Rc;
use std::str::FromStr;

use age::{DecryptError, Decryptor, Encryptor, x25519};

/// The name of a sealed file ends so.
pub const ENDING: &str = ".age";

/// A header with hundreds of keys is shorter; one without an end must not fill the memory.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// The public key of somebody who may read what is sealed: `age1…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealKey(x25519::Recipient);

/// A text is no key of the kind that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoKey;

impl FromStr for SealKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        text.parse().map(Self).map_err(|_| NoKey)
    }
}

impl fmt::Display for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The secret key that opens what was sealed for it: `AGE-SECRET-KEY-1…`. `Debug` shows `***`.
#[derive(Clone)]
pub struct OpenKey(x25519::Identity);

impl FromStr for OpenKey {
    type Err = NoKey;

    fn from_str(text: &str) -> Result<Self, NoKey> {
        text.parse().map(Self).map_err(|_| NoKey)
    }
}

impl fmt::Debug for OpenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Why a sealed file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("is sealed for another key")]
    OtherKey,
    #[error("is no whole sealed file, or was changed on its way")]
    Broken,
    #[error("cannot be read: {0}")]
    Unread(io::Error),
}

/// What reading ends with where a file that was opened turns out to be cut off, or changed on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        OpenError::Broken.fmt(f)
    }
}

impl std::error::Error for Broken {}

/// Whether a file of this name is a sealed one.
#[must_use]
pub fn is_sealed(name: &str) -> bool {
    name.ends_with(ENDING)
}

/// Seals something for all of these keys. It comes to other bytes each time.
///
/// # Errors
/// Where there are no keys.
pub fn seal(keys: &[SealKey], bytes: &[u8]) -> io::Result<Vec<u8>> {
    let keys = keys.iter().map(|key| &key.0 as &dyn age::Recipient);
    let sealing = Encryptor::with_recipients(keys)
        .map_err(|_| io::Error::new(ErrorKind::InvalidInput, "there is nobody to seal it for"))?;
    let mut writer = sealing.wrap_output(Vec::new())?;
    writer.write_all(bytes)?;
    writer.finish()
}

/// Opens a sealed file. What comes out is only as it was sealed once all of it was read without an error.
///
/// # Errors
/// [`OpenError`]; reading ends with [`Broken`] where the file is cut off or was changed further on.
pub fn open<R: Read>(key: &OpenKey, input: R) -> Result<impl Read + use<R>, OpenError> {
    let left = Rc::new(Cell::new(HEADER_BYTES_MAX));
    let bounded = Bounded { input, left: Rc::clone(&left) };
    let sealed = Decryptor::new(bounded).map_err(of)?;
    left.set(usize::MAX);
    let opened = sealed.decrypt(std::iter::once(&key.0 as &dyn age::Identity)).map_err(of)?;
    Ok(Opened(opened))
}

fn of(error: DecryptError) -> OpenError {
    match error {
        DecryptError::NoMatchingKeys => OpenError::OtherKey,
        DecryptError::Io(error) if !is_about_content(&error) => OpenError::Unread(error),
        _ => OpenError::Broken,
    }
}

/// Whether it is what stands in the file that is wrong, and not the way to it.
fn is_about_content(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof)
}

/// Ends after so many bytes.
struct Bounded<R> {
    input: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.left.get());
        let count = self.input.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left.set(self.left.get().saturating_sub(count));
        Ok(count)
    }
}

struct Opened<R>(R);

impl<R: Read> Read for Opened<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer).map_err(|error| match is_about_content(&error) {
            true => io::Error::new(ErrorKind::InvalidData, Broken),
            false => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::text::hex::hex;

    /// The file `x25519` of the age test kit, c2sp.org/CCTV/age (as `age` 0.11.5 ships it in `tests/testdata/testkit`):
    /// its identity, the SHA-256 of what is sealed, and the sealed file.
    const VECTOR_KEY: &str =
        "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0";
    const VECTOR_SHA256: &str = "013f54400c82da08037759ada907a8b864e97de81c088a182062c4b5622fd2ab";
    const VECTOR: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSBURWlGMHlwcXIrYnB2Y3FYTnlDVkpwTDdPdXdQZFZ3UEw3S1\
         FFYkZET0NjCmhqYWJHWHdTTFE5YzNTNkx3MmkrUzJUdTJmaXdRSEhzbGJCTjZCNDFGTEUKLS0tIFd5SnA5Ri85Rk9a\
         aDdnSmRoZXEyV0lKY3dIZ1ljOE5JVmgzZGR3aHJjTmcK7s9ix86RtDMnTmjU8vkTTLdMW/73vqpSyPC8DpksHoMx+2\
         Y=";

    fn key() -> OpenKey {
        VECTOR_KEY.parse().unwrap()
    }

    fn public() -> SealKey {
        SealKey(key().0.to_public())
    }

    /// What comes out of a sealed file, if all of it does.
    fn opened(key: &OpenKey, sealed: &[u8]) -> Result<Vec<u8>, OpenError> {
        let mut bytes = Vec::new();
        match open(key, sealed)?.read_to_end(&mut bytes) {
            Ok(_) => Ok(bytes),
            Err(error) if error.get_ref().is_some_and(|inner| inner.is::<Broken>()) => {
                Err(OpenError::Broken)
            }
            Err(error) => Err(OpenError::Unread(error)),
        }
    }

    #[test]
    fn a_file_that_others_have_sealed_is_opened() {
        let content = opened(&key(), &STANDARD.decode(VECTOR).unwrap()).unwrap();
        assert_eq!(hex(&Sha256::digest(content)), VECTOR_SHA256);
    }

    #[test]
    fn what_is_sealed_comes_out_again_for_each_key_and_for_no_other() {
        let other = OpenKey(x25519::Identity::generate());
        let both = [public(), SealKey(other.0.to_public())];
        // Pieces are of 64 KiB each.
        for length in [0, 1, 65_535, 65_536, 65_537, 200_000] {
            let content: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let sealed = seal(&both, &content).unwrap();
            assert_eq!(opened(&key(), &sealed).unwrap(), content);
            assert_eq!(opened(&other, &sealed).unwrap(), content);
            let alone = seal(&both[..1], &content).unwrap();
            assert!(matches!(opened(&other, &alone), Err(OpenError::OtherKey)));
        }
        assert_ne!(seal(&both, b"a").unwrap(), seal(&both, b"a").unwrap());
        assert!(seal(&[], b"a").is_err());
    }

    #[test]
    fn no_bit_is_changed_unseen() {
        let sealed = seal(&[public()], b"ABC123").unwrap();
        for place in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[place / 8] ^= 1 << (place % 8);
            assert!(opened(&key(), &changed).is_err(), "bit {place}");
        }
    }

    #[test]
    fn no_byte_is_missing_unseen_and_none_too_many() {
        let content = vec![7; 65_536 + 100];
        let long = seal(&[public()], &content).unwrap();
        let short = seal(&[public()], b"ABC123").unwrap();
        let cuts = (0..short.len()).map(|length| short[..length].to_vec());
        // Also just between two pieces.
        let header = long.len() - content.len() - 2 * 16;
        let more = [header, header + 65_536, header + 65_552, header + 65_553, long.len() - 1];
        let more = more.into_iter().map(|length| long[..length].to_vec());
        let added = [[short.as_slice(), b"\n"].concat(), [long.as_slice(), &short].concat()];
        for sealed in cuts.chain(more).chain(added) {
            assert!(opened(&key(), &sealed).is_err(), "{} bytes", sealed.len());
        }
    }

    #[test]
    fn a_header_without_an_end_is_not_read_for_ever() {
        let begin = b"age-encryption.org/v1\n-> X25519 ";
        let endless = begin.chain(io::repeat(b'A'));
        assert!(matches!(open(&key(), endless).map(drop), Err(OpenError::Broken)));
    }

    #[test]
    fn keys_are_those_of_x25519() {
        let text = public().to_string();
        assert_eq!(text.parse(), Ok(public()));
        for wrong in ["", "age1", VECTOR_KEY, &text[1..], &text.replace("age1", "age1x")] {
            assert_eq!(wrong.parse::<SealKey>(), Err(NoKey), "{wrong}");
        }
        assert!(text.parse::<OpenKey>().is_err() && "AGE-SECRET-KEY-1".parse::<OpenKey>().is_err());
        assert_eq!(format!("{:?}", key()), "***");
    }
}
