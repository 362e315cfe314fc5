-- A person has several addresses, numbers and ids. The first of each kind stays where it was; the further
-- ones are one sealed list. How many there are of each kind stands in the open, as whether there is one
-- always did: the inventory and the receipts count without a key.
ALTER TABLE contact ADD COLUMN further BLOB;
ALTER TABLE contact ADD COLUMN emails BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN phones BIGINT NOT NULL DEFAULT 0;
ALTER TABLE contact ADD COLUMN external_ids BIGINT NOT NULL DEFAULT 0;
UPDATE contact SET emails = CASE WHEN email IS NULL THEN 0 ELSE 1 END,
    phones = CASE WHEN phone IS NULL THEN 0 ELSE 1 END,
    external_ids = CASE WHEN external_id IS NULL THEN 0 ELSE 1 END;

DROP INDEX contact_with_phone;
DROP INDEX contact_with_email;
DROP INDEX contact_with_external_id;
CREATE INDEX contact_with_phones ON contact (tenant, source, created_at, phones)
    WHERE phones > 0 AND erased_at IS NULL;
CREATE INDEX contact_with_emails ON contact (tenant, source, created_at, emails)
    WHERE emails > 0 AND erased_at IS NULL;
CREATE INDEX contact_with_external_ids ON contact (tenant, source, created_at, external_ids)
    WHERE external_ids > 0 AND erased_at IS NULL;
