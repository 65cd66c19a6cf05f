-- What a run leaves that found nothing to do and nothing wrong: until when, and as long as what, a tick
-- can only come to the same. At most one row; any run that looks at everything drops it when it begins.

CREATE TABLE quiet (
    inputs   TEXT    NOT NULL,   -- a digest of the program, the configuration and the link files
    since_at INTEGER NOT NULL,   -- when that run began
    until_at INTEGER NOT NULL,   -- when the time alone may bring a change
    told     TEXT    NOT NULL,   -- what that run had to say, as JSON, to be said again
    seal     INTEGER NOT NULL
) STRICT;
