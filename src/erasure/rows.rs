//! The erasure room's SQL, and nothing else.

crate::store::statements! { data:
    /// Which vault this data belongs to and how far its erasures have been carried out.
    READ_META = "SELECT vault_id, applied, restoration, vault_version, orphans FROM meta WHERE id = 1";
    /// Binds new data to its vault.
    INSERT_META = "INSERT INTO meta (id, vault_id, applied, vault_version) VALUES (1, $1, $2, $3)";
    /// Says how far erasures have been carried out.
    RAISE_APPLIED = "UPDATE meta SET applied = $1 WHERE id = 1 AND applied < $2";
    /// Marks data as restored, unless it is marked already.
    MARK_RESTORED = "UPDATE meta SET restoration = $1, orphans = $2 WHERE id = 1 AND restoration IS NULL";
    /// Marks data that was just put in place as restored, whatever it says of itself.
    MARK_PUT_BACK = "UPDATE meta SET restoration = $1, orphans = $2 WHERE id = 1";
    /// Whether keys may be left that only a newer backup has rows for.
    SET_ORPHANS = "UPDATE meta SET orphans = $1 WHERE id = 1";
    /// Notes how far the vault is known to have come.
    RAISE_VAULT_VERSION = "UPDATE meta SET vault_version = $1 WHERE id = 1 AND vault_version < $2";
    /// Marks data as reconciled; queued work waits until a person confirms.
    CLEAR_RESTORED = "UPDATE meta SET restoration = NULL, paused = $1 WHERE id = 1";
    /// Every tenant there is data of.
    TENANTS = "SELECT id FROM tenant ORDER BY id";
    /// Those that are not purged, nor about to be.
    LIVING_TENANTS = "SELECT id FROM tenant WHERE erased_at IS NULL ORDER BY id";
    /// The highest block a tenant's data uses.
    HIGHEST_BLOCK = "SELECT MAX(block) FROM unit WHERE tenant = $1";

    /// Stops writing about a contact; whoever comes second finds no row.
    CLOSE_CONTACT = "UPDATE contact SET guard = guard + 1, erased_at = $1 WHERE tenant = $2 AND id = $3 AND erased_at IS NULL RETURNING unit";
    /// Whether a contact is there, and since when it is being erased.
    READ_CONTACT = "SELECT erased_at FROM contact WHERE tenant = $1 AND id = $2";
    /// The units of a contact. In no order: asked for the order of the keys, SQLite would read every
    /// unit of the tenant in that order.
    UNITS_OF_CONTACT = "SELECT id, block, leaf, kind, contact, support_case FROM unit WHERE tenant = $1 AND contact = $2";
    /// Marks the units of a contact.
    CLOSE_UNITS = "UPDATE unit SET erased_at = $1 WHERE tenant = $2 AND contact = $3 AND erased_at IS NULL";
    /// Closes the cases a contact opened: what would be added to them would be the contact's.
    CLOSE_CASES = "UPDATE support_case SET guard = guard + 1, erased_at = $1 WHERE tenant = $2 AND requester = $3 AND erased_at IS NULL";
    /// Marks the unit with this key.
    CLOSE_UNIT = "UPDATE unit SET erased_at = $1 WHERE tenant = $2 AND block = $3 AND leaf = $4 AND erased_at IS NULL";
    /// Quarantined records that nobody discards yet, in order of id, with their keys.
    QUARANTINED_AFTER = "SELECT q.id, u.block, u.leaf FROM quarantine q JOIN unit u ON u.id = q.unit WHERE q.tenant = $1 AND q.id > $2 AND u.erased_at IS NULL ORDER BY q.id LIMIT $3";
    /// One of them.
    QUARANTINED = "SELECT q.id, u.block, u.leaf FROM quarantine q JOIN unit u ON u.id = q.unit WHERE q.tenant = $1 AND q.id = $2 AND u.erased_at IS NULL";
    /// Stops all writing about a tenant that creates anything.
    CLOSE_GATES = "UPDATE gate SET passes = passes + 1, closed = $1 WHERE tenant = $2";
    /// Takes a tenant for its purge; whoever comes second finds no row.
    CLOSE_TENANT = "UPDATE tenant SET guard = guard + 1, state = $1, erased_at = $2 WHERE id = $3 AND erased_at IS NULL RETURNING name";
    /// What receipts say of a tenant.
    READ_TENANT = "SELECT slug, name, org_no, erased_at FROM tenant WHERE id = $1";
    /// What stays of a purged tenant: its company, no person.
    EMPTY_TENANT = "UPDATE tenant SET state = $1, email = $2, erased_at = COALESCE(erased_at, $3) WHERE id = $4";

    /// Accepts an erasure.
    INSERT_ERASURE = "INSERT INTO erasure (id, tenant, kind, subject, strict, facts, requested_at, destroyed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Whether an erasure is accepted.
    READ_ERASURE = "SELECT id, tenant, kind, subject, strict, facts, requested_at FROM erasure WHERE id = $1";
    /// The newest accepted erasure of a contact.
    ERASURE_OF_SUBJECT = "SELECT id, tenant, kind, subject, strict, facts, requested_at FROM erasure WHERE tenant = $1 AND subject = $2 AND kind = $3 ORDER BY requested_at DESC LIMIT 1";
    /// The accepted purge of a tenant.
    ERASURE_OF_TENANT = "SELECT id, tenant, kind, subject, strict, facts, requested_at FROM erasure WHERE tenant = $1 AND kind = $2 AND subject IS NULL ORDER BY requested_at DESC LIMIT 1";
    /// Accepted erasures whose keys are not known to be destroyed. Of those of one moment a purge comes last:
    /// after it nobody is left to whom a receipt of their own could be given.
    OPEN_ERASURES = "SELECT id, tenant, kind, subject, strict, facts, requested_at FROM erasure WHERE destroyed = $1 ORDER BY requested_at, subject IS NULL, id";
    /// Which keys an accepted erasure is to destroy.
    SET_KEYS = "UPDATE erasure SET keys = $1 WHERE id = $2";
    /// The same, read again.
    READ_KEYS = "SELECT keys FROM erasure WHERE id = $1";
    /// Erasures whose keys are destroyed, as far as this data knows.
    DESTROYED_ERASURES = "SELECT id, tenant, kind, subject, strict, facts, requested_at, keys FROM erasure WHERE destroyed = $1 AND kind <> 'withdrawn'";
    /// Brings the marks of data down to what a promoted mirror knows, and has it reconciled. Keys that
    /// no row names may be there again that the lost vault had destroyed.
    MARK_PROMOTED = "UPDATE meta SET applied = CASE WHEN applied > $1 THEN $2 ELSE applied END, vault_version = $3, restoration = $4, orphans = $5 WHERE id = 1";
    /// An erasure is to be carried out again, on these keys.
    REOPEN_ERASURE = "UPDATE erasure SET destroyed = $1, keys = $2, facts = $3 WHERE id = $4";
    /// The blocks of keys that units name.
    USED_BLOCKS = "SELECT tenant, block FROM unit GROUP BY tenant, block";
    /// An accepted erasure passed the point of no return.
    MARK_DESTROYED = "UPDATE erasure SET destroyed = $1 WHERE id = $2 AND destroyed = $3";

    /// Makes sure there is a count to raise.
    BEGIN_PROGRESS = "INSERT INTO erasure_progress (id, erasure, seq, again, counts, receipted) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
    /// Erasing again is finished, with these results.
    SET_AGAIN_RESULTS = "UPDATE erasure_progress SET results = $1 WHERE id = $2 AND results IS NULL";
    /// Takes the count; two who delete at once count one after the other.
    TAKE_PROGRESS = "UPDATE erasure_progress SET seq = seq WHERE id = $1 RETURNING counts";
    /// Raises the count.
    SET_PROGRESS = "UPDATE erasure_progress SET counts = $1 WHERE id = $2";
    /// Reads the count.
    READ_PROGRESS = "SELECT counts FROM erasure_progress WHERE id = $1";
    /// Erasures done again whose receipts are not issued yet.
    OPEN_AGAIN = "SELECT id, erasure, results FROM erasure_progress WHERE again = $1 AND receipted = $2 AND results IS NOT NULL ORDER BY seq";
    /// A receipt for erasing again is issued.
    MARK_RECEIPTED = "UPDATE erasure_progress SET receipted = $1 WHERE id = $2";

    /// Whom anything of a contact was given to.
    RECIPIENTS_OF_CONTACT = "SELECT DISTINCT f.recipient FROM unit u JOIN forwarding f ON f.unit = u.id WHERE u.tenant = $1 AND u.contact = $2 ORDER BY f.recipient";
    /// Whom anything of a contact's part of one case was given to.
    RECIPIENTS_OF_PART = "SELECT DISTINCT f.recipient FROM unit u JOIN forwarding f ON f.unit = u.id WHERE u.tenant = $1 AND u.contact = $2 AND u.support_case = $3 ORDER BY f.recipient";
    /// The recipients that the register has for a tenant.
    REGISTER = "SELECT name FROM recipient WHERE tenant = $1 OR tenant IS NULL ORDER BY name, id";
    /// Whether a tenant has records that an import could not read.
    HAS_QUARANTINE = "SELECT id FROM quarantine WHERE tenant = $1 LIMIT 1";
    /// Whether a tenant has an uploaded file that is not taken in.
    HAS_UPLOAD = "SELECT id FROM import_chunk WHERE tenant = $1 LIMIT 1";
    /// The key of an uploaded file that is still there.
    KEY_OF_UPLOAD = "SELECT u.block, u.leaf FROM import i JOIN unit u ON u.id = i.unit WHERE i.tenant = $1 AND i.id = $2";
    /// Deletes the next pieces of a unit, which are large.
    DELETE_SOME_PIECES = "DELETE FROM import_chunk WHERE id IN (SELECT id FROM import_chunk WHERE unit = $1 ORDER BY id LIMIT $2)";
    /// Deletes what is known of a tenant's uploads: nobody adds a piece to one that is not there.
    DELETE_IMPORTS = "DELETE FROM import WHERE tenant = $1";
    /// Deletes which of their lines could not be read.
    DELETE_REJECTS = "DELETE FROM import_reject WHERE import IN (SELECT id FROM import WHERE tenant = $1)";
    /// The next contacts of a tenant.
    CONTACTS_AFTER = "SELECT id FROM contact WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3";
    /// The next units of a tenant.
    UNITS_OF_TENANT = "SELECT id, block, leaf, kind, contact, support_case FROM unit WHERE tenant = $1 ORDER BY block, leaf LIMIT $2";
    /// The unit with this key.
    UNIT_OF_KEY = "SELECT id, block, leaf, kind, contact, support_case FROM unit WHERE tenant = $1 AND block = $2 AND leaf = $3";
    /// Every unit of a tenant after a key, with its place.
    UNITS_AFTER = "SELECT block, leaf FROM unit WHERE tenant = $1 AND (block, leaf) > ($2, $3) ORDER BY block, leaf LIMIT $4";

    /// Takes a contact before its rows are deleted, so that no writer is in between.
    TAKE_CONTACT = "UPDATE contact SET guard = guard + 1, erased_at = COALESCE(erased_at, $1) WHERE id = $2 RETURNING external_ids, CAST(CASE WHEN name IS NULL THEN 0 ELSE 1 END AS BIGINT), phones, emails";
    /// The next messages of a unit.
    MESSAGES_OF_UNIT = "SELECT id FROM message WHERE unit = $1 ORDER BY id LIMIT $2";
    /// Deletes the next files of a unit, which may be large.
    DELETE_SOME_ATTACHMENTS = "DELETE FROM attachment WHERE id IN (SELECT id FROM attachment WHERE unit = $1 ORDER BY id LIMIT $2)";
    /// What a contact holds that nobody may write about any more.
    CLOSED_CONTACT = "SELECT external_ids, CAST(CASE WHEN name IS NULL THEN 0 ELSE 1 END AS BIGINT), phones, emails FROM contact WHERE id = $1 AND erased_at IS NOT NULL";
    /// Deletes the messages of a unit.
    DELETE_MESSAGES = "DELETE FROM message WHERE unit = $1";
    /// Deletes the messages of a unit up to an id.
    DELETE_MESSAGES_UP_TO = "DELETE FROM message WHERE unit = $1 AND id <= $2";
    /// Deletes the forwardings of a unit.
    DELETE_FORWARDINGS = "DELETE FROM forwarding WHERE unit = $1";
    /// Deletes the quarantined records of a unit.
    DELETE_QUARANTINE = "DELETE FROM quarantine WHERE unit = $1";
    /// Deletes the request of a unit.
    DELETE_REQUESTS = "DELETE FROM request WHERE unit = $1";
    /// Deletes the steps of a tenant's requests.
    DELETE_REQUEST_EVENTS = "DELETE FROM request_event WHERE tenant = $1";
    /// Deletes when their clocks stood still.
    DELETE_REQUEST_PAUSES = "DELETE FROM request_pause WHERE tenant = $1";
    /// Deletes the version of a notice that a unit holds.
    DELETE_NOTICE_VERSIONS = "DELETE FROM notice_version WHERE unit = $1";
    /// Deletes the secret of contract events that a unit holds.
    DELETE_HOOK_SECRETS = "DELETE FROM hook_secret WHERE unit = $1";
    /// Deletes the endpoint whose address and secret a unit holds.
    DELETE_ENDPOINTS = "DELETE FROM webhook_endpoint WHERE unit = $1";
    /// Deletes the contract events of a unit.
    DELETE_HOOK_EVENTS = "DELETE FROM hook_event WHERE unit = $1";
    /// Takes the case whose requester's part is this unit, before it is seen who else wrote in it.
    TAKE_CASE_OF_UNIT = "UPDATE support_case SET guard = guard + 1 WHERE unit = $1 RETURNING id";
    /// Somebody else's part of a case.
    OTHER_PART = "SELECT u.id, u.contact FROM support_case s \
        JOIN unit u ON u.tenant = s.tenant AND u.support_case = s.id \
        WHERE s.id = $1 AND u.id <> $2 AND u.erased_at IS NULL ORDER BY u.created_at LIMIT 1";
    /// Leaves a case to somebody else who wrote in it; what the requester wrote is gone from it.
    HAND_CASE_ON = "UPDATE support_case SET guard = guard + 1, requester = $1, unit = $2, external_id = NULL, subject = NULL, erased_at = NULL WHERE id = $3";
    /// Deletes a case.
    DELETE_CASE = "DELETE FROM support_case WHERE id = $1";
    /// Deletes a unit.
    DELETE_UNIT = "DELETE FROM unit WHERE id = $1";
    /// Deletes a contact.
    DELETE_CONTACT = "DELETE FROM contact WHERE id = $1";
    /// Deletes a note of the index outbox.
    DELETE_OUTBOX = "DELETE FROM index_outbox WHERE tenant = $1 AND contact = $2";
    /// Deletes every note of a tenant in the index outbox.
    DELETE_TENANT_OUTBOX = "DELETE FROM index_outbox WHERE tenant = $1";
    /// Deletes how far a tenant's index had come.
    DELETE_INDEX_REACHED = "DELETE FROM index_reached WHERE tenant = $1";
    /// Deletes a tenant's gates.
    DELETE_GATES = "DELETE FROM gate WHERE tenant = $1";
    /// Deletes what a tenant's notice said of it.
    DELETE_CONTROLLER = "DELETE FROM controller WHERE tenant = $1";
    /// Deletes a tenant's own recipients.
    DELETE_RECIPIENTS = "DELETE FROM recipient WHERE tenant = $1";
    /// Deletes what a tenant's data was processed for.
    DELETE_PURPOSES = "DELETE FROM purpose WHERE tenant = $1";
    /// Deletes how long a tenant's data was kept.
    DELETE_RETENTION_RULES = "DELETE FROM retention_rule WHERE tenant = $1";

    /// How many rows of a unit are left.
    LEFT_OF_UNIT = "SELECT (SELECT COUNT(*) FROM message WHERE unit = $1) + (SELECT COUNT(*) FROM forwarding WHERE unit = $2) + (SELECT COUNT(*) FROM quarantine WHERE unit = $3) + (SELECT COUNT(*) FROM support_case WHERE unit = $4) + (SELECT COUNT(*) FROM attachment WHERE unit = $5) + (SELECT COUNT(*) FROM import_chunk WHERE unit = $6) + (SELECT COUNT(*) FROM request WHERE unit = $7) + (SELECT COUNT(*) FROM hook_event WHERE unit = $8) + (SELECT COUNT(*) FROM notice_version WHERE unit = $9)";
    /// How many contacts and units of a tenant are left.
    LEFT_OF_TENANT = "SELECT (SELECT COUNT(*) FROM contact WHERE tenant = $1) + (SELECT COUNT(*) FROM unit WHERE tenant = $2) + (SELECT COUNT(*) FROM support_case WHERE tenant = $3) + (SELECT COUNT(*) FROM message WHERE tenant = $4) + (SELECT COUNT(*) FROM forwarding WHERE tenant = $5) + (SELECT COUNT(*) FROM quarantine WHERE tenant = $6) + (SELECT COUNT(*) FROM attachment WHERE tenant = $7) + (SELECT COUNT(*) FROM import_chunk WHERE tenant = $8) + (SELECT COUNT(*) FROM request WHERE tenant = $9) + (SELECT COUNT(*) FROM hook_event WHERE tenant = $10) + (SELECT COUNT(*) FROM notice_version WHERE tenant = $11)";
    /// How many rows of a contact are left.
    LEFT_OF_CONTACT = "SELECT (SELECT COUNT(*) FROM contact WHERE id = $1) + (SELECT COUNT(*) FROM unit WHERE tenant = $2 AND contact = $3)";

    /// What a contact holds, for a preview.
    COUNT_CONTACT = "SELECT (SELECT COUNT(*) FROM unit WHERE tenant = $1 AND contact = $2), (SELECT COUNT(*) FROM message WHERE unit IN (SELECT id FROM unit WHERE tenant = $3 AND contact = $4)), (SELECT COUNT(*) FROM forwarding WHERE unit IN (SELECT id FROM unit WHERE tenant = $5 AND contact = $6)), (SELECT COUNT(*) FROM support_case WHERE tenant = $7 AND requester = $8)";
    /// What a tenant holds, for a preview.
    COUNT_TENANT = "SELECT (SELECT COUNT(*) FROM unit WHERE tenant = $1), (SELECT COUNT(*) FROM message WHERE tenant = $2), (SELECT COUNT(*) FROM forwarding WHERE tenant = $3), (SELECT COUNT(*) FROM support_case WHERE tenant = $4), (SELECT COUNT(*) FROM contact WHERE tenant = $5), (SELECT COUNT(*) FROM quarantine WHERE tenant = $6)";
}

crate::store::bulk! { data:
    /// Closes contacts before their rows are deleted, so that no writer is in between.
    TAKE_PEOPLE = "UPDATE contact SET guard = guard + 1, erased_at = COALESCE(erased_at, $1) \
        WHERE tenant = $2 AND id IN (", [Blob], ") RETURNING external_ids, \
        CAST(CASE WHEN name IS NULL THEN 0 ELSE 1 END AS BIGINT), phones, emails";
    /// The units of contacts.
    UNITS_OF_CONTACTS = "SELECT id FROM unit WHERE tenant = $1 AND contact IN (", [Blob], ")";
    /// Deletes the messages of units.
    DELETE_MESSAGES_OF_UNITS = "DELETE FROM message WHERE unit IN (", [Blob], ")";
    /// Deletes the files sent along with them.
    DELETE_ATTACHMENTS_OF_UNITS = "DELETE FROM attachment WHERE unit IN (", [Blob], ")";
    /// Deletes their forwardings.
    DELETE_FORWARDINGS_OF_UNITS = "DELETE FROM forwarding WHERE unit IN (", [Blob], ")";
    /// Deletes the cases that contacts opened.
    DELETE_CASES_OF_CONTACTS = "DELETE FROM support_case WHERE requester IN (", [Blob], ")";
    /// Deletes units.
    DELETE_UNITS = "DELETE FROM unit WHERE id IN (", [Blob], ")";
    /// Deletes contacts.
    DELETE_CONTACTS = "DELETE FROM contact WHERE id IN (", [Blob], ")";
}

/// Statements on the vault.
pub(crate) mod vault {
    crate::store::statements! { vault:
        /// Ledger entries whose rows are deleted and whose receipt is not issued.
        WITHOUT_RECEIPT = "SELECT erasure_id FROM ledger WHERE rows_deleted_at IS NOT NULL AND receipted_at IS NULL ORDER BY seq";
        /// The receipt of an entry is in the log.
        MARK_RECEIPTED = "UPDATE ledger SET receipted_at = $1, written = $2 WHERE erasure_id = $3 AND receipted_at IS NULL";
        /// Keeps an order until its keys are destroyed.
        INSERT_ORDER = "INSERT INTO erasure_order (id, tenant, kind, subject, strict, facts, requested_at, written) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        /// Orders whose keys are not destroyed.
        ORDERS = "SELECT id, tenant, kind, subject, strict, facts, requested_at FROM erasure_order ORDER BY requested_at, subject IS NULL, id";
        /// A rehousing under way that a hold would come too late for.
        REHOUSING_OF = "SELECT id FROM erasure_order WHERE tenant = $1 AND kind = $2 AND ($3 OR subject = $4) LIMIT 1";
        /// Takes an order back: somebody else's came first, or there is nobody to erase.
        DELETE_ORDER = "DELETE FROM erasure_order WHERE id = $1";
        /// At which version of the vault the receipt of an entry was noted.
        RECEIPTED_VERSION = "SELECT written FROM ledger WHERE erasure_id = $1 AND receipted_at IS NOT NULL";
        /// At which version of the vault the newest receipt was noted.
        NEWEST_RECEIPTED = "SELECT MAX(written) FROM ledger WHERE receipted_at IS NOT NULL";
        /// Places a hold.
        INSERT_HOLD = "INSERT INTO hold (id, tenant, subject, reason, placed_by, placed_at, written) VALUES ($1, $2, $3, $4, $5, $6, $7)";
        /// Releases a hold.
        RELEASE_HOLD = "UPDATE hold SET released_at = $1, released_by = $2, written = $3 WHERE id = $4 AND released_at IS NULL RETURNING tenant";
        /// Holds in force on a tenant.
        HOLDS_OF_TENANT = "SELECT id, tenant, subject, reason, placed_by, placed_at FROM hold WHERE tenant = $1 AND released_at IS NULL ORDER BY placed_at";
        /// Every hold in force.
        ALL_HOLDS = "SELECT id, tenant, subject, reason, placed_by, placed_at FROM hold WHERE released_at IS NULL ORDER BY placed_at";
    }
}
