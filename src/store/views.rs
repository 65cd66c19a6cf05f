//! The views of the state file, each for one part of the program.

use super::Store;

/// Defines views of the state file, each for one part of the program.
macro_rules! views {
    ($($(#[$doc:meta])* $method:ident $view:ident)+) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $view<'s>(pub(super) &'s Store);
        )+

        impl Store {
            $(
                $(#[$doc])*
                #[must_use]
                pub fn $method(&self) -> $view<'_> {
                    $view(self)
                }
            )+
        }
    };
}

views! {
    /// What each channel was told.
    alarms Alarms
    /// What settlement files, the bank and our own ledger say of money.
    books Books
    /// Citations, as services list and report them.
    citations Citations
    /// Devices and their persons as last read.
    devices Devices
    /// Gates and the rows that this program made there.
    gates Gates
    /// Events that were taken, and what meters state.
    inbox Inbox
    /// Runs, announced writes and the audit log.
    journal Journal
    /// Links and link files.
    links Links
    /// Plates of members, by the link files that name them.
    member_plates MemberPlates
    /// Members and listings.
    members Members
    /// Documents that leave.
    outbox Outbox
    /// What `status` shows.
    overview Overview
    /// What waits for a door, for an approval, or for somebody's care.
    pending Pending
    /// Citations that were handed over to agencies.
    referrals Referrals
    /// Rights-files: who may park where.
    rights Rights
    /// How devices took logins, requests and writes.
    trust Trust
}
