-- Which computer ran, checksums over what decides who may enter, and an index for pruning.

ALTER TABLE run ADD COLUMN machine TEXT;        -- a digest of the computer's lasting identity, where known
ALTER TABLE run ADD COLUMN boot TEXT;           -- a digest of the identity of its current start, where known
ALTER TABLE member ADD COLUMN seal INTEGER;     -- over the member and the roles; NULL: written before there were seals
ALTER TABLE link ADD COLUMN seal INTEGER;
ALTER TABLE link_file ADD COLUMN seal INTEGER;  -- over all rows of the file
CREATE INDEX change_run ON change (run);
