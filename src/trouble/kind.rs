//! The kinds of trouble, each with what its texts need to know.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};

use super::{BooksTrouble, CollectionTrouble, DocumentTrouble, RowTrouble};
use crate::exit::Exit;
use crate::model::{
    Budget, Flaw, HolderId, RecordId, RightsRowReason, RowReason, SourceName, Zone,
};
use crate::text::lists::many;
use crate::text::words::words;

/// What can go wrong, with what the text needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TroubleKind {
    /// It gave no usable answer.
    Unreachable(Failed),
    /// It cannot be used as it is, and no later run mends that by itself.
    Unusable(Failed),
    /// It refused the login.
    LoginRefused(Failed),
    /// It takes the login, and a right, a licence or a permission is missing.
    RightMissing(Failed),

    /// Its clock, or that of a proxy on the way, is wrong by the word of others; see [`super::other_clock`].
    ServerClock(String),
    /// This computer's clock is not believed; why.
    OwnClock(String),
    /// A complete listing is not believed; the rule that it breaks, as a word.
    ListRefused(&'static str, Failed),
    /// So many entries have no number that can be read.
    NoNumber(usize),
    /// Nobody of this organisation is listed.
    NobodyListed {
        /// Members of others in the listing.
        elsewhere: usize,
        /// The key and what it names: `organisation_id 123`.
        account: String,
    },

    /// A link file cannot be read, and its rows from the last reading are used.
    LinkFileUnread {
        /// It may be right as it is: it is asked again before that counts.
        may_be_right: bool,
        failed: Failed,
    },

    /// A rights-file cannot be read or is not believed, and what was known of it stays.
    RightsUnread {
        /// No later run mends it by itself.
        needs_somebody: bool,
        /// Something is known of it.
        was_read: bool,
        failed: Failed,
    },
    /// Rows of a rights-file that give no right; on which lines.
    RightsRowsLeftOut { reason: RightsRowReason, lines: Vec<u32> },

    /// Rights of a service that give nobody anything; which, by the service's ids.
    RightsLeftOut { reason: RightsRowReason, ids: Vec<String> },

    /// The citations of a service cannot be read; those that are known stay.
    CitationsUnread {
        /// No later run mends it by itself.
        needs_somebody: bool,
        failed: Failed,
    },
    /// So many citations of a service have no name or no time, so that nothing can be said of them.
    CitationsLeftOut(usize),

    /// The plates of members in a link file cannot be read, or are not believed, while its links can be; what was
    /// known of them stays.
    MemberPlatesUnread {
        /// No later run mends it by itself.
        needs_somebody: bool,
        failed: Failed,
    },
    /// Rows of a link file whose plates are nobody's, or that hold something else in the place of plates; on which
    /// lines.
    MemberPlatesLeftOut { reason: RowReason, lines: Vec<u32> },

    /// A list of permits is not on the disk as it should be.
    PermitListUnwritten(Failed),

    /// Another process talks to it: which, and since when, where that is known.
    Busy(Option<(u32, String)>),
    /// It failed a while ago, and is left alone for longer and longer.
    BackingOff {
        kind: FailureKind,
        failed: Failed,
        /// How often in a row.
        count: u32,
        /// When it is asked again.
        until: String,
    },
    /// It refused the login, and is left alone.
    HeldBack {
        /// For how long, and why.
        text: String,
        /// Another login, with whatever password, could lock this computer out.
        is_spent: bool,
    },
    /// It looks like another device, or has lost its records.
    NotBelieved {
        text: String,
        /// How many persons it holds, where that was read.
        persons: Option<usize>,
    },
    /// Another section of the configuration leads to it as well.
    Twin(String),
    /// So many persons hold dates that nobody can read for certain.
    UnclearDates(usize),
    /// Entries that cannot be changed safely; who has them.
    Flawed(Flaw, String),
    /// Entries that cannot be used; which.
    UnusableEntries(String),

    /// Its clock shows a wrong time.
    ClockOff {
        off: String,
        shown: NaiveDateTime,
        /// What it should show.
        expected: NaiveDateTime,
        zone: Zone,
    },
    /// Its clock is right, and in another zone than it should be.
    ClockZone {
        /// The zone's offset as it states it.
        stated: String,
        /// As it should be.
        expected: String,
        zone: Zone,
    },
    /// It confirmed nothing of what it was sent.
    Unproven {
        /// The firmware that is new.
        firmware: String,
        count: u32,
        /// When the next one is tried.
        next: String,
        /// How many persons it holds.
        persons: usize,
    },
    /// It changed what nobody asked for.
    ChangedUnasked {
        text: String,
        /// How many persons it holds.
        persons: usize,
    },
    /// Its firmware takes no change of anybody.
    TakesNoChange {
        firmware: String,
        why: String,
        /// How many persons it holds.
        persons: usize,
    },

    /// So many changes were refused because somebody changed the person meanwhile; whether somebody who
    /// has reviewed them waits for the answer.
    Moved(usize, Reviewed),
    /// So many changes did not take effect.
    NotApplied {
        count: usize,
        /// The next run tries again.
        is_tried_again: bool,
    },
    /// Written, and a door did not take it; who, and where and why.
    NotTakenAtDoors(Vec<(RecordId, String)>),
    /// Written more than 30 minutes ago, and not known to be in force at the doors; who.
    NotInForce(Vec<RecordId>),
    /// Written, and the target does not put it in force; who, and why.
    NotPutInForce(Vec<(RecordId, String)>),
    /// Written, and gone from the target before it was put in force; who.
    GoneBeforeInForce(Vec<RecordId>),
    /// Written to so many records of a target that no section names any more, and not known to be in force.
    TargetLeft(usize),
    /// The target does not take a change because of what the entry holds; who, and what.
    Unfit(Vec<(RecordId, String)>),
    /// Changes wait for approval.
    Blocked {
        /// Of so many persons.
        persons: usize,
        by: BlockedBy,
        /// The id of the plan that holds them.
        plan: String,
    },
    /// A reviewed change does not fit any more; the rule that it would break, or none where the
    /// membership is paid for.
    Overtaken(RecordId, Option<String>),
    /// The time limit was reached.
    TimeLimit,
    /// Somebody stopped the run.
    Interrupted(Exit),

    /// Who was served until now and is left out.
    ServedNoMore {
        member: HolderId,
        /// The person there, with the name where it may be shown.
        person: String,
        why: String,
        /// The door still opens.
        is_open: bool,
    },
    /// So many more of them.
    MoreServedNoMore(usize),
    /// Too many who were served until now would be left out.
    TooManyLost {
        lost: usize,
        served: usize,
        /// And how many may be.
        allowed: usize,
        /// What they have in common.
        common: String,
    },
    /// Who has paid and newly has no door.
    NewWithoutDoor(Vec<HolderId>, &'static str),
    /// How many have paid and have no door.
    WithoutDoor(usize),
    /// A person that was written to and is linked to nobody now.
    Released {
        id: RecordId,
        /// The same with the name where it may be shown.
        person: String,
        /// For whom it was written.
        member: HolderId,
        /// Until when it has access, where that ends.
        until: Option<String>,
    },
    /// Members who never expire; who, and the reason's title and remedy.
    Permanent(Vec<String>, (&'static str, &'static str)),
    /// Ids under `protect` that nobody has.
    ProtectsNobody(Vec<String>),
    /// Members whom a link file leads to persons with other names.
    OtherNames(Vec<String>),
    /// Most new rows of the link files lead to persons with the names of other members.
    LinkFilesDoubted {
        rows: Vec<String>,
        /// How many persons the target holds.
        persons: usize,
    },
    /// Members were served of an organisation that no section names any more.
    OrganisationLeft {
        organisation: SourceName,
        members: usize,
        /// How many persons the target holds.
        persons: usize,
    },

    /// Something about books.
    Books(BooksTrouble),
    /// Something about rows of a gate.
    Rows(RowTrouble),
    /// Something about a document that leaves.
    Document(DocumentTrouble),
    /// Something about citations at an agency.
    Collection(CollectionTrouble),

    /// A channel did not take a message.
    NotTold(Failed),
    /// A command broke off, or a file beside it could not be written.
    BrokeOff(Exit, Failed),
    /// What an earlier run said and what is true still: its word, its topic, and its words.
    Repeated(TroubleWord, String, Failed),
}

words! {
    /// What may be hoped for of a target that failed.
    pub enum FailureKind {
        /// It may be over soon.
        Passing = "passing",
        /// It stays until somebody mends it.
        Lasting = "lasting",
        /// It answered, and was not believed.
        Doubt = "doubt",
    }
}

/// What failed, in words, and what to do about it: from an error that has its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// What happened; no names, no secrets.
    pub text: String,
    pub hint: Option<Hint>,
}

/// What to do about a trouble; `Display` says it whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// In words; may be empty where the command says it.
    pub text: String,
    /// The command to type.
    pub command: Option<String>,
}

/// What holds changes back until somebody approves them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockedBy {
    /// A limit for those who would lose access in one run; its name in the configuration.
    RevokedPerRun(&'static str),
    /// The same for a day.
    RevokedPerDay(&'static str),
    /// A limit for doors that would open in one run.
    OpenedPerRun(&'static str),
    /// Nobody who is linked could open the door any more.
    LastPerson,
    /// They are linked to nobody now.
    Released,
    /// `roles` in the configuration have changed.
    RolesChanged,
    /// Only one listing says so.
    SecondLook,
}

impl BlockedBy {
    pub(super) fn text(self, persons: usize) -> String {
        let persons = many(persons, "person");
        let lose = format!("{persons} would lose access, or some of it");
        match self {
            Self::RevokedPerRun(name) => format!("{lose}, in one run, more than {name} allows"),
            Self::RevokedPerDay(name) => format!(
                "{persons} more would lose access, or some of it, today, more than {name} allows"
            ),
            Self::OpenedPerRun(name) => format!(
                "a closed door would open for {persons} in one run, more than {name} allows"
            ),
            Self::LastPerson => {
                format!("{lose}, and no linked person could open the door any more")
            }
            Self::Released => format!("{lose}, written to before and linked to nobody now"),
            Self::RolesChanged => {
                format!(
                    "{lose}, because `roles` or `organisations` in the configuration have changed"
                )
            }
            Self::SecondLook => format!("{lose}, on the word of one listing alone"),
        }
    }
}

impl From<Budget> for BlockedBy {
    fn from(budget: Budget) -> Self {
        match budget {
            Budget::RevokePerTick => Self::RevokedPerRun(budget.as_str()),
            Budget::RevokePerDay => Self::RevokedPerDay(budget.as_str()),
            Budget::GrantPerTick => Self::OpenedPerRun(budget.as_str()),
            Budget::LastPerson => Self::LastPerson,
            Budget::Released => Self::Released,
            Budget::RolesChanged => Self::RolesChanged,
            Budget::SecondLook => Self::SecondLook,
        }
    }
}

/// Whether a person has reviewed what is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reviewed {
    /// In a plan that does not fit any more where something has moved.
    Yes,
    /// Nobody did; the next run looks again.
    No,
}

words! {
    /// What went wrong in one word, the same for the same trouble in whatever words it is told.
    pub enum TroubleWord {
        Unreachable = "unreachable",
        Unusable = "unusable",
        LoginRefused = "login-refused",
        RightMissing = "right-missing",
        NotBelieved = "not-believed",
        ServerClock = "server-clock",
        OwnClock = "own-clock",
        ListRefused = "list-refused",
        NoNumber = "no-number",
        NobodyListed = "nobody-listed",
        LinkFileUnread = "link-file-unread",
        RightsUnread = "rights-unread",
        RightsRowsLeftOut = "rights-rows-left-out",
        CitationsUnread = "citations-unread",
        CitationsLeftOut = "citations-left-out",
        MemberPlatesUnread = "member-plates-unread",
        MemberPlatesLeftOut = "member-plates-left-out",
        PermitListUnwritten = "permit-list-unwritten",
        SpoolUnread = "spool-unread",
        FileRefused = "file-refused",
        FileRepeated = "file-repeated",
        DaysMoved = "days-moved",
        FileLate = "file-late",
        FileEmpty = "file-empty",
        KeyGone = "key-gone",
        FewMatched = "few-matched",
        OtherUnit = "other-unit",
        BooksDiffer = "books-differ",
        RowsNotDone = "rows-not-done",
        RowsNotTaken = "rows-not-taken",
        RowsUnproven = "rows-unproven",
        DocumentBlocked = "document-blocked",
        DocumentNotSent = "document-not-sent",
        DocumentRefused = "document-refused",
        DocumentOtherContent = "document-other-content",
        DocumentUnknown = "document-unknown",
        DocumentUnsettled = "document-unsettled",
        DocumentStale = "document-stale",
        DocumentDoubted = "document-doubted",
        BatchPartRefused = "batch-part-refused",
        WithdrawalsWait = "withdrawals-wait",
        NotGivenBack = "not-given-back",
        ReferralsLeft = "referrals-left",
        ReferralsWait = "referrals-wait",
        Busy = "busy",
        Twin = "twin",
        UnclearDates = "unclear-dates",
        EntriesTwice = "entries-twice",
        NotUtf8 = "not-utf8",
        UnusableEntries = "unusable-entries",
        ClockWrong = "clock-wrong",
        Unproven = "unproven",
        ChangedUnasked = "changed-unasked",
        TakesNoChange = "takes-no-change",
        Moved = "moved",
        NotApplied = "not-applied",
        NotTakenAtDoors = "not-taken-at-doors",
        NotInForce = "not-in-force",
        NotPutInForce = "not-put-in-force",
        GoneBeforeInForce = "gone-before-in-force",
        TargetLeft = "door-left",
        Unfit = "unfit",
        Blocked = "blocked",
        Overtaken = "overtaken",
        TimeLimit = "time-limit",
        Interrupted = "interrupted",
        ServedNoMore = "served-no-more",
        MoreServedNoMore = "more-served-no-more",
        TooManyLost = "too-many-lost",
        NewWithoutDoor = "new-without-door",
        WithoutDoor = "without-door",
        Released = "released",
        Permanent = "permanent",
        ProtectsNobody = "protects-nobody",
        OtherNames = "other-names",
        LinkFilesDoubted = "link-files-doubted",
        OrganisationLeft = "organisation-left",
        NotTold = "not-told",
        BrokeOff = "broke-off",
    }
}
