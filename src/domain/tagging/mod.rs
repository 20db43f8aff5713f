//! The tagging engine: pure functions from a resource to proposals.
