//! What meters state.
