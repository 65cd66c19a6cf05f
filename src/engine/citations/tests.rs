//! What is said of citations.
