//! The index's statements.

crate::store::statements! { index:
    /// A writer's first statement: no row unless the index is whole and under these keys.
    TAKE_INDEX = "UPDATE index_state SET guard = guard + 1 \
        WHERE tenant = $1 AND generation = $2 AND ready = $3 RETURNING guard";
    /// A reader's look at the same.
    INDEX_IS_READY = "SELECT guard FROM index_state \
        WHERE tenant = $1 AND generation = $2 AND ready = $3";
    /// How a rebuild of another process gets on.
    INDEX_STATE = "SELECT generation, ready, guard FROM index_state WHERE tenant = $1";
    /// A rebuild begins, or a tenant's index, with a guard that is new to it and to the data. That
    /// suppressions are lost is said until a person takes it back.
    BEGIN_INDEX = "INSERT INTO index_state (tenant, generation, ready, guard, suppressions_lost_at) \
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant) DO UPDATE SET \
        generation = excluded.generation, ready = excluded.ready, \
        guard = CASE WHEN excluded.guard > index_state.guard THEN excluded.guard ELSE index_state.guard + 1 END, \
        suppressions_lost_at = COALESCE(index_state.suppressions_lost_at, excluded.suppressions_lost_at) \
        RETURNING guard";
    /// Every tenant's guard.
    ALL_GUARDS = "SELECT tenant, guard FROM index_state";
    /// Suppressions are found to be lost.
    MARK_SUPPRESSIONS_LOST = "UPDATE index_state \
        SET suppressions_lost_at = COALESCE(suppressions_lost_at, $1) WHERE tenant = $2";
    /// Whether a tenant's suppressions are lost and no person has confirmed that imports go on.
    SUPPRESSIONS_LOST = "SELECT suppressions_lost_at FROM index_state \
        WHERE tenant = $1 AND suppressions_lost_at IS NOT NULL";
    /// The tenants of which that is so.
    ALL_SUPPRESSIONS_LOST = "SELECT tenant FROM index_state \
        WHERE suppressions_lost_at IS NOT NULL ORDER BY tenant";
    /// A person has confirmed it.
    ALLOW_IMPORTS = "UPDATE index_state SET suppressions_lost_at = NULL \
        WHERE tenant = $1 AND suppressions_lost_at IS NOT NULL";
    /// Up to which entry of the ledger the index was held against it.
    LOOKED = "SELECT ledger_seq FROM looked WHERE id = $1";
    /// It was held against it up to here.
    SET_LOOKED = "INSERT INTO looked (id, ledger_seq) VALUES ($1, $2) \
        ON CONFLICT (id) DO UPDATE SET ledger_seq = excluded.ledger_seq";
    /// The same, unless it came further already.
    RAISE_LOOKED = "INSERT INTO looked (id, ledger_seq) VALUES ($1, $2) \
        ON CONFLICT (id) DO UPDATE SET ledger_seq = excluded.ledger_seq \
        WHERE excluded.ledger_seq > looked.ledger_seq";
    /// An erasure is remembered under these keys.
    REMEMBER = "INSERT INTO remembered (tenant, generation, erasure) VALUES ($1, $2, $3) \
        ON CONFLICT (tenant, generation, erasure) DO NOTHING";
    /// An erasure is remembered wherever another one is.
    REMEMBER_WITH = "INSERT INTO remembered (tenant, generation, erasure) \
        SELECT tenant, generation, CAST($1 AS blob) FROM remembered \
        WHERE tenant = $2 AND generation > 0 AND erasure = $3 \
        ON CONFLICT (tenant, generation, erasure) DO NOTHING";
    /// What is remembered under some keys is remembered under others too.
    REMEMBER_UNDER = "INSERT INTO remembered (tenant, generation, erasure) \
        SELECT tenant, CAST($1 AS BIGINT), erasure FROM remembered WHERE tenant = $2 AND generation = $3 \
        ON CONFLICT (tenant, generation, erasure) DO NOTHING";
    /// What was forgotten counts as remembered under these keys: a person answers for it.
    REMEMBER_FORGOTTEN = "INSERT INTO remembered (tenant, generation, erasure) \
        SELECT tenant, CAST($1 AS BIGINT), erasure FROM forgotten WHERE tenant = $2 \
        ON CONFLICT (tenant, generation, erasure) DO NOTHING";
    /// Nothing of a tenant is forgotten any more.
    DELETE_FORGOTTEN = "DELETE FROM forgotten WHERE tenant = $1";
    /// Nothing of a tenant is remembered any more.
    DELETE_REMEMBERED = "DELETE FROM remembered WHERE tenant = $1";
    /// What is remembered under some keys goes.
    DELETE_REMEMBERED_UNDER = "DELETE FROM remembered WHERE tenant = $1 AND generation = $2";
    /// What is remembered under keys that are gone goes.
    DELETE_OLDER_REMEMBERED = "DELETE FROM remembered WHERE tenant = $1 AND generation < $2";
    /// One step of a rebuild; no row when another rebuild began after this one.
    STEP_REBUILD = "UPDATE index_state SET guard = guard + 1 \
        WHERE tenant = $1 AND generation = $2 AND ready = $3 AND guard = $4 RETURNING guard";
    /// The last step of a rebuild.
    END_REBUILD = "UPDATE index_state SET ready = $1, guard = guard + 1 \
        WHERE tenant = $2 AND generation = $3 AND guard = $4 RETURNING guard";
    /// A purge or a removal takes the guard in any state.
    TAKE_ANY_INDEX = "UPDATE index_state SET guard = guard + 1 WHERE tenant = $1 RETURNING guard";
    /// Who has a token.
    CONTACTS_OF_TOKEN = "SELECT contact FROM token \
        WHERE tenant = $1 AND field = $2 AND token = $3";
    /// Whose external id it is.
    OWNER_OF_TOKEN = "SELECT owner FROM reservation \
        WHERE tenant = $1 AND domain = $2 AND token = $3";
    /// Some of a tenant's reservations, found again by owner: by token they would be searched one by
    /// one through all that is left.
    DELETE_SOME_RESERVATIONS = "DELETE FROM reservation WHERE tenant = $1 AND owner IN \
        (SELECT r.owner FROM reservation r WHERE r.tenant = $2 LIMIT $3)";
    /// Some of a tenant's tokens.
    DELETE_SOME_TOKENS = "DELETE FROM token WHERE tenant = $1 AND contact IN \
        (SELECT t.contact FROM token t WHERE t.tenant = $2 LIMIT $3)";
    /// All of a tenant's suppressions.
    DELETE_SUPPRESSIONS = "DELETE FROM suppression WHERE tenant = $1";
    /// A tenant's state, at its end.
    DELETE_STATE = "DELETE FROM index_state WHERE tenant = $1";
    /// Whether there is any suppression to look at.
    HAS_SUPPRESSION = "SELECT token FROM suppression \
        WHERE tenant = $1 AND generation = $2 AND expires_at > $3 LIMIT 1";
    /// Whether there is one of a domain.
    HAS_SUPPRESSION_OF = "SELECT token FROM suppression \
        WHERE tenant = $1 AND generation = $2 AND domain = $3 AND expires_at > $4 LIMIT 1";
    /// All of a tenant's suppressions under some keys.
    SUPPRESSIONS = "SELECT domain, token, cutoff, expires_at, erasure FROM suppression \
        WHERE tenant = $1 AND generation = $2";
    /// Suppressions of one generation go.
    DELETE_GENERATION = "DELETE FROM suppression WHERE tenant = $1 AND generation = $2";
    /// Expired suppressions go.
    DELETE_EXPIRED_SUPPRESSIONS = "DELETE FROM suppression WHERE tenant = $1 AND expires_at <= $2";
    /// Suppressions under keys that are gone go.
    DELETE_OLDER_SUPPRESSIONS = "DELETE FROM suppression WHERE tenant = $1 AND generation < $2";
    /// A receipt's salt.
    INSERT_SALT = "INSERT INTO salt (erasure, tenant, salt, expires_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (erasure) DO NOTHING";
    /// A receipt's salt while it may be read.
    SALT = "SELECT salt FROM salt WHERE erasure = $1 AND expires_at > $2";
    /// Every salt of a tenant that may be read.
    SALTS_OF_TENANT = "SELECT erasure, salt FROM salt WHERE tenant = $1 AND expires_at > $2 ORDER BY erasure";
    /// Salts nobody may read any more.
    DELETE_EXPIRED_SALTS = "DELETE FROM salt WHERE expires_at <= $1";
}

crate::store::bulk! { index:
    /// Reserving what nobody has.
    RESERVE = "INSERT INTO reservation (tenant, domain, token, owner) VALUES", [Blob, I64, Blob, Blob],
        " ON CONFLICT (tenant, domain, token) DO NOTHING";
    /// Reserving, whoever has it now.
    TAKE_OVER = "INSERT INTO reservation (tenant, domain, token, owner) VALUES", [Blob, I64, Blob, Blob],
        " ON CONFLICT (tenant, domain, token) DO UPDATE SET owner = excluded.owner";
    /// Whose reservations these are.
    OWNERS = "SELECT token, owner FROM reservation \
        WHERE tenant = $1 AND domain = $2 AND token IN (", [Blob], ")";
    /// How many of these owners still have a reservation.
    RESERVED_OWNERS = "SELECT COUNT(DISTINCT owner) FROM reservation WHERE tenant = $1 AND owner IN (", [Blob], ")";
    /// Search tokens.
    INSERT_TOKENS = "INSERT INTO token (tenant, field, token, contact) VALUES", [Blob, I64, Blob, Blob],
        " ON CONFLICT (tenant, field, token, contact) DO NOTHING";
    /// The search tokens of these contacts go.
    DELETE_TOKENS = "DELETE FROM token WHERE tenant = $1 AND contact IN (", [Blob], ")";
    /// The reservations of these owners go.
    DELETE_OWNERS = "DELETE FROM reservation WHERE tenant = $1 AND owner IN (", [Blob], ")";
    /// Identifiers of an erased person.
    INSERT_SUPPRESSIONS = "INSERT INTO suppression \
        (tenant, generation, domain, token, cutoff, expires_at, erasure) VALUES",
        [Blob, I64, I64, Blob, I64, I64, Blob],
        " ON CONFLICT (tenant, generation, domain, token) DO UPDATE SET \
        cutoff = excluded.cutoff, expires_at = excluded.expires_at, erasure = excluded.erasure \
        WHERE excluded.cutoff >= suppression.cutoff";
    /// Which of these erasures are remembered under some keys.
    REMEMBERED = "SELECT erasure FROM remembered \
        WHERE tenant = $1 AND generation = $2 AND erasure IN (", [Blob], ")";
    /// Erasures that should be remembered and are not.
    INSERT_FORGOTTEN = "INSERT INTO forgotten (tenant, erasure) VALUES", [Blob, Blob],
        " ON CONFLICT (tenant, erasure) DO NOTHING";
    /// Up to when these identifiers are suppressed.
    CUTOFFS = "SELECT token, cutoff FROM suppression \
        WHERE tenant = $1 AND generation = $2 AND expires_at > $3 AND token IN (", [Blob], ")";
}
