//! Who may be handed over, and who is taken back.
