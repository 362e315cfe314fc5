//! The request room's SQL, and nothing else.

/// A request as `Stored::read` reads it.
macro_rules! request {
    ($name:literal) => {
        concat!(
            $name,
            ".id, ",
            $name,
            ".tenant, ",
            $name,
            ".unit, ",
            $name,
            ".case_no, ",
            $name,
            ".rights, ",
            $name,
            ".channel, ",
            $name,
            ".state, ",
            $name,
            ".contact, ",
            $name,
            ".candidates, ",
            $name,
            ".hold, ",
            $name,
            ".received_at, ",
            $name,
            ".registered_at, ",
            $name,
            ".received_day, ",
            $name,
            ".timezone, ",
            $name,
            ".legal_due, ",
            $name,
            ".safe_due, ",
            $name,
            ".due_date, ",
            $name,
            ".extended_at, ",
            $name,
            ".instruction, ",
            $name,
            ".packaged_at, ",
            $name,
            ".delivered_at, ",
            $name,
            ".erasure, ",
            $name,
            ".closed_at, ",
            $name,
            ".closed_late, ",
            $name,
            ".sealed_version "
        )
    };
}

crate::store::statements! { data:
    /// One request.
    REQUEST = concat!("SELECT ", request!("r"), "FROM request r WHERE r.id = $1");
    /// The same by its number.
    BY_CASE_NO = "SELECT id FROM request WHERE case_no = $1";
    /// Who asked, what was written, and the unit they are sealed under.
    SEALED = "SELECT r.identifiers, r.text, r.sealed_version, u.id, u.block, u.leaf, u.commitment \
        FROM request r JOIN unit u ON u.id = r.unit WHERE r.id = $1";
    /// Takes a request before a step.
    TAKE = concat!("UPDATE request SET guard = guard + 1 WHERE id = $1 RETURNING ", request!("request"));
    /// A new request.
    INSERT = "INSERT INTO request (id, tenant, unit, case_no, rights, channel, state, identifiers, text, \
        contact, candidates, hold, received_at, registered_at, received_day, timezone, calendar, \
        legal_due, safe_due, due_date, sealed_version, guard) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";
    /// What a step changes.
    SET = "UPDATE request SET state = $1, contact = $2, hold = $3, legal_due = $4, safe_due = $5, \
        due_date = $6, extended_at = $7, instruction = $8, packaged_at = $9, delivered_at = $10, \
        erasure = $11, closed_at = $12, closed_late = $13 WHERE id = $14";
    /// Requests of a client in order of id, for a walk; with $3 those that are closed too.
    OF_TENANT = concat!("SELECT ", request!("r"), "FROM request r \
        WHERE r.tenant = $1 AND r.id > $2 AND ($3 OR r.closed_at IS NULL) ORDER BY r.id LIMIT $4");
    /// The same of every client.
    ALL = concat!("SELECT ", request!("r"), "FROM request r \
        WHERE r.id > $1 AND ($2 OR r.closed_at IS NULL) ORDER BY r.id LIMIT $3");
    /// Open requests that are due by a day, the most urgent first.
    DUE = concat!("SELECT ", request!("r"), "FROM request r \
        WHERE r.closed_at IS NULL AND r.due_date <= $1 ORDER BY r.due_date, r.id LIMIT $2");
    /// Open requests whose day has come and of which this was not told yet.
    UNTOLD = "SELECT r.id, r.tenant, r.timezone, r.due_date, r.legal_due FROM request r \
        WHERE r.closed_at IS NULL AND r.due_date <= $1 \
        AND NOT EXISTS (SELECT 1 FROM event e WHERE e.kind = $2 AND e.object = r.id) \
        ORDER BY r.legal_due, r.id LIMIT $3";
    /// One step.
    INSERT_EVENT = "INSERT INTO request_event (id, request, tenant, at, actor, act, state, instruction, detail) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// Every step of a request.
    EVENTS = "SELECT at, actor, act, state, instruction, detail FROM request_event \
        WHERE request = $1 ORDER BY at";
    /// When the clock stood still.
    PAUSES = "SELECT asked_day, answered_day FROM request_pause WHERE request = $1 ORDER BY asked_day";
    /// The clock stops.
    BEGIN_PAUSE = "INSERT INTO request_pause (id, request, tenant, asked_day) VALUES ($1, $2, $3, $4)";
    /// The clock runs again.
    END_PAUSE = "UPDATE request_pause SET answered_day = $1 WHERE request = $2 AND answered_day IS NULL";
}
