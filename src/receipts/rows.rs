//! The log's SQL.

use crate::store::statements;

statements! { vault:
    /// Makes the one row of a new log.
    INSERT_HEAD = "INSERT INTO log_head (id, verifier, size, root, checkpoint, guard) \
        VALUES (1, $1, 0, $2, $3, 0) ON CONFLICT (id) DO NOTHING";

    /// What every append does first: it is the lock.
    LOCK_HEAD = "UPDATE log_head SET guard = guard + 1 WHERE id = 1 RETURNING verifier, size, root";

    /// The last thing an append does.
    SET_HEAD = "UPDATE log_head SET size = $1, root = $2, checkpoint = $3 WHERE id = 1";

    /// The log as it is.
    READ_HEAD = "SELECT verifier, size, checkpoint FROM log_head WHERE id = 1";

    /// On which line of history the vault is; no row before its first promotion.
    READ_LINE = "SELECT number, line FROM line WHERE id = 1";

    /// Writes a receipt.
    INSERT_LEAF = "INSERT INTO log_leaf (seq, erasure, kind, tenant, issued_at, note) \
        VALUES ($1, $2, $3, $4, $5, $6)";

    /// The receipt of one kind of one erasure.
    FIND_KIND = "SELECT seq, erasure, kind, tenant, issued_at, note FROM log_leaf \
        WHERE erasure = $1 AND kind = $2";

    /// The first receipt of an erasure.
    FIND = "SELECT seq, erasure, kind, tenant, issued_at, note FROM log_leaf \
        WHERE erasure = $1 ORDER BY seq LIMIT 1";

    /// Receipts from a place on.
    LIST = "SELECT seq, erasure, kind, tenant, issued_at, note FROM log_leaf \
        WHERE seq >= $1 ORDER BY seq LIMIT $2";

    /// One tenant's receipts from a place on.
    LIST_TENANT = "SELECT seq, erasure, kind, tenant, issued_at, note FROM log_leaf \
        WHERE tenant = $1 AND seq >= $2 ORDER BY seq LIMIT $3";

    /// One tile.
    READ_TILE = "SELECT hashes FROM log_tile WHERE level = $1 AND number = $2";

    /// Writes a tile, or the longer form of one.
    WRITE_TILE = "INSERT INTO log_tile (level, number, hashes) VALUES ($1, $2, $3) \
        ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes";
}
