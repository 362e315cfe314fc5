-- A person is told when their data were looked at (C-579/21): acts on one row, in order of time.
CREATE INDEX audit_object ON audit (object, at);
