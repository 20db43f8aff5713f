//! The service under fire. Small here; `bench/faults/` runs the same at full size.

mod fan_out;
