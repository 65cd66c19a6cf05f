//! The parts of a workbook, looked over before calamine reads them.
//!
//! calamine trusts sizes: it unpacks whatever is there and makes room for as many texts as the file
//! says it has. Both are checked here first.

use std::io::{Cursor, Read, Seek};

use zip::ZipArchive;

use super::FileProblem;

/// Unpacks every part of the workbook once, keeping nothing, before calamine does: counts what it
/// unpacks to, lets the checksums be verified, and looks for what calamine would choke on.
pub(super) fn check_parts(bytes: &[u8], limit: u64) -> Result<(), FileProblem> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(FileProblem::xlsx)?;
    check_kind(&archive)?;
    // The directory's sizes first: they cost nothing, and only a forged file understates them.
    let declared = archive.decompressed_size().unwrap_or_default();
    if declared > u128::from(limit) {
        return Err(FileProblem::TooLargeUnpacked { limit });
    }
    let mut left = limit;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(FileProblem::xlsx)?;
        let name = part.name().map_err(FileProblem::xlsx)?;
        let is_strings = name.to_ascii_lowercase().ends_with("sharedstrings.xml");
        let mut scan = StringCount::default();
        let mut size = 0_u64;
        let mut chunk = [0_u8; 16 * 1024];
        let mut part = part.take(left.saturating_add(1));
        loop {
            let count = part.read(&mut chunk).map_err(FileProblem::xlsx)?;
            let Some(read) = chunk.get(..count).filter(|read| !read.is_empty()) else { break };
            size += read.len() as u64;
            if is_strings {
                scan.feed(read);
            }
        }
        left = left.checked_sub(size).ok_or(FileProblem::TooLargeUnpacked { limit })?;
        if is_strings && !scan.is_credible(size) {
            return Err(FileProblem::xlsx("its table of texts is damaged"));
        }
    }
    Ok(())
}

/// Other kinds of spreadsheet are ZIP files as well.
fn check_kind<R>(archive: &ZipArchive<R>) -> Result<(), FileProblem>
where
    R: Read + Seek,
{
    let has = |wanted: &str| {
        archive.file_names().any(|name| name.is_ok_and(|name| name.eq_ignore_ascii_case(wanted)))
    };
    let what = if has("[Content_Types].xml") || has("_rels/.rels") {
        if !has("xl/workbook.bin") {
            return Ok(());
        }
        "a binary Excel workbook (.xlsb)"
    } else if has("content.xml") {
        "an OpenDocument spreadsheet (.ods)"
    } else {
        "a ZIP archive"
    };
    Err(FileProblem::OtherFormat { what })
}

/// Looks for `uniqueCount="N"` in the table of texts. calamine makes room for `N` texts before it
/// reads the first, and a request for more memory than there is ends the process: that is not a
/// panic, and cannot be caught.
#[derive(Default)]
struct StringCount {
    /// The last bytes of the chunk before, so that a cut through the middle hides nothing.
    tail: Vec<u8>,
    largest: u64,
    has_nul: bool,
}

impl StringCount {
    const NAME: &[u8] = b"uniqueCount";
    /// The name, `="`, some spaces and more digits than a `u64` has.
    const WINDOW: usize = 64;

    fn feed(&mut self, chunk: &[u8]) {
        self.has_nul |= chunk.contains(&0);
        self.tail.extend_from_slice(chunk);
        for (at, window) in self.tail.windows(Self::NAME.len()).enumerate() {
            if window != Self::NAME {
                continue;
            }
            let after = self.tail.get(at + Self::NAME.len()..).unwrap_or_default();
            let digits = after
                .iter()
                .skip_while(|byte| byte.is_ascii_whitespace() || b"='\"+".contains(byte))
                .take_while(|byte| byte.is_ascii_digit());
            let number = digits.fold(0_u64, |number, digit| {
                number.saturating_mul(10).saturating_add(u64::from(digit - b'0'))
            });
            self.largest = self.largest.max(number);
        }
        let keep_from = self.tail.len().saturating_sub(Self::WINDOW);
        self.tail.drain(..keep_from);
    }

    /// Every text takes some bytes (`<si/>`), so there are never as many texts as bytes. A NUL byte
    /// means UTF-16, in which the name would not have been found; no spreadsheet program writes it.
    fn is_credible(&self, size: u64) -> bool {
        !self.has_nul && self.largest <= size
    }
}
