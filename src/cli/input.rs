//! Text files that commands read.

use anyhow::ensure;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// Reads a file as text; `-` is the standard input.
pub fn read_text(path: &Path) -> anyhow::Result<String> {
    let input: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path)?)
    };
    let mut text = String::new();
    input.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    ensure!(text.len() as u64 <= MAX_BYTES, "larger than {MAX_BYTES} bytes");
    Ok(text)
}
