//! Large buffers written piece by piece.

use std::io::{self, Write};

/// Bytes written at once. The system keeps what comes in larger pieces in larger stretches of memory, which it has to find:
/// an index of 360 MB written in one call took half a second more to build (`leitmotif cases index`).
const PIECE: usize = 1 << 17;

/// As [`Write::write_all`], with many calls instead of one.
pub(crate) fn write_pieces(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    bytes.chunks(PIECE).try_for_each(|piece| out.write_all(piece))
}
