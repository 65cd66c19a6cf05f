-- The state file's one schema.
--
-- Wall-clock times of devices and roles are seconds since 1970-01-01T00:00:00 on that wall clock; instants
-- (columns named ..._at or ..._since) are seconds since 1970 in UTC. A member is known by two columns: the
-- account of the source, and what its connector spells.

-- The format of the file, beside `user_version`: a dump keeps this, and not that.
CREATE TABLE about (format INTEGER NOT NULL) STRICT;

CREATE TABLE source (
    account          TEXT PRIMARY KEY,   -- what is read, whatever its section is called: cardskipper:123
    name             TEXT,               -- what its section was called last
    complete_at      INTEGER,            -- when the last accepted complete listing was asked for
    fetched_at       INTEGER,            -- when the last accepted listing of any kind was asked for
    complete_members INTEGER,            -- how many members the last accepted complete listing had
    second_look      INTEGER             -- what to ask again before access is taken away: 0 a complete listing, else
                                         -- the changes since then; NULL nothing
) STRICT, WITHOUT ROWID;

CREATE TABLE role_name (
    source TEXT NOT NULL,
    role   TEXT NOT NULL,
    name   TEXT NOT NULL,
    PRIMARY KEY (source, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE member (
    id            INTEGER PRIMARY KEY,
    source        TEXT    NOT NULL,
    holder        TEXT    NOT NULL,      -- 4711/1980-02-29
    number        TEXT,                  -- what people call the member by
    first_name    TEXT    NOT NULL,
    last_name     TEXT    NOT NULL,
    email         TEXT,
    inactive      INTEGER NOT NULL,
    unreadable    TEXT,                  -- JSON: [[role, what is wrong with its dates], …]; NULL: none
    problem       TEXT,                  -- why the newest entry could not be used
    missed        INTEGER NOT NULL DEFAULT 0,  -- complete listings in a row without the member
    missing_since INTEGER,               -- when the first of them was asked for
    said_at       INTEGER NOT NULL,      -- when the first listing was asked for that said what stands here of roles and inactive
    is_repeated   INTEGER NOT NULL,      -- a later listing of changes said the same
    seal          INTEGER,               -- over the member and the roles
    UNIQUE (source, holder)
) STRICT;
CREATE INDEX member_email ON member (email) WHERE email IS NOT NULL;
CREATE INDEX member_number ON member (number) WHERE number IS NOT NULL;

CREATE TABLE member_role (
    member INTEGER NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    role   TEXT    NOT NULL,
    begins INTEGER NOT NULL,
    ends   INTEGER NOT NULL,
    PRIMARY KEY (member, role, begins, ends)
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    name             TEXT PRIMARY KEY,
    serial           TEXT,
    read_at          INTEGER,            -- when its person list was last read whole
    needs_read       INTEGER NOT NULL DEFAULT 1,  -- something failed there since
    first_written_at INTEGER,
    login_check      INTEGER,            -- 16 bits over user and password: tells a changed password, gives none away
    login_refusals   INTEGER NOT NULL DEFAULT 0,
    login_refused_at INTEGER,
    login_spent      INTEGER NOT NULL DEFAULT 0,  -- logins refused of late, whatever the password: so many lock a device
    login_spent_since INTEGER,           -- the first of them
    failures         INTEGER NOT NULL DEFAULT 0,  -- in a row
    failed_at        INTEGER,            -- the last of them
    failure          TEXT,               -- what it was, to be told while waiting
    failure_hint     TEXT,
    failure_command  TEXT,               -- the one to type
    failure_kind     TEXT,               -- what may be hoped for: passing, lasting, doubt
    version          TEXT,               -- of what runs on it, when it was last read
    proven_version   TEXT,               -- the one that took a first write well
    unproven_version TEXT,               -- the one that was written to and has confirmed nothing yet
    unconfirmed      INTEGER,            -- writes it was sent since, none of them confirmed
    unconfirmed_at   INTEGER,            -- the last of them
    unasked          TEXT,               -- what it changed that nobody asked for: not written until accepted
    unasked_at       INTEGER,
    asked_version    TEXT,               -- the one that was asked what it can do
    latest_end       INTEGER,            -- the last moment it takes as an end, as it states
    refusing_version TEXT,               -- the one that takes no change of anybody
    refuses          TEXT                -- why
) STRICT, WITHOUT ROWID;

-- What a connector remembers of a device; nobody else looks inside.
CREATE TABLE connector_memory (
    device TEXT    PRIMARY KEY REFERENCES device (name) ON DELETE CASCADE,
    form   INTEGER NOT NULL,             -- what was written in another form is forgotten
    text   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Windows that a version kept otherwise than sent; two read-backs teach how it rounds.
CREATE TABLE read_back (
    device      TEXT    NOT NULL REFERENCES device (name) ON DELETE CASCADE,
    employee_no TEXT    NOT NULL,
    sent_begin  INTEGER NOT NULL,
    sent_end    INTEGER NOT NULL,
    held_begin  INTEGER NOT NULL,
    held_end    INTEGER NOT NULL,
    version     TEXT    NOT NULL,
    times       INTEGER NOT NULL,
    PRIMARY KEY (device, employee_no, sent_begin, sent_end)
) STRICT, WITHOUT ROWID;

CREATE TABLE person (
    device          TEXT    NOT NULL REFERENCES device (name) ON DELETE CASCADE,
    employee_no     TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    standing        TEXT    NOT NULL,    -- free, barred, administrator: whether it may be touched
    limit_kind      TEXT    NOT NULL,    -- window, permanent, unclear, unreadable
    begins          INTEGER,
    ends            INTEGER,
    email           TEXT,
    fingerprint     TEXT    NOT NULL,
    flaw            TEXT,                -- twice, not-utf-8: why nothing may be written for them
    confirmed_begin INTEGER,             -- the last window the device was seen to hold as it should
    confirmed_end   INTEGER,
    confirmed_at    INTEGER,
    written_source  TEXT,                -- for whom it was last written to by this program
    written_holder  TEXT,
    seal            INTEGER,             -- over the person as last read, up to the flaw
    PRIMARY KEY (device, employee_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX person_email ON person (device, email) WHERE email IS NOT NULL;

CREATE TABLE link (
    device      TEXT    NOT NULL REFERENCES device (name) ON DELETE CASCADE,
    member      INTEGER NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    employee_no TEXT    NOT NULL,
    rule        TEXT    NOT NULL,
    name_digest INTEGER NOT NULL,        -- of the name on the door when the link was made or last agreed with it
    email_digest INTEGER NOT NULL,       -- of the member's e-mail at that time
    made_at     INTEGER NOT NULL,
    served_begin INTEGER,                -- the paid time that was last kept in sync there, in wall-clock time
    served_end  INTEGER,
    is_loss_accepted INTEGER,            -- somebody has accepted that the member is served no more
    seal        INTEGER,
    PRIMARY KEY (device, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_person ON link (device, employee_no);
CREATE INDEX link_member ON link (member);

-- Links that were replaced: whose a person was before.
CREATE TABLE former_link (
    device       TEXT    NOT NULL REFERENCES device (name) ON DELETE CASCADE,
    employee_no  TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    holder       TEXT    NOT NULL,
    PRIMARY KEY (device, employee_no, source, holder)
) STRICT, WITHOUT ROWID;

-- The roles that opened a door when everything that followed from them was last settled.
CREATE TABLE door_roles (
    device       TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    roles        TEXT    NOT NULL,       -- ids as a JSON list, or `*` for every role
    PRIMARY KEY (device, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE link_file (
    path    TEXT PRIMARY KEY,
    sha256  TEXT    NOT NULL,
    read_at INTEGER NOT NULL,
    seal    INTEGER                      -- over all rows of the file
) STRICT, WITHOUT ROWID;

CREATE TABLE link_row (
    path        TEXT NOT NULL REFERENCES link_file (path) ON DELETE CASCADE,
    email       TEXT NOT NULL,           -- the member by e-mail, or empty
    number      TEXT NOT NULL,           -- the member by number, or empty; by both where both are there
    employee_no TEXT NOT NULL,
    line        INTEGER NOT NULL,        -- where it stands in the file
    since_at    INTEGER NOT NULL,        -- when this very row was first in the file
    seal        INTEGER,
    PRIMARY KEY (path, email, number, employee_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_row_person ON link_row (path, employee_no);

-- Rows that link nobody, with the reason.
CREATE TABLE link_row_left_out (
    path        TEXT    NOT NULL REFERENCES link_file (path) ON DELETE CASCADE,
    line        INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    cell        TEXT    NOT NULL,        -- what the reason is about, or empty
    employee_no TEXT,
    emails      TEXT    NOT NULL,        -- those that stand in the row, with spaces between
    number      TEXT,                    -- the member number that stands in the row
    PRIMARY KEY (path, line)
) STRICT, WITHOUT ROWID;

-- Content of a link file that looked cut off when it was seen: it counts when the next run sees the same.
CREATE TABLE link_file_doubted (
    path   TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Who may park where, by the part that it came in: a rights-file, or one part of a service of rights. Every row
-- that gives a right stands in parking_right, every other one in parking_left_out.
CREATE TABLE rights_part (
    id         INTEGER PRIMARY KEY,
    source     TEXT    NOT NULL,         -- the section: exempt
    path       TEXT    NOT NULL,         -- of a file; of a service what it calls the part: sessions
    sha256     TEXT    NOT NULL,         -- of its bytes; of a service a digest of everything that it said
    sense      TEXT    NOT NULL,         -- a digest of the configuration that its rows were read by
    stamp      TEXT,                     -- how it stood on the disk before it was read, where that says something
    rights     INTEGER NOT NULL,         -- how many rows gave a right, those that have ended since among them
    left_out   INTEGER NOT NULL,         -- how many gave none
    changed_at INTEGER NOT NULL,         -- when other rows than before were read
    as_of_at   INTEGER NOT NULL,         -- when it was last known to hold them
    since_at   INTEGER,                  -- of a service: its clock at the last listing
    whole_at   INTEGER,                  -- of a service: when all of it was listed last
    seal       INTEGER NOT NULL,
    UNIQUE (source, path)
) STRICT;

CREATE TABLE parking_right (
    file     INTEGER NOT NULL REFERENCES rights_part (id) ON DELETE CASCADE,
    line     INTEGER NOT NULL,           -- where it stands in the file
    plate    TEXT    NOT NULL,           -- letters and digits alone
    issuer   TEXT,
    right_id TEXT    NOT NULL,           -- what the file calls it
    number   TEXT,                       -- what its holder knows it by, where that is another name
    kind     TEXT,                       -- of permit; NULL: a session
    state    TEXT,                       -- cancelled, suspended, unknown:WORD; NULL: in force
    zone     TEXT    NOT NULL,           -- as the configuration calls it
    begins_at INTEGER NOT NULL,
    ends_at  INTEGER,                    -- the first second that is not inside any more; NULL: no end
    seal     INTEGER NOT NULL,
    PRIMARY KEY (file, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX parking_right_plate ON parking_right (plate);
CREATE INDEX parking_right_id ON parking_right (file, right_id);
CREATE INDEX parking_right_end ON parking_right (file, ends_at) WHERE ends_at IS NOT NULL;

-- What was said of a car and is not said any more: a citation of that time cannot be said to be rightful.
CREATE TABLE parking_former (
    plate     TEXT    NOT NULL,
    zone      TEXT,                      -- NULL: it could not be used, and may have been about any
    begins_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL           -- no later than it was taken back
) STRICT;
CREATE INDEX parking_former_plate ON parking_former (plate);
CREATE INDEX parking_former_end ON parking_former (ends_at);

CREATE TABLE parking_left_out (
    file     INTEGER NOT NULL REFERENCES rights_part (id) ON DELETE CASCADE,
    line     INTEGER NOT NULL,
    reason   TEXT    NOT NULL,           -- bad-plate, bad-dates, unknown-zone, bad-row
    plate    TEXT,                       -- where that much is sure
    issuer   TEXT,
    right_id TEXT,
    number   TEXT,                       -- as there
    until_at INTEGER,                    -- from when on nobody asks any more, where that much is sure
    seal     INTEGER NOT NULL,
    PRIMARY KEY (file, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX parking_left_out_id ON parking_left_out (file, right_id) WHERE right_id IS NOT NULL;
CREATE INDEX parking_left_out_plate ON parking_left_out (plate) WHERE plate IS NOT NULL;
CREATE INDEX parking_left_out_until ON parking_left_out (file, until_at) WHERE until_at IS NOT NULL;

-- What officers wrote against cars, as services say it.
CREATE TABLE citation (
    source     TEXT    NOT NULL,         -- the section that names the service
    id         TEXT    NOT NULL,         -- what the service calls it
    plate      TEXT,                     -- NULL: it cannot be read for certain
    issuer     TEXT,
    zone       TEXT,                     -- as the service calls it
    kind       TEXT,                     -- what it is about: EXPIRED_METER
    at         INTEGER NOT NULL,
    state      TEXT    NOT NULL,         -- issued, paid, dismissed, contested, unclear
    fine       INTEGER,                  -- what is due, in the smallest unit; NULL: it cannot be read for certain
    currency   TEXT,                     -- of the fine, where the service says it
    updated_at INTEGER,                  -- by the service's clock
    had_right  INTEGER,                  -- when it was first heard of, the car had a right; NULL: not to be said
    seal       INTEGER NOT NULL,
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX citation_at ON citation (at);

-- Citations that are said to be paid, whether they are known yet or not.
CREATE TABLE citation_paid (
    source  TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    paid_at INTEGER NOT NULL,            -- when that was heard
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX citation_paid_at ON citation_paid (paid_at);

-- Citations that were handed over to an agency that collects, for as long as the state file lives: there is no plate
-- in it, so that one that is paid years later is taken back.
CREATE TABLE referral (
    agency      TEXT    NOT NULL,        -- the section that names it
    reference   TEXT    NOT NULL,        -- what both sides call it: the id of the citation
    source      TEXT    NOT NULL,        -- the section of the service that lists it
    at          INTEGER NOT NULL,        -- when the officer saw it
    due         INTEGER NOT NULL,        -- in the smallest unit of the agency's currency
    state       TEXT    NOT NULL,        -- sent, there, refused
    reason      TEXT,                    -- why the agency does not take it, or does not give it back
    batch       TEXT    NOT NULL,        -- the document that it was handed over in
    wanted      TEXT,                    -- what it is to be there by now: Paid, Void, Hold; NULL: it is owed still
    told        TEXT,                    -- what the agency has confirmed of that
    withdrawal  TEXT,                    -- the document that tells it, until it is known what became of that
    said_at     INTEGER,                 -- by the service's clock, when it said so last
    referred_at INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    seal        INTEGER NOT NULL,
    PRIMARY KEY (agency, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX referral_source ON referral (source, reference);
CREATE INDEX referral_batch ON referral (agency, batch);
CREATE INDEX referral_withdrawal ON referral (agency, withdrawal) WHERE withdrawal IS NOT NULL;
-- Those that somebody may still be asked for: at an agency, and of a service.
CREATE INDEX referral_there ON referral (agency, reference) WHERE state <> 'refused' AND (told IS NULL OR told = 'Hold');
CREATE INDEX referral_open ON referral (source, at) WHERE state <> 'refused' AND (told IS NULL OR told = 'Hold');

-- How far the listing of a service's citations was read.
CREATE TABLE citation_list (
    source   TEXT    PRIMARY KEY,
    since_at INTEGER NOT NULL,           -- its clock at the last listing
    whole_at INTEGER NOT NULL,           -- when all of them were listed last
    sense    TEXT    NOT NULL            -- a digest of the configuration that they were listed by
) STRICT, WITHOUT ROWID;

-- Events that were taken, so that each has one effect however often it is delivered.
CREATE TABLE event (
    source TEXT    NOT NULL,             -- the section that it came for
    id     TEXT    NOT NULL,
    sha256 TEXT    NOT NULL,             -- of its bytes, lower-case hex
    at     INTEGER NOT NULL,             -- when it was taken
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_at ON event (at);

-- Meters as their last statement says.
CREATE TABLE meter (
    source         TEXT    NOT NULL,     -- the section that it belongs to
    id             TEXT    NOT NULL,     -- METER-A1-001
    zone           TEXT,                 -- as the meter calls it
    is_operational INTEGER NOT NULL,
    is_occupied    INTEGER,
    battery        INTEGER,              -- percent
    paid_from      INTEGER,              -- the space is paid for from here
    paid_until     INTEGER,              -- to here, half-open
    payment_until  INTEGER,              -- to here by a payment that it has named
    said_at        INTEGER NOT NULL,     -- when it stated that
    PRIMARY KEY (source, id)
) STRICT, WITHOUT ROWID;

-- Lists of permits as they were found, or put, on the disk last.
CREATE TABLE permit_list (
    name          TEXT    PRIMARY KEY,   -- the section: patrol
    sense         TEXT    NOT NULL,      -- a digest of the configuration that it was made by
    basis         TEXT    NOT NULL,      -- a digest of what was known of all rights-files
    sha256        TEXT    NOT NULL,      -- of what it holds
    file_sha256   TEXT    NOT NULL,      -- of its bytes on the disk, which are others where it is sealed
    stamp         TEXT,                  -- how it stood on the disk afterwards, where that says something
    rows          INTEGER NOT NULL,
    written_at    INTEGER NOT NULL,      -- when it came to be so
    same_until_at INTEGER NOT NULL,      -- from when on the time alone may bring another list
    seal          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Content of a rights-file that looked cut off when it was seen: it counts when the next run sees the same.
CREATE TABLE rights_part_doubted (
    source TEXT NOT NULL,
    path   TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    PRIMARY KEY (source, path)
) STRICT, WITHOUT ROWID;

-- Plates of members as link files name them, of files that were read whole last. Nothing is here unless a gate
-- lets members in.
CREATE TABLE member_plate_file (
    id         INTEGER PRIMARY KEY,
    path       TEXT    NOT NULL UNIQUE,
    sha256     TEXT    NOT NULL,
    sense      TEXT    NOT NULL,         -- a digest of the configuration that its plates were read by
    stamp      TEXT,                     -- how it stood on the disk before it was read, where that says something
    plates     INTEGER NOT NULL,         -- how many plates it gave
    left_out   INTEGER NOT NULL,         -- how many of its rows were left out
    changed_at INTEGER NOT NULL,         -- when other rows than before were read
    as_of_at   INTEGER NOT NULL,         -- when it was last known to hold them
    seal       INTEGER NOT NULL
) STRICT;

-- It refers to no other table, so that it can be emptied page by page: no plate is left behind in one.
CREATE TABLE member_plate (
    file   INTEGER NOT NULL,             -- of member_plate_file
    line   INTEGER NOT NULL,             -- where it stands in the file
    email  TEXT    NOT NULL,             -- the member by e-mail, or empty
    number TEXT    NOT NULL,             -- the member by number, or empty; by both where both are there
    plate  TEXT    NOT NULL,             -- letters and digits alone
    issuer TEXT,
    seal   INTEGER NOT NULL,
    PRIMARY KEY (file, line, plate)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_plate_plate ON member_plate (plate);

CREATE TABLE member_plate_left_out (
    file   INTEGER NOT NULL REFERENCES member_plate_file (id) ON DELETE CASCADE,
    line   INTEGER NOT NULL,
    reason TEXT    NOT NULL,
    PRIMARY KEY (file, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    command    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    exit_code  INTEGER,
    confirmed  INTEGER NOT NULL DEFAULT 0,
    failed     INTEGER NOT NULL DEFAULT 0,
    machine    TEXT,                     -- a digest of the computer's lasting identity, where known
    boot       TEXT,                     -- a digest of the identity of its current start, where known
    relies_on  INTEGER                   -- the run whose word, in `quiet`, stands when this one has ended; NULL: none does
) STRICT;
CREATE INDEX run_started ON run (started_at);

-- Intents: durable before the first byte of a write leaves, gone with its outcome.
CREATE TABLE intent (
    run          INTEGER NOT NULL REFERENCES run (id),
    device       TEXT    NOT NULL,
    employee_no  TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    holder       TEXT    NOT NULL,
    cause        TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    before_begin INTEGER,
    before_end   INTEGER,
    after_begin  INTEGER NOT NULL,
    after_end    INTEGER NOT NULL,
    fingerprint  TEXT    NOT NULL,       -- of the person as read before the write
    PRIMARY KEY (device, employee_no)
) STRICT, WITHOUT ROWID;

-- Records of targets with a commit step that were written and are not known to be in force.
CREATE TABLE uncommitted (
    device      TEXT    NOT NULL,
    employee_no TEXT    NOT NULL,
    handle      TEXT    NOT NULL,        -- what the target itself calls it, whatever people rename
    source      TEXT    NOT NULL,        -- for whom it was written
    holder      TEXT    NOT NULL,
    after_begin INTEGER NOT NULL,        -- what was written last
    after_end   INTEGER NOT NULL,
    since_at    INTEGER NOT NULL,        -- when the first such write was announced
    asked_at    INTEGER,                 -- when the target was asked to put it in force; null: it is to be
    opens_door  INTEGER NOT NULL,        -- a closed door is to open: the member stands outside until then
    PRIMARY KEY (device, employee_no)
) STRICT, WITHOUT ROWID;

-- The audit log: every write that was tried, with its outcome. Append-only.
CREATE TABLE change (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    run          INTEGER NOT NULL REFERENCES run (id),
    device       TEXT    NOT NULL,
    employee_no  TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    holder       TEXT    NOT NULL,
    cause        TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    before_begin INTEGER,
    before_end   INTEGER,
    after_begin  INTEGER,                -- NULL: nothing was written, and the person holds no window
    after_end    INTEGER,
    at           INTEGER NOT NULL,
    outcome      TEXT    NOT NULL,
    error        TEXT,
    sent         INTEGER NOT NULL,       -- it left this computer, or may have
    waited       INTEGER                 -- seconds from the run that first wanted it to its outcome
) STRICT;
CREATE INDEX change_member ON change (source, holder);
CREATE INDEX change_person ON change (device, employee_no);
CREATE INDEX change_device_at ON change (device, at);
CREATE INDEX change_run ON change (run);
CREATE INDEX change_at ON change (at);
CREATE TRIGGER change_is_never_edited BEFORE UPDATE ON change
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER change_is_never_deleted BEFORE DELETE ON change
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- How long confirmed grants waited, in all: nobody adds up years of history to say so.
CREATE TABLE grant_delay (
    grants  INTEGER NOT NULL,
    seconds INTEGER NOT NULL,
    longest INTEGER NOT NULL
) STRICT;
INSERT INTO grant_delay VALUES (0, 0, 0);
CREATE TRIGGER change_has_waited AFTER INSERT ON change
    WHEN NEW.outcome = 'confirmed' AND NEW.kind = 'grant' AND NEW.waited >= 0
    BEGIN
        UPDATE grant_delay SET grants = grants + 1, seconds = seconds + NEW.waited,
            longest = max(longest, NEW.waited);
    END;

-- Gates as a run left them. Logins, failures and what a connector remembers stand in `device`.
CREATE TABLE gate (
    name          TEXT    PRIMARY KEY,
    sense         TEXT    NOT NULL,      -- a digest of the configuration of its cars
    settled_sense TEXT,                  -- the same when nobody's loss waited for an approval
    basis         TEXT    NOT NULL,      -- a digest of what its cars were
    sources       TEXT    NOT NULL,      -- a digest of what was known of rights-files and of members' plates
    read_at       INTEGER,               -- when its list was last read whole
    needs_read    INTEGER NOT NULL,      -- something was not done there since, or nobody knows whether it was
    same_until_at INTEGER,               -- from when on the time alone may bring other rows
    rows          INTEGER NOT NULL,
    strangers     INTEGER NOT NULL,      -- rows that somebody else made
    capacity      INTEGER,               -- the most rows that it holds, where it says
    blocked       TEXT,                  -- the id of the changes that wait for approval
    is_filled     INTEGER NOT NULL,      -- everything was done there once
    remarks       TEXT    NOT NULL,      -- what there was to say of it, as JSON
    seal          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows that this program made at a gate, or was about to make: no other is ever touched.
CREATE TABLE gate_row (
    gate      TEXT    NOT NULL,
    plate     TEXT    NOT NULL,          -- letters and digits alone
    issuer    TEXT,
    id        TEXT    NOT NULL,          -- what the gate calls the row; empty: not known
    first_day INTEGER NOT NULL,          -- both in the gate's wall clock
    last_day  INTEGER NOT NULL,
    source    TEXT    NOT NULL,          -- of the right that it is for
    right_id  TEXT    NOT NULL,
    is_held   INTEGER NOT NULL,          -- the gate showed it; else it was announced, and may be there or not
    seal      INTEGER NOT NULL,
    PRIMARY KEY (gate, plate)
) STRICT, WITHOUT ROWID;

-- Every write to a gate that was tried. Append-only, and without plates.
CREATE TABLE gate_change (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    run       INTEGER NOT NULL REFERENCES run (id),
    gate      TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    verb      TEXT    NOT NULL,          -- add, set, remove
    loses     INTEGER NOT NULL,          -- some moment from then on was lost by it
    source    TEXT    NOT NULL,
    right_id  TEXT    NOT NULL,
    first_day INTEGER,                   -- NULL: the row was removed
    last_day  INTEGER,
    outcome   TEXT    NOT NULL,
    error     TEXT,
    sent      INTEGER NOT NULL           -- it left this computer, or may have
) STRICT;
CREATE INDEX gate_change_at ON gate_change (gate, at);
CREATE INDEX gate_change_run ON gate_change (run);
CREATE TRIGGER gate_change_is_never_edited BEFORE UPDATE ON gate_change
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER gate_change_is_never_deleted BEFORE DELETE ON gate_change
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

-- Books: what settlement files and the bank's say, and what this program knows of money itself. Amounts are in the
-- smallest unit of the section's currency, days are those of its wall clock.

-- Files of a spool as they stood when they were read: what stands as it stood is not read again.
CREATE TABLE spool_file (
    section     TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    bytes       INTEGER NOT NULL,
    modified    INTEGER NOT NULL,        -- in nanoseconds since 1970
    PRIMARY KEY (section, name)
) STRICT, WITHOUT ROWID;

-- Files that count, each once by its content.
CREATE TABLE settlement_file (
    id          INTEGER PRIMARY KEY,
    section     TEXT    NOT NULL,        -- the cashier or the bank
    sha256      TEXT    NOT NULL,
    name        TEXT    NOT NULL,        -- the first one that it had
    taken_at    INTEGER NOT NULL,
    rows        INTEGER NOT NULL,
    amount      INTEGER NOT NULL,        -- all of them, added up
    fee         INTEGER NOT NULL,
    net         INTEGER NOT NULL,
    UNIQUE (section, sha256)
) STRICT;

-- Rows of settlements, each once by its transaction. With a number of its own, so that a million of them come in
-- the order of their file.
CREATE TABLE settlement_row (
    section     TEXT    NOT NULL,
    file        INTEGER NOT NULL,        -- the first one that had it
    day         INTEGER NOT NULL,
    batch       TEXT    NOT NULL,
    txn         TEXT    NOT NULL,
    payment     TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    amount      INTEGER NOT NULL,
    fee         INTEGER NOT NULL,
    net         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    seal        INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX settlement_row_txn ON settlement_row (section, txn);
CREATE INDEX settlement_row_payment ON settlement_row (section, payment);
CREATE INDEX settlement_row_day ON settlement_row (section, day);

-- What a file added to a batch of a day; a file without rows adds nothing to a batch without a name.
CREATE TABLE settlement_part (
    section     TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    batch       TEXT    NOT NULL,
    file        INTEGER NOT NULL,
    rows        INTEGER NOT NULL,
    amount      INTEGER NOT NULL,
    fee         INTEGER NOT NULL,
    net         INTEGER NOT NULL,
    PRIMARY KEY (section, day, batch, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX settlement_part_batch ON settlement_part (section, batch);

-- Rows that were not added: they stand in their file twice, or say something else than before.
CREATE TABLE settlement_odd (
    section     TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    file        INTEGER NOT NULL,
    line        INTEGER NOT NULL,
    what        TEXT    NOT NULL,        -- repeated, changed
    batch       TEXT    NOT NULL,
    txn         TEXT    NOT NULL,
    payment     TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    amount      INTEGER NOT NULL,
    fee         INTEGER NOT NULL,
    net         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    PRIMARY KEY (section, day, file, line)
) STRICT, WITHOUT ROWID;

-- Deposits of a bank. Two of one day, batch and amount are told apart by their place in their file alone.
CREATE TABLE deposit (
    section     TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    batch       TEXT    NOT NULL,
    amount      INTEGER NOT NULL,
    nth         INTEGER NOT NULL,
    file        INTEGER NOT NULL,        -- the first one that had it
    seal        INTEGER NOT NULL,
    PRIMARY KEY (section, batch, day, amount, nth)
) STRICT, WITHOUT ROWID;
CREATE INDEX deposit_day ON deposit (section, day);

-- Payments and refunds that moved by our own knowledge.
CREATE TABLE ledger (
    source      TEXT    NOT NULL,
    kind        TEXT    NOT NULL,        -- payment, refund
    id          TEXT    NOT NULL,        -- of the document
    payment     TEXT    NOT NULL,        -- that it is, or gives back a part of
    txn         TEXT,                    -- what the other side called the movement
    amount      INTEGER NOT NULL,        -- above zero, of a refund too
    fee         INTEGER,
    at          INTEGER NOT NULL,
    batch       TEXT,
    zone        TEXT,                    -- where it was paid for
    method      TEXT,                    -- how: CREDIT_CARD
    currency    TEXT    NOT NULL,
    seal        INTEGER NOT NULL,
    PRIMARY KEY (source, kind, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_at ON ledger (source, at);
CREATE INDEX ledger_payment ON ledger (source, payment);

CREATE TABLE blocked_plan (
    id       TEXT PRIMARY KEY,
    made_at  INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL,
    document TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE salt (value BLOB NOT NULL) STRICT;
INSERT INTO salt VALUES (randomblob(16));

-- Who waits at which door and since when, how long grants waited, and how often everybody was asked.

CREATE TABLE waiting (
    device       TEXT    NOT NULL,
    employee_no  TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    holder       TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    opens_door   INTEGER NOT NULL,       -- the member stands outside until then
    after_begin  INTEGER NOT NULL,
    after_end    INTEGER NOT NULL,
    budget       TEXT,                   -- why it waits for an approval, if so
    trouble      TEXT,                   -- why it was not done, if it was tried
    since_at     INTEGER NOT NULL,       -- when a run first wanted a change of this kind for the person
    tried_at     INTEGER,                -- when a write was last sent and not confirmed
    PRIMARY KEY (device, employee_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE request (
    target TEXT PRIMARY KEY,             -- an organisation or a device
    total  INTEGER NOT NULL              -- HTTP requests by sync and apply, ever
) STRICT, WITHOUT ROWID;

-- What each channel was told of trouble, so that nobody hears the same thing every five minutes.

CREATE TABLE alarm (
    channel    TEXT    NOT NULL,    -- email, webhook, stderr
    topic      TEXT    NOT NULL,    -- door front-door away
    since_at   INTEGER NOT NULL,    -- the first bad tick
    bad        INTEGER NOT NULL,    -- bad ticks in a row, as far as they are counted
    good       INTEGER NOT NULL,    -- good ticks in a row, as far as they are counted
    good_at    INTEGER,             -- the first of them
    sent_at    INTEGER,             -- when a message about it was last taken; NULL: none yet, or over
    cleared_at INTEGER,             -- when it was last said to be over
    is_recurring   INTEGER NOT NULL,    -- it came back within a day
    PRIMARY KEY (channel, topic)
) STRICT, WITHOUT ROWID;

-- What a run leaves that found nothing to do and nothing wrong: until when, and as long as what, a tick
-- can only come to the same. At most one row; any run that looks at everything drops it when it begins.

CREATE TABLE quiet (
    run      INTEGER NOT NULL,   -- who left this
    inputs   TEXT    NOT NULL,   -- a digest of the program, the configuration and the link files
    since_at INTEGER NOT NULL,   -- when that run began
    until_at INTEGER NOT NULL,   -- when the time alone may bring a change
    files    TEXT    NOT NULL,   -- the link files, as JSON: [[SHA-256, how it stood on the disk or null], …]
    report   TEXT    NOT NULL,   -- of that run, as JSON, to be shown once more
    seal     INTEGER NOT NULL
) STRICT;

-- Whom somebody should look after: members who paid and have no door, or who are served no more, and
-- persons who are linked to nobody. As the last run that knew everything saw it.
CREATE TABLE attention (
    kind         TEXT    NOT NULL,       -- standing-outside, open-without-reason, no-door, released, observed
    device       TEXT,                   -- NULL: no door in particular
    employee_no  TEXT,                   -- NULL: nobody on a door
    source       TEXT    NOT NULL,
    holder       TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    ends         INTEGER,                -- when the time on the door is over, in wall-clock time
    since_at     INTEGER NOT NULL
) STRICT;

-- Documents that leave: money, citations, tariffs, reports. The id of a document is its key for ever, so that no row
-- of it is ever deleted. On the disk before the first byte leaves.
CREATE TABLE outbox (
    recipient  TEXT    NOT NULL,  -- the section that it is for
    id         TEXT    NOT NULL,
    kind       TEXT    NOT NULL,  -- payment, refund, citation, tariff, report, referral, withdrawal
    key        TEXT    NOT NULL,  -- a UUID
    sha256     TEXT    NOT NULL,
    amount     INTEGER,           -- in the smallest unit
    currency   TEXT,
    payment    TEXT,              -- of a refund
    state      TEXT    NOT NULL,  -- new, blocked, sent, confirmed, refused, unknown, settled
    is_done    INTEGER,           -- NULL: nobody knows, or it was never sent
    base       TEXT,              -- the version there that it was compared with
    blocked    TEXT,              -- the id by which it is approved
    made_at    INTEGER NOT NULL,
    sent_at    INTEGER,           -- when the first byte left
    changed_at INTEGER NOT NULL,
    failures   INTEGER NOT NULL,  -- how often in a row its state could not be told
    asked_at   INTEGER,
    answer     TEXT,              -- as a JSON object, without anything about persons
    error      TEXT,
    waits_for_somebody INTEGER NOT NULL,  -- nobody but a person can find out what became of it
    seal       INTEGER NOT NULL,
    PRIMARY KEY (recipient, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_id ON outbox (id);
CREATE INDEX outbox_payment ON outbox (payment) WHERE payment IS NOT NULL;
CREATE INDEX outbox_state ON outbox (state);
CREATE INDEX outbox_changed ON outbox (changed_at);

-- What a document holds, as long as it may have to be sent.
CREATE TABLE outbox_bytes (
    recipient TEXT NOT NULL,
    id        TEXT NOT NULL,
    bytes     BLOB NOT NULL,
    PRIMARY KEY (recipient, id)
) STRICT;

-- For reports of other programs. These three keep their columns within a format; the tables need not.

CREATE VIEW v_member AS SELECT
    coalesce((SELECT name FROM source WHERE account = member.source), member.source) AS source,
    holder, number, first_name, last_name, email, inactive,
    (SELECT group_concat(role || ': ' || strftime('%Y-%m-%d %H:%M:%S', begins, 'unixepoch') || ' to '
                         || strftime('%Y-%m-%d %H:%M:%S', ends, 'unixepoch'), ', ')
     FROM member_role WHERE member_role.member = member.id) AS roles,
    (SELECT strftime('%Y-%m-%d %H:%M:%S', max(ends), 'unixepoch')
     FROM member_role WHERE member_role.member = member.id) AS last_role_ends,
    (SELECT group_concat(device || '=' || employee_no, ', ')
     FROM link WHERE link.member = member.id) AS persons,
    problem,
    strftime('%Y-%m-%dT%H:%M:%SZ', missing_since, 'unixepoch') AS missing_since_utc
    FROM member;

CREATE VIEW v_door AS SELECT
    name, serial, version AS firmware,
    strftime('%Y-%m-%dT%H:%M:%SZ', read_at, 'unixepoch') AS read_at_utc,
    (SELECT count(*) FROM person WHERE person.device = device.name) AS persons,
    (SELECT count(*) FROM link WHERE link.device = device.name) AS linked,
    (SELECT count(*) FROM waiting WHERE waiting.device = device.name) AS waiting,
    failures, strftime('%Y-%m-%dT%H:%M:%SZ', failed_at, 'unixepoch') AS failed_at_utc, failure,
    failure_kind, login_refusals, unasked
    FROM device;

CREATE VIEW v_change AS SELECT
    change.id, run, strftime('%Y-%m-%dT%H:%M:%SZ', at, 'unixepoch') AS at_utc, change.device, change.employee_no,
    person.name AS person_name,
    coalesce((SELECT name FROM source WHERE account = change.source), change.source) AS source,
    change.holder, member.number, trim(member.first_name || ' ' || member.last_name) AS member_name, kind, cause,
    strftime('%Y-%m-%d %H:%M:%S', before_begin, 'unixepoch') AS before_begin,
    strftime('%Y-%m-%d %H:%M:%S', before_end, 'unixepoch') AS before_end,
    strftime('%Y-%m-%d %H:%M:%S', after_begin, 'unixepoch') AS after_begin,
    strftime('%Y-%m-%d %H:%M:%S', after_end, 'unixepoch') AS after_end,
    outcome, error
    FROM change
    LEFT JOIN person ON person.device = change.device AND person.employee_no = change.employee_no
    LEFT JOIN member ON member.source = change.source AND member.holder = change.holder;
