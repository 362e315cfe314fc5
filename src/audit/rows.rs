//! The audit trail's statements.

crate::store::statements! { data:
    /// The newest rows before a time, newest first.
    READ_AUDIT = "SELECT at, actor, action, tenant, object, detail FROM audit \
        WHERE at <= $1 ORDER BY at DESC, id DESC LIMIT $2";
}

crate::store::bulk! { data:
    /// One row per act.
    INSERT_AUDIT = "INSERT INTO audit (id, at, actor, action, tenant, object, detail) VALUES", 7, "";
}
