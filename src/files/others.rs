//! Who else may write a file.
