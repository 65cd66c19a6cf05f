//! Files in memory and on disk, and what becomes of them.
