-- What each channel was told of trouble, so that nobody hears the same thing every five minutes.

CREATE TABLE alarm (
    channel    TEXT    NOT NULL,    -- email, webhook
    topic      TEXT    NOT NULL,    -- door front-door away
    since_at   INTEGER NOT NULL,    -- the first bad tick
    bad        INTEGER NOT NULL,    -- bad ticks in a row, as far as they are counted
    good       INTEGER NOT NULL,    -- good ticks in a row, as far as they are counted
    good_at    INTEGER,             -- the first of them
    told_at    INTEGER,             -- when a message about it was last taken; NULL: not told, or over
    cleared_at INTEGER,             -- when it was last said to be over
    is_again   INTEGER NOT NULL,    -- it came back within a day
    PRIMARY KEY (channel, topic)
) STRICT, WITHOUT ROWID;
