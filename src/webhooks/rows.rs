//! The SQL of webhooks, and nothing else.

crate::store::statements! { data:
    /// Something happened; what is known already is left alone.
    INSERT_EVENT = "INSERT INTO event (id, kind, tenant, object, at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (kind, object) DO NOTHING";
    /// Who may want to be told of what happened in a client's data.
    ENDPOINTS_OF = "SELECT id, events FROM webhook_endpoint WHERE tenant = $1 OR tenant IS NULL";
    /// A unit of the operator's own.
    INSERT_UNIT = "INSERT INTO unit (id, tenant, kind, block, leaf, commitment, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// A new endpoint.
    INSERT_ENDPOINT = "INSERT INTO webhook_endpoint (id, tenant, unit, url, secret, events, created_at, \
        sealed_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Every endpoint, with what opens it.
    ENDPOINTS = "SELECT e.id, e.tenant, e.url, e.secret, e.old_secret, e.old_until, e.events, e.created_at, \
        e.sealed_version, u.id, u.block, u.leaf, u.commitment \
        FROM webhook_endpoint e JOIN unit u ON u.id = e.unit ORDER BY e.created_at, e.id";
    /// One endpoint.
    ENDPOINT = "SELECT e.id, e.tenant, e.url, e.secret, e.old_secret, e.old_until, e.events, e.created_at, \
        e.sealed_version, u.id, u.block, u.leaf, u.commitment \
        FROM webhook_endpoint e JOIN unit u ON u.id = e.unit WHERE e.id = $1";
    /// Another secret; nothing when somebody else was first.
    SET_SECRET = "UPDATE webhook_endpoint SET url = $1, secret = $2, old_secret = $3, old_until = $4, \
        sealed_version = $5 WHERE id = $6 AND sealed_version = $7";
    /// An endpoint goes.
    DELETE_ENDPOINT = "DELETE FROM webhook_endpoint WHERE id = $1";
    /// Its deliveries go with it; jobs that are about them find nothing to do.
    DELETE_DELIVERIES = "DELETE FROM webhook_delivery WHERE endpoint = $1";
    /// An event on its way to an endpoint.
    INSERT_DELIVERY = "INSERT INTO webhook_delivery (id, endpoint, event, repeat_of, state, attempts, \
        created_at) VALUES ($1, $2, $3, $4, $5, 0, $6)";
    /// One delivery, with what is to be sent.
    DELIVERY = "SELECT d.id, d.endpoint, d.event, d.repeat_of, d.state, d.attempts, d.status, d.reason, \
        d.created_at, d.ended_at, v.kind, v.tenant, v.object, v.at \
        FROM webhook_delivery d JOIN event v ON v.id = d.event WHERE d.id = $1";
    /// Deliveries of an endpoint, after one.
    DELIVERIES = "SELECT d.id, d.endpoint, d.event, d.repeat_of, d.state, d.attempts, d.status, d.reason, \
        d.created_at, d.ended_at, v.kind, v.tenant, v.object, v.at \
        FROM webhook_delivery d JOIN event v ON v.id = d.event \
        WHERE d.endpoint = $1 AND d.id > $2 ORDER BY d.id LIMIT $3";
    /// What an attempt came to.
    NOTE_ATTEMPT = "UPDATE webhook_delivery SET state = $1, attempts = attempts + 1, status = $2, reason = $3, \
        ended_at = $4 WHERE id = $5";
    /// A delivery that was tried for the last time.
    GIVE_UP_DELIVERY = "UPDATE webhook_delivery SET state = $1, ended_at = $2 WHERE id = $3";
}
