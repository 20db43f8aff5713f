//! Starts the service; everything else is in the library.

fn main() {}
