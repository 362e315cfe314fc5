//! The SQL of events and their secrets, and nothing else.

crate::store::statements! { data:
    /// A stored event.
    EVENT = "SELECT e.id, e.tenant, e.source, e.outcome, e.received_at, e.body, e.sealed_version, u.id, u.block, u.leaf, u.commitment FROM hook_event e JOIN unit u ON u.id = e.unit WHERE e.id = $1";
    /// A new event; whoever comes second with the same changes nothing.
    INSERT_EVENT = "INSERT INTO hook_event (id, tenant, unit, source, outcome, received_at, body, sealed_version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Stored events without their bodies, the newest first.
    EVENTS = "SELECT id, tenant, source, outcome, received_at FROM hook_event ORDER BY received_at DESC, id LIMIT $1";
    /// Events of this outcome, the newest first.
    EVENTS_THAT_CAME_TO = "SELECT id, tenant, source, outcome, received_at FROM hook_event WHERE outcome = $1 ORDER BY received_at DESC, id";
    /// The secrets of a source.
    SECRETS_OF = "SELECT s.id, s.tenant, s.secret, s.sealed_version, u.id, u.block, u.leaf, u.commitment FROM hook_secret s JOIN unit u ON u.id = s.unit WHERE s.source = $1";
    /// Every secret, without itself.
    SECRETS = "SELECT id, source, created_at FROM hook_secret ORDER BY created_at, id";
    /// A new secret.
    INSERT_SECRET = "INSERT INTO hook_secret (id, tenant, unit, source, secret, created_at, sealed_version) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Whether there is such a secret.
    KNOWN_SECRET = "SELECT tenant FROM hook_secret WHERE id = $1";
}

/// Statements on the vault.
pub(crate) mod vault {
    crate::store::statements! { vault:
        /// Ends a secret; whoever comes second changes nothing.
        END_SECRET = "INSERT INTO hook_end (secret, ended_at, ended_by, written) VALUES ($1, $2, $3, $4) ON CONFLICT (secret) DO NOTHING";
        /// Secrets that were ended.
        ENDED_SECRETS = "SELECT secret, ended_at FROM hook_end";
    }
}
