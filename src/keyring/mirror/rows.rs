//! The SQL of mirrors, and nothing else. Reads of what is followed run on the main vault, `COPY_…`
//! on the mirror's own; a promotion uses the same pairs the other way round.

crate::store::statements! { vault:
    /// Registers a mirror, which has nothing yet.
    REGISTER = "INSERT INTO mirror (id, name, epoch, version, acknowledged_at, opened) VALUES ($1, $2, 0, 0, $3, $4)";
    /// Counts an opening of a registered mirror, under the name it is called by now; none when a copy
    /// of it was opened meanwhile.
    REOPEN = "UPDATE mirror SET name = $1, opened = $2 WHERE id = $3 AND opened < $4";
    /// What a mirror has.
    ACKNOWLEDGE = "UPDATE mirror SET epoch = $1, version = $2, acknowledged_at = $3 WHERE id = $4 AND opened <= $5";
    /// One mirror.
    READ_MIRROR = "SELECT id, name, epoch, version, acknowledged_at, opened FROM mirror WHERE id = $1";
    /// Every mirror.
    MIRRORS = "SELECT id, name, epoch, version, acknowledged_at, opened FROM mirror ORDER BY name";
    /// Forgets a mirror.
    FORGET_MIRROR = "DELETE FROM mirror WHERE name = $1";
    /// The mirror of this name.
    MIRROR_NAMED = "SELECT id, name, epoch, version, acknowledged_at, opened FROM mirror WHERE name = $1";
    /// What a mirror had that is forgotten; one that followed again meanwhile is forgotten anew.
    REMEMBER_FORGOTTEN = "INSERT INTO forgotten_mirror (id, name, epoch, forgotten_at, written) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET name = excluded.name, epoch = excluded.epoch, forgotten_at = excluded.forgotten_at, destroyed_at = NULL, destroyed_by = NULL, written = excluded.written";
    /// Forgotten mirrors whose directories nobody says are destroyed.
    FORGOTTEN_MIRRORS = "SELECT id, name, epoch, forgotten_at FROM forgotten_mirror WHERE destroyed_at IS NULL ORDER BY forgotten_at, id";
    /// The directories of the forgotten mirrors of this name are destroyed.
    DESTROYED_FORGOTTEN = "UPDATE forgotten_mirror SET destroyed_at = $1, destroyed_by = $2, written = $3 WHERE name = $4 AND destroyed_at IS NULL";
    /// A forgotten mirror follows again.
    FOLLOWED_AGAIN = "UPDATE forgotten_mirror SET destroyed_at = $1, destroyed_by = $2, written = $3 WHERE id = $4 AND destroyed_at IS NULL";
    /// Forgets the mirrors as they were copied last.
    CLEAR_MIRRORS = "DELETE FROM mirror";
    /// After a promotion no mirror has anything of the new line yet.
    NOTHING_ACKNOWLEDGED = "UPDATE mirror SET epoch = 0, version = 0";

    /// The line of history.
    READ_LINE = "SELECT number, line, began_at, passed_over FROM line WHERE id = 1";
    /// Goes on with a line of history.
    SET_LINE = "INSERT INTO line (id, number, line, began_at, passed_over) VALUES (1, $1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET number = excluded.number, line = excluded.line, began_at = excluded.began_at, passed_over = excluded.passed_over";
    /// Whether the data is still to be told of a promotion.
    NOTE_OWED = "SELECT note_owed FROM line WHERE id = 1";
    /// It is to be told, or was.
    SET_NOTE_OWED = "UPDATE line SET note_owed = $1 WHERE id = 1";
    /// How many blocks each client had when the lines after this one began.
    LINES_AFTER = "SELECT number, tenant, blocks FROM line_begin WHERE number > $1";
    /// Data with this mark is put in place, and what it lost is accepted.
    ACCEPT_LOSS = "INSERT INTO accepted_loss (restoration, line) VALUES ($1, $2)";
    /// Of which line the data with this mark is, if its loss was accepted.
    ACCEPTED_LOSS = "SELECT line FROM accepted_loss WHERE restoration = $1";
    /// What was lost is cleaned away.
    FORGET_LOSS = "DELETE FROM accepted_loss WHERE restoration = $1";

    /// How far this mirror followed.
    READ_FOLLOWING = "SELECT version, epoch, acknowledged, followed_at FROM following WHERE id = 1";
    /// A new mirror followed nothing yet.
    INSERT_FOLLOWING = "INSERT INTO following (id, version, epoch, acknowledged, followed_at) VALUES (1, 0, 0, -1, $1)";
    /// What was just copied.
    SET_FOLLOWING = "UPDATE following SET version = $1, epoch = $2, acknowledged = $3, followed_at = $4 WHERE id = 1";
    /// What the main vault was just told.
    SET_ACKNOWLEDGED = "UPDATE following SET acknowledged = $1, followed_at = $2 WHERE id = 1";
    /// What a mirror's head takes over: the ledger's counters, and the epoch its own root is of.
    FOLLOW_HEAD = "UPDATE head SET epoch = $1, ledger_seq = $2, rows_deleted = $3 WHERE id = 1";

    /// Pages written after a version.
    READ_PAGES = "SELECT kind, tenant, number, version, written, body FROM page WHERE written > $1 ORDER BY written, kind, tenant, number LIMIT $2 OFFSET $3";
    /// Ledger rows written after a version.
    READ_LEDGER = "SELECT seq, erasure_id, kind, tenant, subject, epoch, facts, destroyed_at, results, rows_deleted_at, receipted_at, written FROM ledger WHERE written > $1 ORDER BY written, seq LIMIT $2 OFFSET $3";
    /// The keys that those ledger rows destroyed.
    READ_ERASED = "SELECT e.tenant, e.block, e.leaf, e.erasure_id FROM ledger l JOIN erased e ON e.erasure_id = l.erasure_id WHERE l.written > $1 ORDER BY l.written, l.seq, e.block, e.leaf LIMIT $2 OFFSET $3";
    /// Holds written after a version.
    READ_HOLDS = "SELECT id, tenant, subject, reason, placed_by, placed_at, released_at, released_by, written FROM hold WHERE written > $1 ORDER BY written, id LIMIT $2 OFFSET $3";
    /// Tokens written after a version.
    READ_TOKENS = "SELECT id, hash, name, role, tenant, created_at, created_by, expires_at, revoked_at, revoked_by, written FROM token WHERE written > $1 ORDER BY written, id LIMIT $2 OFFSET $3";
    /// Ends of contracts written after a version.
    READ_OFFBOARDINGS = "SELECT id, tenant, begun_at, ended_at, record, written FROM offboarding WHERE written > $1 ORDER BY written, id LIMIT $2 OFFSET $3";
    /// Secrets of hooks that were ended after a version.
    READ_HOOK_ENDS = "SELECT secret, ended_at, ended_by, written FROM hook_end WHERE written > $1 ORDER BY written, secret LIMIT $2 OFFSET $3";
    /// Forgotten mirrors written after a version.
    READ_FORGOTTEN = "SELECT id, name, epoch, forgotten_at, destroyed_at, destroyed_by, written FROM forgotten_mirror WHERE written > $1 ORDER BY written, id LIMIT $2 OFFSET $3";
    /// How many blocks clients had when lines began, noted after a version.
    READ_LINE_BEGINS = "SELECT number, tenant, blocks, written FROM line_begin WHERE written > $1 ORDER BY written, number, tenant LIMIT $2 OFFSET $3";
    /// Every order that is not carried out.
    READ_ORDERS = "SELECT id, tenant, kind, subject, strict, facts, requested_at, written FROM erasure_order WHERE written > $1 ORDER BY written, id LIMIT $2 OFFSET $3";

    /// How many leaves of the receipt log there are.
    LOG_SIZE = "SELECT COUNT(*) FROM log_leaf";
    /// Leaves from a place on.
    READ_LEAVES = "SELECT seq, erasure, kind, tenant, issued_at, note FROM log_leaf WHERE seq >= $1 ORDER BY seq LIMIT $2 OFFSET $3";
    /// Tiles that hold a leaf from a place on; on level 0 a tile has 256 of them, on the next 65536.
    READ_TILES = "SELECT level, number, hashes FROM log_tile WHERE (number + 1) * (CAST(256 AS BIGINT) << CAST(8 * level AS INTEGER)) > $1 ORDER BY level, number LIMIT $2 OFFSET $3";
    /// The log's head, whole.
    READ_LOG_HEAD = "SELECT id, verifier, size, root, checkpoint, guard FROM log_head WHERE size >= $1 ORDER BY id LIMIT $2 OFFSET $3";

    /// Pages of purged tenants go from the copy when they are gone from the main vault.
    DELETE_PURGED_PAGES = "DELETE FROM page WHERE tenant IN (SELECT l.tenant FROM ledger l WHERE l.written > $1 AND l.rows_deleted_at IS NOT NULL AND EXISTS (SELECT 1 FROM erased e WHERE e.tenant = l.tenant AND e.block = -1 AND e.leaf = -1 AND e.erasure_id = l.erasure_id))";
    /// Empties a copy that begins anew.
    CLEAR_PAGES = "DELETE FROM page";
    /// The same for the ledger.
    CLEAR_LEDGER = "DELETE FROM ledger";
    /// The same for the destroyed keys.
    CLEAR_ERASED = "DELETE FROM erased";
    /// The same for holds.
    CLEAR_HOLDS = "DELETE FROM hold";
    /// The same for tokens.
    CLEAR_TOKENS = "DELETE FROM token";
    /// The same for ends of contracts.
    CLEAR_OFFBOARDINGS = "DELETE FROM offboarding";
    /// The same for secrets that were ended.
    CLEAR_HOOK_ENDS = "DELETE FROM hook_end";
    /// The same for forgotten mirrors.
    CLEAR_FORGOTTEN = "DELETE FROM forgotten_mirror";
    /// The same for how lines began.
    CLEAR_LINE_BEGINS = "DELETE FROM line_begin";
    /// The same for orders.
    CLEAR_ORDERS = "DELETE FROM erasure_order";
    /// The same for the log's leaves.
    CLEAR_LEAVES = "DELETE FROM log_leaf";
    /// The same for its tiles.
    CLEAR_TILES = "DELETE FROM log_tile";
    /// The same for its head.
    CLEAR_LOG_HEAD = "DELETE FROM log_head";
}

crate::store::bulk! { vault:
    /// Pages as they are.
    COPY_PAGES = "INSERT INTO page (kind, tenant, number, version, written, body) VALUES", [I64, Blob, I64, I64, I64, Blob], " ON CONFLICT (kind, tenant, number) DO UPDATE SET version = excluded.version, written = excluded.written, body = excluded.body";
    /// Ledger rows as they are; only what became of the rows ever changes.
    COPY_LEDGER = "INSERT INTO ledger (seq, erasure_id, kind, tenant, subject, epoch, facts, destroyed_at, results, rows_deleted_at, receipted_at, written) VALUES", [I64, Blob, Text, Blob, Blob, I64, Text, I64, Text, I64, I64, I64], " ON CONFLICT (seq) DO UPDATE SET results = excluded.results, rows_deleted_at = excluded.rows_deleted_at, receipted_at = excluded.receipted_at, written = excluded.written";
    /// Destroyed keys as they are.
    COPY_ERASED = "INSERT INTO erased (tenant, block, leaf, erasure_id) VALUES", [Blob, I64, I64, Blob], " ON CONFLICT (tenant, block, leaf) DO NOTHING";
    /// Holds as they are.
    COPY_HOLDS = "INSERT INTO hold (id, tenant, subject, reason, placed_by, placed_at, released_at, released_by, written) VALUES", [Blob, Blob, Blob, Text, Text, I64, I64, Text, I64], " ON CONFLICT (id) DO UPDATE SET released_at = excluded.released_at, released_by = excluded.released_by, written = excluded.written";
    /// Tokens as they are.
    COPY_TOKENS = "INSERT INTO token (id, hash, name, role, tenant, created_at, created_by, expires_at, revoked_at, revoked_by, written) VALUES", [Blob, Blob, Text, Text, Blob, I64, Text, I64, I64, Text, I64], " ON CONFLICT (id) DO UPDATE SET revoked_at = excluded.revoked_at, revoked_by = excluded.revoked_by, written = excluded.written";
    /// Ends of contracts as they are.
    COPY_OFFBOARDINGS = "INSERT INTO offboarding (id, tenant, begun_at, ended_at, record, written) VALUES", [Blob, Blob, I64, I64, Text, I64], " ON CONFLICT (id) DO UPDATE SET ended_at = excluded.ended_at, record = excluded.record, written = excluded.written";
    /// Secrets that were ended, which never change.
    COPY_HOOK_ENDS = "INSERT INTO hook_end (secret, ended_at, ended_by, written) VALUES", [Blob, I64, Text, I64], " ON CONFLICT (secret) DO NOTHING";
    /// Forgotten mirrors as they are.
    COPY_FORGOTTEN = "INSERT INTO forgotten_mirror (id, name, epoch, forgotten_at, destroyed_at, destroyed_by, written) VALUES", [Blob, Text, I64, I64, I64, Text, I64], " ON CONFLICT (id) DO UPDATE SET name = excluded.name, epoch = excluded.epoch, forgotten_at = excluded.forgotten_at, destroyed_at = excluded.destroyed_at, destroyed_by = excluded.destroyed_by, written = excluded.written";
    /// How many blocks clients had when lines began, which never changes.
    COPY_LINE_BEGINS = "INSERT INTO line_begin (number, tenant, blocks, written) VALUES", [I64, Blob, I64, I64], " ON CONFLICT (number, tenant) DO NOTHING";
    /// Orders as they are.
    COPY_ORDERS = "INSERT INTO erasure_order (id, tenant, kind, subject, strict, facts, requested_at, written) VALUES", [Blob, Blob, Text, Blob, Bool, Text, I64, I64], "";
    /// Leaves of the log as they are; they never change.
    COPY_LEAVES = "INSERT INTO log_leaf (seq, erasure, kind, tenant, issued_at, note) VALUES", [I64, Blob, Text, Blob, I64, Text], "";
    /// Tiles of the log; the last of each level grows.
    COPY_TILES = "INSERT INTO log_tile (level, number, hashes) VALUES", [I64, I64, Blob], " ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes";
    /// The log's head.
    COPY_LOG_HEAD = "INSERT INTO log_head (id, verifier, size, root, checkpoint, guard) VALUES", [I64, Text, I64, Blob, Text, I64], " ON CONFLICT (id) DO UPDATE SET verifier = excluded.verifier, size = excluded.size, root = excluded.root, checkpoint = excluded.checkpoint, guard = excluded.guard";
    /// Mirrors as the main vault knows them.
    COPY_MIRRORS = "INSERT INTO mirror (id, name, epoch, version, acknowledged_at, opened) VALUES", [Blob, Text, I64, I64, I64, I64], "";
}
