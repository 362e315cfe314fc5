//! The catalog's statements over the data store.

/// A contact `c` with its unit `u`: read by `ContactRow::read`, then `UnitRow::read` from 11.
macro_rules! contact {
    () => {
        "c.id, c.unit, c.external_id, c.name, c.phone, c.email, c.source, c.created_at, \
         c.updated_at, c.sealed_version, c.erased_at, u.id, u.block, u.leaf, u.commitment, c.further "
    };
}

/// A case `s` with the requester's part `u`: `CaseRow::read`, then `UnitRow::read` from 12.
macro_rules! support_case {
    () => {
        "s.id, s.requester, s.unit, s.external_id, s.subject, s.channel, s.state, \
         s.custody, s.opened_at, s.closed_at, s.sealed_version, s.erased_at, \
         u.id, u.block, u.leaf, u.commitment "
    };
}

/// A tenant `t` with its unit `u`.
macro_rules! tenant {
    () => {
        "t.id, t.slug, t.name, t.org_no, t.country, t.languages, t.timezone, t.state, \
         t.created_at, t.erased_at, t.email, t.sealed_version, u.id, u.block, u.leaf, u.commitment "
    };
}

crate::store::statements! { data:
    /// One tenant by slug.
    TENANT_BY_SLUG = concat!("SELECT ", tenant!(), "FROM tenant t JOIN unit u ON u.id = t.unit WHERE t.slug = $1");
    /// Takes a tenant to change it.
    TAKE_TENANT = "UPDATE tenant SET guard = guard + 1 WHERE slug = $1 AND erased_at IS NULL RETURNING id";
    /// Changes what is known of it.
    SET_TENANT = "UPDATE tenant SET name = $1, org_no = $2, languages = $3, timezone = $4, email = $5, \
        sealed_version = $6 WHERE id = $7";
    /// A tenant as most calls need it.
    TENANT_REF_BY_ID = "SELECT slug, country, erased_at FROM tenant WHERE id = $1";
    /// Every tenant.
    TENANTS = concat!("SELECT ", tenant!(), "FROM tenant t JOIN unit u ON u.id = t.unit ORDER BY t.slug");
    /// A new tenant.
    INSERT_TENANT = "INSERT INTO tenant (id, slug, name, org_no, country, languages, timezone, \
        state, unit, email, created_at, sealed_version, guard) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    /// Passing one gate; no row when a purge has closed it.
    PASS_GATE = "UPDATE gate SET passes = passes + 1 \
        WHERE tenant = $1 AND number = $2 AND closed = $3 RETURNING passes";
    /// Waiting for all who are past a gate: their transactions end before this one goes on.
    PASS_ALL_GATES = "UPDATE gate SET passes = passes + 1 WHERE tenant = $1";
    /// One contact.
    CONTACT = concat!("SELECT ", contact!(), "FROM contact c JOIN unit u ON u.id = c.unit \
        WHERE c.tenant = $1 AND c.id = $2");
    /// Contacts in order of id, for a walk.
    CONTACTS_AFTER = concat!("SELECT ", contact!(), "FROM contact c JOIN unit u ON u.id = c.unit \
        WHERE c.tenant = $1 AND c.id > $2 AND c.erased_at IS NULL ORDER BY c.id LIMIT $3");
    /// Contacts whose tokens must be written anew.
    NOTED_CONTACTS = concat!("SELECT ", contact!(), "FROM index_outbox o JOIN contact c ON c.id = o.contact \
        JOIN unit u ON u.id = c.unit \
        WHERE o.tenant = $1 AND c.erased_at IS NULL ORDER BY o.contact LIMIT $2");
    /// The case's guard; no row when it is being erased or gone.
    TAKE_CASE = "UPDATE support_case SET guard = guard + 1 \
        WHERE tenant = $1 AND id = $2 AND erased_at IS NULL RETURNING guard";
    /// One case.
    CASE = concat!("SELECT ", support_case!(), "FROM support_case s JOIN unit u ON u.id = s.unit \
        WHERE s.tenant = $1 AND s.id = $2");
    /// Cases in order of id, for a walk.
    CASES_AFTER = concat!("SELECT ", support_case!(), "FROM support_case s JOIN unit u ON u.id = s.unit \
        WHERE s.tenant = $1 AND s.id > $2 AND s.erased_at IS NULL ORDER BY s.id LIMIT $3");
    /// Cases a contact has a part of.
    CASES_OF_CONTACT = concat!("SELECT ", support_case!(), "FROM unit p \
        JOIN support_case s ON s.id = p.support_case JOIN unit u ON u.id = s.unit \
        WHERE p.tenant = $1 AND p.contact = $2 AND p.kind = $3 AND p.erased_at IS NULL \
        ORDER BY s.opened_at, s.id");
    /// The same in order of time, page by page.
    NEXT_CASES_OF_CONTACT = concat!("SELECT ", support_case!(), "FROM unit p \
        JOIN support_case s ON s.id = p.support_case JOIN unit u ON u.id = s.unit \
        WHERE p.tenant = $1 AND p.contact = $2 AND p.kind = $3 AND p.erased_at IS NULL \
        AND (s.opened_at, s.id) > ($4, $5) ORDER BY s.opened_at, s.id LIMIT $6");
    /// What of a case may change without being sealed.
    SET_CASE_STATE = "UPDATE support_case SET state = $1, custody = $2, closed_at = $3 \
        WHERE tenant = $4 AND id = $5";
    /// Messages of a case in order of id, for a walk.
    MESSAGES_OF_CASE = "SELECT m.id, m.contact, m.external_id, m.author, m.body, m.direction, \
        m.channel, m.sent_at, m.sealed_version, u.id, u.block, u.leaf, u.commitment, m.author_kind \
        FROM message m JOIN unit u ON u.id = m.unit \
        WHERE m.tenant = $1 AND m.support_case = $2 AND u.erased_at IS NULL AND m.id > $3 \
        ORDER BY m.id LIMIT $4";
    /// One message.
    MESSAGE = "SELECT m.id, m.contact, m.external_id, m.author, m.body, m.direction, \
        m.channel, m.sent_at, m.sealed_version, u.id, u.block, u.leaf, u.commitment, m.author_kind, m.support_case \
        FROM message m JOIN unit u ON u.id = m.unit \
        WHERE m.tenant = $1 AND m.id = $2 AND u.erased_at IS NULL";
    /// The same in order of time.
    NEXT_MESSAGES_OF_CASE = "SELECT m.id, m.contact, m.external_id, m.author, m.body, m.direction, \
        m.channel, m.sent_at, m.sealed_version, u.id, u.block, u.leaf, u.commitment, m.author_kind \
        FROM message m JOIN unit u ON u.id = m.unit \
        WHERE m.tenant = $1 AND m.support_case = $2 AND u.erased_at IS NULL \
        AND (m.sent_at, m.id) > ($3, $4) ORDER BY m.sent_at, m.id LIMIT $5";
    /// Files of one contact in a case, without their content.
    ATTACHMENTS_OF_PART = "SELECT a.id, a.message, a.name, a.media_type, a.size, a.sealed_version, \
        u.id, u.block, u.leaf, u.commitment \
        FROM attachment a JOIN unit u ON u.id = a.unit \
        WHERE a.tenant = $1 AND a.support_case = $2 AND a.contact = $3 AND u.erased_at IS NULL \
        ORDER BY a.id";
    /// One file of a contact with its content.
    ATTACHMENT = "SELECT a.content, a.sealed_version, u.id, u.block, u.leaf, u.commitment \
        FROM attachment a JOIN unit u ON u.id = a.unit \
        WHERE a.tenant = $1 AND a.contact = $2 AND a.id = $3 AND u.erased_at IS NULL";
    /// How many files are a contact's.
    COUNT_ATTACHMENTS = "SELECT COUNT(*) FROM unit u JOIN attachment a ON a.unit = u.id \
        WHERE u.tenant = $1 AND u.contact = $2 AND u.erased_at IS NULL";
    /// The case of a message.
    CASE_OF_MESSAGE = "SELECT support_case FROM message WHERE tenant = $1 AND id = $2";
    /// Forwardings of a case.
    FORWARDINGS_OF_CASE = "SELECT f.id, f.contact, f.recipient, f.reason, f.at, f.message, \
        f.sealed_version, u.id, u.block, u.leaf, u.commitment \
        FROM forwarding f JOIN unit u ON u.id = f.unit \
        WHERE f.tenant = $1 AND f.support_case = $2 AND u.erased_at IS NULL ORDER BY f.at, f.id";
    /// What is known of quarantined records without opening them, for a walk.
    QUARANTINE_LIST = "SELECT q.id, q.source, q.line, q.reason, q.at \
        FROM quarantine q JOIN unit u ON u.id = q.unit \
        WHERE q.tenant = $1 AND q.id > $2 AND u.erased_at IS NULL ORDER BY q.id LIMIT $3";
    /// One quarantined record, whoever's it is.
    QUARANTINED = "SELECT q.id, q.source, q.line, q.reason, q.at, q.record, q.sealed_version, \
        u.id, u.block, u.leaf, u.commitment, t.id, t.slug \
        FROM quarantine q JOIN unit u ON u.id = q.unit JOIN tenant t ON t.id = q.tenant \
        WHERE q.id = $1 AND u.erased_at IS NULL AND t.erased_at IS NULL";
    /// How many quarantined records a client has.
    COUNT_QUARANTINED = "SELECT COUNT(*) FROM quarantine q JOIN unit u ON u.id = q.unit \
        WHERE q.tenant = $1 AND u.erased_at IS NULL";
    /// Quarantined records of a unit.
    QUARANTINED_OF_UNIT = "SELECT id FROM quarantine WHERE tenant = $1 AND unit = $2";
    /// The quarantined record under a key, also when it is being discarded.
    QUARANTINED_UNDER = "SELECT q.id, q.record, q.sealed_version, u.id, u.block, u.leaf, u.commitment \
        FROM unit u JOIN quarantine q ON q.unit = u.id \
        WHERE u.tenant = $1 AND u.block = $2 AND u.leaf = $3";
    /// Quarantined records in order of id, for a walk.
    QUARANTINED_AFTER = "SELECT q.id, q.source, q.line, q.reason, q.record, q.at, \
        q.sealed_version, u.id, u.block, u.leaf, u.commitment \
        FROM quarantine q JOIN unit u ON u.id = q.unit \
        WHERE q.tenant = $1 AND q.id > $2 AND u.erased_at IS NULL ORDER BY q.id LIMIT $3";
    /// How many messages are a contact's.
    COUNT_MESSAGES = "SELECT COUNT(*) FROM unit u JOIN message m ON m.unit = u.id \
        WHERE u.tenant = $1 AND u.contact = $2 AND u.erased_at IS NULL";
    /// To whom a contact's data went.
    RECIPIENTS = "SELECT DISTINCT f.recipient FROM unit u JOIN forwarding f ON f.unit = u.id \
        WHERE u.tenant = $1 AND u.contact = $2 AND u.erased_at IS NULL ORDER BY f.recipient";
    /// How many cases a contact has a part of, how many of them are closed, and when the last was.
    CLOSED_CASES = "SELECT COUNT(*), COUNT(s.closed_at), MAX(s.closed_at) FROM unit p \
        JOIN support_case s ON s.id = p.support_case \
        WHERE p.tenant = $1 AND p.contact = $2 AND p.kind = $3 AND p.erased_at IS NULL";
    /// Where a client's days begin.
    TIMEZONE = "SELECT timezone FROM tenant WHERE id = $1";
    /// The units of a contact, for a walk.
    UNITS_OF_CONTACT = "SELECT id, support_case FROM unit WHERE tenant = $1 AND contact = $2";
    /// Messages of a unit in order of id, for a walk.
    MESSAGES_OF_UNIT = "SELECT id FROM message \
        WHERE tenant = $1 AND unit = $2 AND id > $3 ORDER BY id LIMIT $4";
    /// Forwardings of a unit.
    FORWARDINGS_OF_UNIT = "SELECT id FROM forwarding WHERE tenant = $1 AND unit = $2";

    /// How far a tenant's index had come.
    INDEX_REACHED = "SELECT guard FROM index_reached WHERE tenant = $1";
    /// How far every tenant's index had come.
    ALL_INDEXES_REACHED = "SELECT tenant, guard FROM index_reached";
    /// A tenant's index came so far.
    NOTE_REACHED = "INSERT INTO index_reached (tenant, guard) VALUES ($1, $2) \
        ON CONFLICT (tenant) DO UPDATE SET guard = excluded.guard \
        WHERE excluded.guard > index_reached.guard";
}

crate::store::bulk! { data:
    /// New units.
    INSERT_UNITS = "INSERT INTO unit (id, tenant, kind, contact, support_case, block, leaf, \
        commitment, created_at) VALUES", [Blob, Blob, I64, Blob, Blob, I64, I64, Blob, I64], "";
    /// A new tenant's gates.
    INSERT_GATES = "INSERT INTO gate (tenant, number, passes, closed) VALUES", [Blob, I64, I64, Bool], "";
    /// The guards of contacts that are not being erased.
    TAKE_CONTACTS = "UPDATE contact SET guard = guard + 1 \
        WHERE tenant = $1 AND erased_at IS NULL AND id IN (", [Blob], ")";
    /// The same, saying which.
    TAKE_LIVING_CONTACTS = "UPDATE contact SET guard = guard + 1 \
        WHERE tenant = $1 AND erased_at IS NULL AND id IN (", [Blob], ") RETURNING id";
    /// Contacts by id.
    CONTACTS = concat!("SELECT ", contact!(), "FROM contact c JOIN unit u ON u.id = c.unit \
        WHERE c.tenant = $1 AND c.id IN ("), [Blob], ")";
    /// New contacts. One that another writer has made meanwhile is left alone and missed in the count.
    INSERT_CONTACTS = "INSERT INTO contact (id, tenant, unit, external_id, name, phone, email, \
        source, created_at, updated_at, sealed_version, guard, further, external_ids, emails, phones) \
        VALUES", [Blob, Blob, Blob, Blob, Blob, Blob, Blob, Text, I64, I64, I64, I64, Blob, I64, I64, I64],
        " ON CONFLICT (id) DO NOTHING";
    /// Changed contacts, sealed anew as a whole.
    CHANGE_CONTACTS = "INSERT INTO contact (id, tenant, unit, external_id, name, phone, email, \
        source, created_at, updated_at, sealed_version, guard, further, external_ids, emails, phones) \
        VALUES", [Blob, Blob, Blob, Blob, Blob, Blob, Blob, Text, I64, I64, I64, I64, Blob, I64, I64, I64],
        " ON CONFLICT (id) DO UPDATE SET external_id = excluded.external_id, \
        name = excluded.name, phone = excluded.phone, email = excluded.email, \
        source = excluded.source, updated_at = excluded.updated_at, \
        sealed_version = excluded.sealed_version, further = excluded.further, \
        external_ids = excluded.external_ids, emails = excluded.emails, phones = excluded.phones";
    /// The guards of cases that are not being erased.
    TAKE_CASES = "UPDATE support_case SET guard = guard + 1 \
        WHERE tenant = $1 AND erased_at IS NULL AND id IN (", [Blob], ")";
    /// The same, saying which.
    TAKE_LIVING_CASES = "UPDATE support_case SET guard = guard + 1 \
        WHERE tenant = $1 AND erased_at IS NULL AND id IN (", [Blob], ") RETURNING id";
    /// Cases by id.
    CASES = concat!("SELECT ", support_case!(), "FROM support_case s JOIN unit u ON u.id = s.unit \
        WHERE s.tenant = $1 AND s.id IN ("), [Blob], ")";
    /// New cases.
    INSERT_CASES = "INSERT INTO support_case (id, tenant, requester, unit, external_id, subject, \
        channel, state, custody, opened_at, closed_at, sealed_version, guard) VALUES",
        [Blob, Blob, Blob, Blob, Blob, Blob, Text, Text, Text, I64, I64, I64, I64],
        " ON CONFLICT (id) DO NOTHING";
    /// Changed cases, sealed anew as a whole.
    CHANGE_CASES = "INSERT INTO support_case (id, tenant, requester, unit, external_id, subject, \
        channel, state, custody, opened_at, closed_at, sealed_version, guard) VALUES",
        [Blob, Blob, Blob, Blob, Blob, Blob, Text, Text, Text, I64, I64, I64, I64],
        " ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, channel = excluded.channel, \
        state = excluded.state, custody = excluded.custody, opened_at = excluded.opened_at, \
        closed_at = excluded.closed_at, external_id = excluded.external_id, \
        sealed_version = excluded.sealed_version";
    /// All parts of these cases, each with the requester's.
    PARTS = "SELECT u.id, u.block, u.leaf, u.commitment, u.contact, u.support_case, s.unit \
        FROM unit u JOIN support_case s ON s.id = u.support_case \
        WHERE u.tenant = $1 AND u.kind = $2 AND u.erased_at IS NULL AND u.support_case IN (", [Blob], ")";
    /// Which of these messages are stored, and whose. (By id alone: with the tenant beside a long list,
    /// SQLite reads all of the tenant's messages.)
    STORED_MESSAGES = "SELECT id, tenant FROM message WHERE id IN (", [Blob], ")";
    /// Which of these forwardings are stored, and whose.
    STORED_FORWARDINGS = "SELECT id, tenant FROM forwarding WHERE id IN (", [Blob], ")";
    /// Which of these quarantined records are stored, and whose.
    STORED_QUARANTINED = "SELECT id, tenant FROM quarantine WHERE id IN (", [Blob], ")";
    /// New messages.
    INSERT_MESSAGES = "INSERT INTO message (id, tenant, support_case, contact, unit, external_id, \
        author, body, direction, channel, sent_at, sealed_version, author_kind) VALUES",
        [Blob, Blob, Blob, Blob, Blob, Blob, Blob, Blob, Text, Text, I64, I64, Text],
        " ON CONFLICT (id) DO NOTHING";
    /// New files sent along.
    INSERT_ATTACHMENTS = "INSERT INTO attachment (id, tenant, support_case, contact, unit, message, \
        name, media_type, size, content, sealed_version) VALUES",
        [Blob, Blob, Blob, Blob, Blob, Blob, Blob, Blob, Blob, Blob, I64], "";
    /// New forwardings.
    INSERT_FORWARDINGS = "INSERT INTO forwarding (id, tenant, support_case, contact, unit, \
        recipient, reason, at, message, sealed_version) VALUES",
        [Blob, Blob, Blob, Blob, Blob, Text, Blob, I64, Blob, I64], " ON CONFLICT (id) DO NOTHING";
    /// Quarantined records.
    INSERT_QUARANTINED = "INSERT INTO quarantine (id, tenant, unit, source, line, reason, record, \
        at, sealed_version) VALUES",
        [Blob, Blob, Blob, Text, I64, Text, Blob, I64, I64], " ON CONFLICT (id) DO NOTHING";
    /// Notes that contacts' tokens must be written anew.
    NOTE_CHANGES = "INSERT INTO index_outbox (contact, tenant, changes) VALUES", [Blob, Blob, I64],
        " ON CONFLICT (tenant, contact) DO UPDATE SET changes = excluded.changes";
    /// Which notes stand, of contacts that live.
    STANDING_NOTES = "SELECT o.contact, o.changes FROM index_outbox o \
        JOIN contact c ON c.id = o.contact \
        WHERE c.erased_at IS NULL AND o.tenant = $1 AND o.contact IN (", [Blob], ")";
    /// Taking out notes that still say what was written.
    CLEAR_NOTES = "DELETE FROM index_outbox \
        WHERE tenant = $1 AND changes = $2 AND contact IN (", [Blob], ")";
}
