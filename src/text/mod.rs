//! Small readers and writers of text that several modules share. Pure.

pub(crate) mod fnv;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod lists;
pub(crate) mod plain;
pub(crate) mod shell;
pub(crate) mod suggest;
pub(crate) mod times;
pub(crate) mod topics;
pub(crate) mod words;
pub(crate) mod wrap;
pub(crate) mod xml;
