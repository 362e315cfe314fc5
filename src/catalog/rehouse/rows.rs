//! The statements by which plaintext changes units.

crate::store::statements! { data:
    /// A unit that nobody reads or writes under any more.
    CLOSE_UNIT = "UPDATE unit SET erased_at = $1 WHERE id = $2 AND erased_at IS NULL";
    /// A contact's profile under its new unit.
    MOVE_PROFILE = "UPDATE contact SET unit = $1, external_id = $2, name = $3, phone = $4, \
        email = $5, further = $6, external_ids = $7, emails = $8, phones = $9, updated_at = $10, \
        sealed_version = $11 WHERE tenant = $12 AND id = $13";
    /// The guard of a contact whose profile is still under a unit; being erased or not.
    TAKE_PROFILE = "UPDATE contact SET guard = guard + 1 \
        WHERE tenant = $1 AND id = $2 AND unit = $3 RETURNING source, created_at, sealed_version";
    /// The guard of a client whose profile is still under a unit.
    TAKE_CLIENT = "UPDATE tenant SET guard = guard + 1 \
        WHERE id = $1 AND unit = $2 AND erased_at IS NULL RETURNING sealed_version";
    /// A client's profile under its new unit.
    MOVE_CLIENT = "UPDATE tenant SET unit = $1, email = $2, sealed_version = $3 WHERE id = $4";
    /// What only the profile's lost key opens.
    DELETE_CONTROLLER = "DELETE FROM controller WHERE tenant = $1";
    /// Every part of a contact, with how much is in it.
    PARTS_OF_CONTACT = "SELECT u.support_case, (SELECT COUNT(*) FROM message m WHERE m.unit = u.id), \
        (SELECT COUNT(*) FROM forwarding f WHERE f.unit = u.id) FROM unit u \
        WHERE u.tenant = $1 AND u.contact = $2 AND u.kind = $3 AND u.erased_at IS NULL ORDER BY u.support_case";
    /// A case under its new unit.
    MOVE_CASE = "UPDATE support_case SET requester = $1, unit = $2, external_id = $3, \
        subject = $4, sealed_version = $5 WHERE tenant = $6 AND id = $7";
    /// Every message of a unit.
    MESSAGES_TO_MOVE = "SELECT id, external_id, author, body, direction, channel, sent_at, \
        sealed_version FROM message WHERE tenant = $1 AND unit = $2 ORDER BY id";
    /// Messages of a unit that is closed, with its key.
    MESSAGES_TO_SUPPRESS = "SELECT m.id, m.external_id, m.body, m.direction, m.channel, m.sent_at, \
        m.sealed_version, m.support_case, u.id, u.block, u.leaf, u.commitment \
        FROM message m JOIN unit u ON u.id = m.unit \
        WHERE m.tenant = $1 AND m.unit = $2 ORDER BY m.id";
    /// Every file of a unit, without what is in it.
    FILES_TO_MOVE = "SELECT id, message FROM attachment WHERE tenant = $1 AND unit = $2 ORDER BY id";
    /// One file.
    FILE_TO_MOVE = "SELECT name, media_type, size, content, sealed_version FROM attachment \
        WHERE tenant = $1 AND id = $2";
    /// A file under its new unit.
    MOVE_FILE = "UPDATE attachment SET support_case = $1, contact = $2, unit = $3, name = $4, \
        media_type = $5, size = $6, content = $7, sealed_version = $8 WHERE tenant = $9 AND id = $10";
    /// Every forwarding of a unit.
    FORWARDINGS_TO_MOVE = "SELECT id, reason, sealed_version FROM forwarding \
        WHERE tenant = $1 AND unit = $2 ORDER BY id";
    /// A forwarding under its new unit.
    MOVE_FORWARDING = "UPDATE forwarding SET contact = $1, unit = $2, reason = $3, \
        sealed_version = $4 WHERE tenant = $5 AND id = $6";
}

crate::store::bulk! { data:
    /// Messages under their new units, sealed anew as a whole.
    MOVE_MESSAGES = "INSERT INTO message (id, tenant, support_case, contact, unit, external_id, \
        author, body, direction, channel, sent_at, sealed_version) VALUES",
        [Blob, Blob, Blob, Blob, Blob, Blob, Blob, Blob, Text, Text, I64, I64],
        " ON CONFLICT (id) DO UPDATE SET support_case = excluded.support_case, \
        contact = excluded.contact, unit = excluded.unit, external_id = excluded.external_id, \
        author = excluded.author, body = excluded.body, sealed_version = excluded.sealed_version";
}
