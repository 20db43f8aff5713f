//! The only place that prints: results on stdout, complaints on stderr.

use std::io::Write;

/// Prints a line of the command's result. A reader that went away (`| head`) is no fault.
pub fn say(line: &str) {
    let _reader_left = writeln!(std::io::stdout(), "{line}");
}

/// Prints a line about what went wrong.
pub fn complain(line: &str) {
    let _reader_left = writeln!(std::io::stderr(), "{line}");
}
