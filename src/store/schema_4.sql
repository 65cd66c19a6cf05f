-- Who waits at which door and since when, how long grants waited, and how often everybody was asked.

CREATE TABLE waiting (
    device       TEXT    NOT NULL,
    employee_no  TEXT    NOT NULL,
    organisation INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    birth_date   TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    opens_door   INTEGER NOT NULL,       -- the member stands outside until then
    after_begin  INTEGER NOT NULL,
    after_end    INTEGER NOT NULL,
    budget       TEXT,                   -- why it waits for an approval, if so
    trouble      TEXT,                   -- why it was not done, if it was tried
    since_at     INTEGER NOT NULL,       -- when a run first wanted a change of this kind for the person
    PRIMARY KEY (device, employee_no)
) STRICT, WITHOUT ROWID;

ALTER TABLE change ADD COLUMN waited INTEGER;   -- seconds from the run that first wanted it to its outcome
CREATE INDEX change_waited ON change (outcome, kind, waited) WHERE waited IS NOT NULL;
CREATE INDEX change_at ON change (at);

CREATE TABLE request (
    target TEXT PRIMARY KEY,             -- an organisation or a device
    total  INTEGER NOT NULL              -- HTTP requests by sync and apply, ever
) STRICT, WITHOUT ROWID;
