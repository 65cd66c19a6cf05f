//! Books: files, the comparison of a day, and what a slow reader of the same says.
