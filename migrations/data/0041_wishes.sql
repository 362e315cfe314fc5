-- How a file that is sent in is to be read, as JSON: names of columns, an encoding, the desk's own domains.
-- No address of anybody. Absent: as the format says.
ALTER TABLE import ADD COLUMN wishes TEXT;
