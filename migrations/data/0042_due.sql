-- What is due goes by our own aim, which never lies after the last day by law.
CREATE INDEX request_aim ON request (due_date) WHERE closed_at IS NULL;
-- Events that wait for a person.
CREATE INDEX hook_event_outcome ON hook_event (outcome, received_at);
