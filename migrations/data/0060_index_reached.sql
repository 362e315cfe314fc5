-- How far each client's index had come when the data was last written: an index that is not there yet was
-- put back from a copy, and is made anew before it answers anything.
CREATE TABLE index_reached (
    tenant BLOB PRIMARY KEY,
    guard  BIGINT NOT NULL
);
