//! Events are proven, read and taken once.
