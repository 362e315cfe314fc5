//! The offboarding room's SQL, and nothing else.

crate::store::statements! { data:
    /// A client by slug, also when it is purged.
    CLIENT = "SELECT id, slug, name, timezone, country, erased_at FROM tenant WHERE slug = $1";
    /// The same by id.
    CLIENT_BY_ID = "SELECT id, slug, name, timezone, country, erased_at FROM tenant WHERE id = $1";
    /// In which ways a client's messages came and went.
    CHANNELS = "SELECT DISTINCT channel FROM message WHERE tenant = $1 ORDER BY channel";
    /// To whom something of a client's cases was given.
    RECIPIENTS = "SELECT DISTINCT recipient FROM forwarding WHERE tenant = $1 ORDER BY recipient";
}

/// Statements on the vault.
pub(crate) mod vault {
    crate::store::statements! { vault:
        /// The newest offboarding of a client.
        NEWEST = "SELECT id, begun_at, ended_at, record FROM offboarding WHERE tenant = $1 ORDER BY begun_at DESC, id LIMIT 1";
        /// A new one.
        INSERT = "INSERT INTO offboarding (id, tenant, begun_at, record, written) VALUES ($1, $2, $3, $4, $5)";
        /// One as it stands now.
        UPDATE = "UPDATE offboarding SET record = $1, ended_at = $2, written = $3 WHERE id = $4";
        /// Clients whose end is under way.
        OPEN = "SELECT tenant FROM offboarding WHERE ended_at IS NULL ORDER BY begun_at, id";
    }
}
