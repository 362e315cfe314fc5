-- By tenant and contact: since units of a case begin with the tenant too (0010), SQLite took that index for a
-- contact's units, and read all units of the tenant to find one person's. The case is there for their order.
CREATE INDEX unit_of_contact ON unit (tenant, contact, support_case);
