-- One tenant's acts, the newest first: without this they were looked for among everybody's.
CREATE INDEX audit_tenant ON audit (tenant, at, id);
