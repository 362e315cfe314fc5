//! The vault's SQL, and nothing else.

crate::store::statements! { vault:
    /// The head as it is now.
    READ_HEAD = "SELECT vault_id, version, epoch, root_id, ledger_seq, rows_deleted FROM head WHERE id = 1";
    /// Takes the lock that every write of the tree holds, and the next version.
    TAKE_HEAD = "UPDATE head SET version = version + 1 WHERE id = 1 RETURNING vault_id, version, epoch, root_id, ledger_seq, rows_deleted";
    /// Makes the one head of a new vault.
    INSERT_HEAD = "INSERT INTO head (id, vault_id, version, epoch, root_id, ledger_seq, rows_deleted, created_at) VALUES (1, $1, $2, $3, $4, $5, $6, $7)";
    /// The point of no return: the vault names another root.
    NAME_ROOT = "UPDATE head SET root_id = $1, epoch = $2, ledger_seq = $3 WHERE id = 1 AND root_id = $4";
    /// Raises the mark of what is deleted from data.
    RAISE_ROWS_DELETED = "UPDATE head SET rows_deleted = $1 WHERE id = 1 AND rows_deleted < $2";

    /// One page.
    READ_PAGE = "SELECT version, body FROM page WHERE kind = $1 AND tenant = $2 AND number = $3";
    /// A page written over the version that was read.
    UPDATE_PAGE = "UPDATE page SET body = $1, written = $2, version = version + 1 WHERE kind = $3 AND tenant = $4 AND number = $5 AND version = $6";
    /// Removes what is left of a purged tenant's pages; their keys are gone already.
    DELETE_TENANT_PAGES = "DELETE FROM page WHERE tenant = $1";
    /// Which block pages of a tenant nobody wrote after a version.
    BLOCKS_UNTOUCHED_SINCE = "SELECT number FROM page WHERE kind = 5 AND tenant = $1 AND written <= $2";
    /// Which tenants' own pages nobody wrote after a version.
    TENANTS_UNTOUCHED_SINCE = "SELECT tenant FROM page WHERE kind = 3 AND written <= $1";
    /// How many tenants have a place in the tree.
    COUNT_TENANTS = "SELECT COUNT(*) FROM page WHERE kind = 3";
    /// Whether anything of a tenant was erased after a place in the ledger.
    LEDGER_OF_TENANT_AFTER = "SELECT seq FROM ledger WHERE tenant = $1 AND seq > $2 LIMIT 1";
    /// Erasures of these kinds in a tenant, since a time.
    LEDGER_OF_KINDS = "SELECT erasure_id FROM ledger \
        WHERE tenant = $1 AND kind IN ($2, $3, $4) AND destroyed_at > $5";
    /// Erasures of these kinds after a place in the ledger, since a time.
    LEDGER_OF_KINDS_AFTER = "SELECT tenant, erasure_id FROM ledger \
        WHERE seq > $1 AND kind IN ($2, $3, $4) AND destroyed_at > $5";
    /// A hold that stands in the way of erasing a tenant or somebody in it.
    HOLD_IN_THE_WAY = "SELECT id FROM hold WHERE tenant = $1 AND released_at IS NULL AND ($2 OR subject IS NULL OR subject = $3) ORDER BY placed_at LIMIT 1";

    /// One erasure by its id.
    READ_LEDGER = "SELECT seq, erasure_id, kind, tenant, subject, epoch, facts, destroyed_at, results, rows_deleted_at FROM ledger WHERE erasure_id = $1";
    /// The newest erasure of a contact or case.
    READ_LEDGER_OF_SUBJECT = "SELECT seq, erasure_id, kind, tenant, subject, epoch, facts, destroyed_at, results, rows_deleted_at FROM ledger WHERE tenant = $1 AND subject = $2 ORDER BY seq DESC LIMIT 1";
    /// The ledger after a place, in order.
    LEDGER_AFTER = "SELECT seq, erasure_id, kind, tenant, subject, epoch, facts, destroyed_at, results, rows_deleted_at FROM ledger WHERE seq > $1 ORDER BY seq LIMIT $2";
    /// The newest place in the ledger.
    NEWEST_ENTRY = "SELECT MAX(seq) FROM ledger";
    /// The newest place in the ledger up to a number.
    NEWEST_ENTRY_UP_TO = "SELECT MAX(seq) FROM ledger WHERE seq <= $1";
    /// How many erasures there were.
    COUNT_LEDGER = "SELECT COUNT(*) FROM ledger";
    /// Records an erasure.
    INSERT_LEDGER = "INSERT INTO ledger (seq, erasure_id, kind, tenant, subject, epoch, facts, destroyed_at, written) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// States what became of the rows.
    SET_RESULTS = "UPDATE ledger SET results = $1, rows_deleted_at = $2, written = $3 WHERE erasure_id = $4 AND rows_deleted_at IS NULL";
    /// The order of an erasure is carried out.
    DELETE_ORDER = "DELETE FROM erasure_order WHERE id = $1";
    /// Keys that one erasure destroyed.
    READ_ERASED_BY = "SELECT block, leaf FROM erased WHERE erasure_id = $1 ORDER BY block, leaf";
    /// Which erasure destroyed a key, or its whole tenant.
    READ_ERASED = "SELECT erasure_id, block FROM erased WHERE tenant = $1 AND ((block = $2 AND leaf = $3) OR block = -1) ORDER BY block LIMIT 1";

    /// Every destroyed key of a tenant, with the erasure that did it.
    ALL_ERASED_BY = "SELECT block, leaf, erasure_id FROM erased WHERE tenant = $1";

    /// Makes a process known.
    INSERT_INSTANCE = "INSERT INTO instance (id, epoch, beat, started_at) VALUES ($1, $2, 0, $3) ON CONFLICT (id) DO UPDATE SET beat = instance.beat + 1, epoch = excluded.epoch";
    /// Renews a lease and says which epoch the process works in.
    BEAT = "UPDATE instance SET beat = beat + 1, epoch = $1 WHERE id = $2";
    /// Every known process.
    INSTANCES = "SELECT id, epoch, beat FROM instance";
    /// Forgets a process.
    DELETE_INSTANCE = "DELETE FROM instance WHERE id = $1";
}

crate::store::bulk! { vault:
    /// Pages written for the first time.
    INSERT_PAGES = "INSERT INTO page (kind, tenant, number, version, written, body) VALUES",
        [I64, Blob, I64, I64, I64, Blob], "";
    /// Records destroyed keys.
    INSERT_ERASED = "INSERT INTO erased (tenant, block, leaf, erasure_id) VALUES", [Blob, I64, I64, Blob], "";
}
