-- By tenant and row: with the row alone, SQLite preferred an index that begins with the tenant, and
-- read all of a tenant's to find those of one batch.
DROP INDEX unit_support_case;
CREATE INDEX unit_support_case ON unit (tenant, support_case);
DROP INDEX index_outbox_tenant;
CREATE INDEX index_outbox_tenant ON index_outbox (tenant, contact);
