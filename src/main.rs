//! Starts the service; everything else is in the library.

use std::process::ExitCode;

/// Answering a query makes thousands of small allocations, on several threads; the system's allocator was a third of
/// the time of a page.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    virtual_tagging::cli::run()
}
