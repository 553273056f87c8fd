//! gzip and Zstandard, recognised by their first bytes, with bounds on what they may unpack to.
//!
//! Bounds on the ratio and on the size, because either alone misses half: ten terabytes of plausible JSON have a modest
//! ratio, and a small file of zeros fills memory long before a bound on the size that real dumps can live with.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::problem::InputProblem;

/// How much a compressed input may unpack to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest record, in bytes.
    pub record: usize,
    /// Most bytes unpacked per byte read, counted after the first 64 MiB.
    pub ratio: u64,
    /// Most bytes unpacked from one input.
    pub unpacked: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { record: 32 << 20, ratio: 250, unpacked: 1 << 40 }
    }
}

/// Bytes that any input may unpack to, whatever the ratio.
const FREE: u64 = 64 << 20;

/// Counts what is read.
pub(crate) struct Counted<R> {
    pub(crate) inner: R,
    pub(crate) count: Arc<AtomicU64>,
    /// What other inputs share.
    pub(crate) total: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        self.total.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Fails once too much is unpacked.
struct Bounded<R> {
    inner: R,
    packed: Arc<AtomicU64>,
    unpacked: u64,
    limits: Limits,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.unpacked += count as u64;
        let packed = self.packed.load(Ordering::Relaxed).max(1);
        if self.unpacked > FREE && self.unpacked / packed > self.limits.ratio {
            return Err(io::Error::other(InputProblem::Bomb { ratio: self.limits.ratio }));
        }
        if self.unpacked > self.limits.unpacked {
            return Err(io::Error::other(InputProblem::Unpacked { limit: self.limits.unpacked }));
        }
        Ok(count)
    }
}

/// The bytes of `reader`, unpacked if they are packed.
pub(crate) fn unpack(
    reader: Box<dyn Read + Send>,
    limits: Limits,
    total: &Arc<AtomicU64>,
) -> io::Result<Box<dyn Read + Send>> {
    let packed = Arc::new(AtomicU64::new(0));
    let mut reader = Counted { inner: reader, count: Arc::clone(&packed), total: Arc::clone(total) };
    let mut head = [0; 4];
    let mut known = 0;
    while known < head.len() {
        match reader.read(&mut head[known..]) {
            Ok(0) => break,
            Ok(count) => known += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
        // A live input may have given a byte and no more yet; nothing packed begins so.
        if !may_be_packed(&head[..known]) {
            break;
        }
    }
    let whole = Cursor::new(head).take(known as u64).chain(reader);
    let bounded = |inner: Box<dyn Read + Send>| Bounded { inner, packed, unpacked: 0, limits };
    Ok(match &head[..known] {
        [0x1f, 0x8b, ..] => Box::new(bounded(Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(whole))))),
        [0x28, 0xb5, 0x2f, 0xfd] | [0x50..=0x5f, 0x2a, 0x4d, 0x18] => {
            Box::new(bounded(Box::new(zstd::stream::read::Decoder::new(whole)?)))
        }
        _ => Box::new(whole),
    })
}

/// Whether bytes are, or may become, the first four of something packed. Zstandard may begin with a frame to be passed
/// over (RFC 8878, section 3.1.2).
fn may_be_packed(head: &[u8]) -> bool {
    let skippable = match head {
        [0x50..=0x5f, rest @ ..] => b"\x2a\x4d\x18".starts_with(rest),
        _ => head.is_empty(),
    };
    skippable || b"\x1f\x8b".starts_with(&head[..head.len().min(2)]) || b"\x28\xb5\x2f\xfd".starts_with(head)
}

/// What stopped a reading.
pub(crate) fn problem(error: io::Error) -> InputProblem {
    error.downcast::<InputProblem>().unwrap_or_else(InputProblem::Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: Vec<u8>, limits: Limits) -> Result<Vec<u8>, InputProblem> {
        let mut out = Vec::new();
        let mut reader = unpack(Box::new(Cursor::new(bytes)), limits, &Arc::default()).map_err(problem)?;
        reader.read_to_end(&mut out).map_err(problem)?;
        Ok(out)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn packed_and_plain_are_told_apart() {
        let limits = Limits::default();
        for text in [&b""[..], b"a", b"\x1f", b"\x28\xb5", b"plain text"] {
            assert_eq!(read(text.to_vec(), limits).unwrap(), text);
        }
        // Two members, as `cat a.gz b.gz` makes them.
        assert_eq!(read([gzip(b"one "), gzip(b"two")].concat(), limits).unwrap(), b"one two");
        let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        assert_eq!(read([zstd(b"one "), zstd(b"two")].concat(), limits).unwrap(), b"one two");
        let skippable = b"\x5a\x2a\x4d\x18\x03\0\0\0abc".to_vec();
        assert_eq!(
            read([skippable.clone(), zstd(b"one "), skippable, zstd(b"two")].concat(), limits).unwrap(),
            b"one two"
        );
        assert_eq!(read(b"P*M and more".to_vec(), limits).unwrap(), b"P*M and more");
    }

    #[test]
    fn cut_and_bombs_are_told() {
        let text = "The harbour was closed on Monday. ".repeat(500);
        let mut cut = gzip(text.as_bytes());
        cut.truncate(cut.len() - 9);
        assert!(matches!(read(cut, Limits::default()), Err(InputProblem::Unreadable(_))));
        let zeros = vec![b'0'; 70 << 20];
        assert!(matches!(read(gzip(&zeros), Limits::default()), Err(InputProblem::Bomb { ratio: 250 })));
        let small = Limits { unpacked: 1000, ..Limits::default() };
        assert!(matches!(read(gzip(text.as_bytes()), small), Err(InputProblem::Unpacked { limit: 1000 })));
    }
}
