//! A compressed answer that never ends and takes nearly no bytes.

use flate2::{Compress, Compression, FlushCompress};

/// How much one block of [`gzip_bomb`] unpacks to.
const BLOCK_SIZE: usize = 1 << 20;

/// The beginning of a gzip stream that holds `start`, and a block to repeat after it: each repetition
/// unpacks to a mebibyte of spaces.
///
/// # Panics
/// Never: both fit into the room that is made for them.
pub fn gzip_bomb(start: &[u8]) -> (Vec<u8>, Vec<u8>) {
    // Source: RFC 1952 section 2.3. No name, no time, unknown system.
    let mut head = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    head.extend(block(start));
    (head, block(&vec![b' '; BLOCK_SIZE]))
}

/// Deflated so that it ends on a byte and refers to nothing before it: it may stand anywhere.
fn block(bytes: &[u8]) -> Vec<u8> {
    let mut room = Vec::with_capacity(bytes.len() + 1024);
    Compress::new(Compression::best(), false)
        .compress_vec(bytes, &mut room, FlushCompress::Full)
        .expect("room is large enough");
    room
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_block_can_be_repeated() {
        let (head, block) = gzip_bomb(b"<a>");
        assert!(block.len() < 2000, "{}", block.len());
        let stream = [head, block.repeat(3)].concat();
        let mut unpacked = vec![0; 3 + 3 * BLOCK_SIZE];
        flate2::read::GzDecoder::new(&stream[..]).read_exact(&mut unpacked).unwrap();
        assert!(unpacked.starts_with(b"<a> ") && unpacked.ends_with(b" "));
    }
}
