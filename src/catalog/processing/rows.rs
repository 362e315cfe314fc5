//! The statements about how a client's data is processed.

crate::store::statements! { data:
    /// A tenant's guard, and its profile's unit; no row when it is being purged.
    TAKE_TENANT = "UPDATE tenant SET guard = guard + 1 WHERE id = $1 AND erased_at IS NULL \
        RETURNING unit, (SELECT u.block FROM unit u WHERE u.id = tenant.unit), \
        (SELECT u.leaf FROM unit u WHERE u.id = tenant.unit), \
        (SELECT u.commitment FROM unit u WHERE u.id = tenant.unit)";
    /// The values that a client's notice shows.
    CONTROLLER = "SELECT details, sealed_version FROM controller WHERE tenant = $1";
    /// The same, written.
    SET_CONTROLLER = "INSERT INTO controller (tenant, details, sealed_version) VALUES ($1, $2, $3) \
        ON CONFLICT (tenant) DO UPDATE SET details = excluded.details, \
        sealed_version = excluded.sealed_version";
    /// Recipients of one client, and those of every client.
    RECIPIENTS = "SELECT id, tenant, name, role, country, safeguard, added_at FROM recipient \
        WHERE tenant = $1 OR tenant IS NULL ORDER BY name, id";
    /// Every recipient.
    ALL_RECIPIENTS = "SELECT id, tenant, name, role, country, safeguard, added_at FROM recipient \
        ORDER BY name, id";
    /// One recipient.
    RECIPIENT = "SELECT id, tenant, name, role, country, safeguard, added_at FROM recipient \
        WHERE id = $1";
    /// A new recipient.
    INSERT_RECIPIENT = "INSERT INTO recipient (id, tenant, name, role, country, safeguard, added_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Takes a recipient out of the register.
    DELETE_RECIPIENT = "DELETE FROM recipient WHERE id = $1";
    /// Why a client's data is processed, where the client has said so.
    PURPOSES = "SELECT purpose, legal_basis FROM purpose WHERE tenant = $1 ORDER BY purpose";
    /// Before they are written anew.
    DELETE_PURPOSES = "DELETE FROM purpose WHERE tenant = $1";
    /// How long a client's data is kept, where the client has said so.
    RETENTION_RULES = "SELECT category, period, starts FROM retention_rule WHERE tenant = $1 \
        ORDER BY category";
    /// Before they are written anew.
    DELETE_RETENTION_RULES = "DELETE FROM retention_rule WHERE tenant = $1";
}

crate::store::bulk! { data:
    /// Why a client's data is processed.
    INSERT_PURPOSES = "INSERT INTO purpose (tenant, purpose, legal_basis) VALUES", [Blob, Text, Text], "";
    /// How long a client's data is kept.
    INSERT_RETENTION_RULES = "INSERT INTO retention_rule (tenant, category, period, starts) VALUES",
        [Blob, Text, Text, Text], "";
}
