//! The audit trail's statements.

crate::store::statements! { data:
    /// One act, in a transaction that is written out beforehand.
    INSERT_ONE = "INSERT INTO audit (id, at, actor, action, tenant, object, detail) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    /// Acts before a place, the newest first.
    AUDIT = "SELECT at, actor, action, tenant, object, detail, id FROM audit \
        WHERE (at, id) < ($1, $2) ORDER BY at DESC, id DESC LIMIT $3";
    /// The same of one tenant.
    AUDIT_OF_TENANT = "SELECT at, actor, action, tenant, object, detail, id FROM audit \
        WHERE tenant = $1 AND (at, id) < ($2, $3) ORDER BY at DESC, id DESC LIMIT $4";
    /// Acts on one row of a tenant after a place, the oldest first.
    AUDIT_OF_OBJECT = "SELECT at, actor, action, tenant, object, detail, id FROM audit \
        WHERE tenant = $1 AND object = $2 AND (at, id) > ($3, $4) ORDER BY at, id LIMIT $5";
}

crate::store::bulk! { data:
    /// One row per act.
    INSERT_AUDIT = "INSERT INTO audit (id, at, actor, action, tenant, object, detail) VALUES",
        [Blob, I64, Text, Text, Blob, Blob, Text], "";
}
