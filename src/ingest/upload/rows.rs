//! The SQL of uploads, and nothing else.

crate::store::statements! { data:
    /// Begins an upload.
    INSERT_IMPORT = "INSERT INTO import (id, tenant, unit, format, state, bytes, chunks, created_at, \
        wishes) VALUES ($1, $2, $3, $4, $5, 0, 0, $6, $7)";
    /// Takes an upload to add a piece to it; no row when it ended, or its client is purged.
    GROW_IMPORT = "UPDATE import SET chunks = chunks + 1, bytes = bytes + $1 \
        WHERE id = $2 AND state = $3 RETURNING chunks";
    /// Adds a piece.
    INSERT_CHUNK = "INSERT INTO import_chunk (id, tenant, import, unit, number, content) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    /// One piece, with what opens it.
    CHUNK = "SELECT c.id, c.content, u.id, u.block, u.leaf, u.commitment \
        FROM import_chunk c JOIN unit u ON u.id = c.unit WHERE c.import = $1 AND c.number = $2";
    /// Moves an upload from one state to the next; no row when it is in another.
    MOVE_IMPORT = "UPDATE import SET state = $1, reason = $2, report = $3, ended_at = $4 \
        WHERE id = $5 AND state = $6 RETURNING tenant";
    /// One upload, whoever's it is.
    IMPORT = "SELECT i.id, i.tenant, i.format, i.state, i.bytes, i.chunks, i.report, i.reason, \
        i.created_at, i.ended_at, t.slug, i.wishes FROM import i JOIN tenant t ON t.id = i.tenant WHERE i.id = $1";
    /// Lines that could not be read.
    REJECTS = "SELECT number, line, reason FROM import_reject WHERE import = $1 AND number > $2 \
        ORDER BY number LIMIT $3";
}

crate::store::bulk! { data:
    /// Lines that could not be read.
    INSERT_REJECTS = "INSERT INTO import_reject (import, number, line, reason) VALUES", [Blob, I64, I64, Text], "";
}
