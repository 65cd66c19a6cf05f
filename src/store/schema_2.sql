-- Logins refused of late, whatever the password was: so many wrong ones lock a device.
ALTER TABLE device ADD COLUMN login_spent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN login_spent_since INTEGER;                -- the first of them

-- Failures of devices, so that one that fails again and again is asked less and less often; and the
-- firmware that was seen to change nothing but what it was told.

ALTER TABLE device ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;      -- in a row
ALTER TABLE device ADD COLUMN failed_at INTEGER;                        -- the last of them
ALTER TABLE device ADD COLUMN failure TEXT;                             -- what it was, to be told while waiting
ALTER TABLE device ADD COLUMN failure_hint TEXT;
ALTER TABLE device ADD COLUMN is_doubted INTEGER NOT NULL DEFAULT 0;    -- it answered, and was not believed
ALTER TABLE device ADD COLUMN firmware TEXT;                            -- when it was last read
ALTER TABLE device ADD COLUMN proven_firmware TEXT;                     -- the one that took a first write well
