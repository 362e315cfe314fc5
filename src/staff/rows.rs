//! The SQL of tokens, and nothing else.

crate::store::statements! { vault:
    /// A new token.
    INSERT_TOKEN = "INSERT INTO token (id, hash, name, role, tenant, created_at, created_by, expires_at, written) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// The token with this hash.
    TOKEN_BY_HASH = "SELECT id, name, role, tenant, created_at, created_by, expires_at, revoked_at FROM token WHERE hash = $1";
    /// Every token, newest first.
    TOKENS = "SELECT id, name, role, tenant, created_at, created_by, expires_at, revoked_at FROM token ORDER BY created_at DESC, id";
    /// Ends a token; whoever comes second changes nothing.
    REVOKE_TOKEN = "UPDATE token SET revoked_at = $1, revoked_by = $2, written = $3 WHERE id = $4 AND revoked_at IS NULL";
    /// For which tenant a token is, if there is one.
    TENANT_OF_TOKEN = "SELECT tenant FROM token WHERE id = $1";
}

/// Statements on the data.
pub(crate) mod data {
    crate::store::statements! { data:
        /// Takes the place of a call; whoever comes second takes none.
        BEGIN_CALL = "INSERT INTO idempotency (call, request, began_at) VALUES ($1, $2, $3) ON CONFLICT (call) DO NOTHING";
        /// Takes over a call that was begun long ago and never ended: its process is gone.
        RESUME_CALL = "UPDATE idempotency SET began_at = $1 WHERE call = $2 AND request = $3 AND status IS NULL AND began_at < $4";
        /// A call that was made.
        READ_CALL = "SELECT request, status, object, answer FROM idempotency WHERE call = $1";
        /// How a call ended.
        END_CALL = "UPDATE idempotency SET status = $1, object = $2, answer = $3 WHERE call = $4";
        /// A call that failed may be made again.
        FORGET_CALL = "DELETE FROM idempotency WHERE call = $1";
        /// Calls of yesterday.
        FORGET_OLD_CALLS = "DELETE FROM idempotency WHERE began_at < $1";
    }
}
