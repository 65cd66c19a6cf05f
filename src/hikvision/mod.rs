//! Hikvision devices: persons, their validity, and nothing else.
