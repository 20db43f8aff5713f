//! Bounded reading: limits of what a compressed file may unpack to, and a callback every few megabytes, whatever they
//! hold: a file of blank lines has no entry at which a reader could stop.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;

use crate::config::UnpackLimits;

const BUFFER: usize = 64 * 1024;
/// Bytes between two callbacks.
const STEP: u64 = 4 << 20;
/// Bytes of content from which on the ratio of decompression is limited.
const RATIO_FROM: u64 = 16 << 20;

/// Options of reading a file.
pub struct ReadOptions {
    /// Limits of what it may unpack to.
    pub limits: UnpackLimits,
    /// Callback every few megabytes; its error ends the reading.
    pub on_progress: Box<dyn FnMut() -> io::Result<()> + Send>,
    /// Account to take where an entry names none, as ARNs of buckets.
    pub account_id: Option<String>,
}

impl ReadOptions {
    /// Options with these limits, without a callback or an account.
    pub fn within(limits: UnpackLimits) -> Self {
        Self {
            limits,
            on_progress: Box::new(|| Ok(())),
            account_id: None,
        }
    }
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self::within(UnpackLimits::default())
    }
}

/// Content of a file, decompressed if its first bytes are those of gzip.
pub(super) fn unpack(
    mut input: impl Read + Send + 'static,
    options: ReadOptions,
) -> io::Result<Box<dyn BufRead + Send>> {
    let mut magic = Vec::with_capacity(2);
    input.by_ref().take(2).read_to_end(&mut magic)?;
    let is_packed = magic == [0x1f, 0x8b];
    let whole = Cursor::new(magic).chain(input);
    let ReadOptions {
        limits, on_progress, ..
    } = options;
    Ok(if is_packed {
        let packed = Arc::new(AtomicU64::new(0));
        let counted = CountingReader {
            input: whole,
            bytes: Arc::clone(&packed),
        };
        let content = MultiGzDecoder::new(BufReader::with_capacity(BUFFER, counted));
        metered(content, Some(UnpackBound { limits, packed }), on_progress)
    } else {
        metered(whole, None, on_progress)
    })
}

fn metered(
    input: impl Read + Send + 'static,
    bound: Option<UnpackBound>,
    on_progress: Box<dyn FnMut() -> io::Result<()> + Send>,
) -> Box<dyn BufRead + Send> {
    let metered = MeteredReader {
        input,
        bytes: 0,
        bound,
        on_progress,
    };
    Box::new(BufReader::with_capacity(BUFFER, metered))
}

/// Reader that counts the bytes of a compressed file.
struct CountingReader<R> {
    input: R,
    bytes: Arc<AtomicU64>,
}

impl<R: Read> Read for CountingReader<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(target)?;
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

struct UnpackBound {
    limits: UnpackLimits,
    /// Bytes read of the compressed file.
    packed: Arc<AtomicU64>,
}

impl UnpackBound {
    /// Fails when so many bytes of content are too many.
    fn check(&self, bytes: u64) -> io::Result<()> {
        let UnpackLimits { max_bytes, max_ratio } = self.limits;
        let refuse = |message: String| Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
        if bytes > max_bytes {
            return refuse(format!("unpacks to more than {max_bytes} bytes"));
        }
        let packed = self.packed.load(Ordering::Relaxed);
        if bytes > RATIO_FROM && bytes > packed.saturating_mul(max_ratio) {
            return refuse(format!("unpacks to more than {max_ratio} times its size"));
        }
        Ok(())
    }
}

struct MeteredReader<R> {
    input: R,
    bytes: u64,
    bound: Option<UnpackBound>,
    on_progress: Box<dyn FnMut() -> io::Result<()> + Send>,
}

impl<R: Read> Read for MeteredReader<R> {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(target)? as u64;
        let steps = self.bytes / STEP;
        self.bytes += count;
        if let Some(bound) = &self.bound {
            bound.check(self.bytes)?;
        }
        if self.bytes / STEP > steps {
            (self.on_progress)()?;
        }
        Ok(count as usize)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Cursor, Read as _, Write as _};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use flate2::{Compression, write::GzEncoder};

    use super::{ReadOptions, STEP, unpack};
    use crate::config::UnpackLimits;

    /// Gzip of this many blank lines.
    fn packed(bytes: usize) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&vec![b'\n'; bytes]).unwrap();
        gzip.finish().unwrap()
    }

    fn read(content: Vec<u8>, options: ReadOptions) -> io::Result<u64> {
        let mut content = unpack(Cursor::new(content), options)?;
        io::copy(&mut content, &mut io::sink())
    }

    fn limits(max_bytes: u64, max_ratio: u64) -> ReadOptions {
        ReadOptions::within(UnpackLimits { max_bytes, max_ratio })
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let size = 20 << 20;
        assert_eq!(
            read(packed(size), limits(size as u64, 2000)).unwrap(),
            size as u64
        );
        let refused = read(packed(size), limits(size as u64 - 1, 2000)).unwrap_err();
        assert!(refused.to_string().contains("bytes"), "{refused}");
        let refused = read(packed(size), limits(u64::MAX, 100)).unwrap_err();
        assert!(refused.to_string().contains("100 times"), "{refused}");
        // Small files may be as dense as they like, and plain ones as large.
        assert!(read(packed(1 << 20), limits(u64::MAX, 2)).is_ok());
        assert!(read(vec![b'\n'; 1 << 20], limits(10, 1)).is_ok());
    }

    #[test]
    fn a_step_is_taken_every_few_megabytes_and_may_be_the_last() {
        for content in [packed(20 << 20), vec![b'\n'; 20 << 20]] {
            let steps = Arc::new(AtomicU64::new(0));
            let counted = Arc::clone(&steps);
            let options = ReadOptions {
                limits: UnpackLimits {
                    max_bytes: u64::MAX,
                    max_ratio: u64::MAX,
                },
                on_progress: Box::new(move || match counted.fetch_add(1, Ordering::Relaxed) {
                    0..2 => Ok(()),
                    _ => Err(io::Error::other("told to stop")),
                }),
                account_id: None,
            };
            let mut content = unpack(Cursor::new(content), options).unwrap();
            let mut read = Vec::new();
            let stopped = content.read_to_end(&mut read).unwrap_err();
            assert_eq!(stopped.to_string(), "told to stop");
            assert_eq!(steps.load(Ordering::Relaxed), 3);
            assert!(read.len() as u64 <= 3 * STEP);
        }
    }
}
