-- How many blocks of keys each client had when a line of history began: what an earlier line gave out
-- from there on is lost, and where this vault has a block of the same number it is another one. One row
-- of a line is of no client, so that a line that began without any is known too. Never deleted.
CREATE TABLE line_begin (
    number  BIGINT NOT NULL,       -- of the line
    tenant  BLOB NOT NULL,
    blocks  BIGINT NOT NULL,
    written BIGINT NOT NULL,
    PRIMARY KEY (number, tenant)
);
CREATE INDEX line_begin_written ON line_begin (written);

-- Which data was put in its place with a loss that a person accepted: its mark of being restored, and
-- the line that it is of. Only there may rows go whose keys nobody has.
CREATE TABLE accepted_loss (
    restoration BLOB NOT NULL PRIMARY KEY,
    line        BIGINT NOT NULL
);
