//! The queue's SQL, and nothing else.

crate::store::statements! { data:
    /// Adds work, unless the same work is known.
    INSERT_JOB = "INSERT INTO job (id, kind, tenant, object, state, due_at, attempts, progress, created_at) \
        VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7) ON CONFLICT (kind, object) DO NOTHING";
    /// Takes the work that has been due longest, unless the data is restored and nobody confirmed yet.
    /// Of two workers who choose the same one, the second finds it no longer due.
    LEASE_JOB = "UPDATE job SET state = $1, holder = $2, due_at = $3, attempts = attempts + 1 \
        WHERE id = (SELECT id FROM job WHERE due_at <= $4 AND NOT EXISTS \
            (SELECT id FROM meta WHERE id = 1 AND (paused = $5 OR restoration IS NOT NULL)) \
            ORDER BY due_at, id LIMIT 1) \
        AND due_at <= $6 RETURNING id, kind, tenant, object, attempts";
    /// Keeps a lease, and says how far the work has come.
    RENEW_LEASE = "UPDATE job SET due_at = $1, progress = $2, total = $3 WHERE id = $4 AND holder = $5";
    /// The work is done.
    END_JOB = "UPDATE job SET state = $1, due_at = NULL, holder = NULL, reason = $2, ended_at = $3 WHERE id = $4 AND holder = $5";
    /// The work is to be tried again later.
    PUT_OFF_JOB = "UPDATE job SET state = $1, due_at = $2, holder = NULL, reason = $3 WHERE id = $4 AND holder = $5";
    /// The work goes back as if nobody had begun it.
    GIVE_JOB_BACK = "UPDATE job SET state = $1, due_at = $2, holder = NULL, attempts = attempts - 1 WHERE id = $3 AND holder = $4";
    /// Work that waits may begin at another time.
    MOVE_JOB = "UPDATE job SET due_at = $1 WHERE kind = $2 AND object = $3 AND state = $4";
    /// Begins failed work anew.
    RETRY_JOB = "UPDATE job SET state = $1, due_at = $2, attempts = 0, ended_at = NULL WHERE id = $3 AND state = $4";
    /// Forgets work that ended well long ago.
    FORGET_JOBS = "DELETE FROM job WHERE state = $1 AND ended_at < $2";
    /// Work, the newest first.
    JOBS = "SELECT id, kind, tenant, object, state, due_at, attempts, progress, total, reason, created_at, ended_at \
        FROM job WHERE created_at < $1 OR (created_at = $2 AND id < $3) ORDER BY created_at DESC, id DESC LIMIT $4";
    /// The work about one thing.
    JOB_OF = "SELECT id, kind, tenant, object, state, due_at, attempts, progress, total, reason, created_at, ended_at \
        FROM job WHERE kind = $1 AND object = $2";
    /// How much work there is in each state.
    COUNT_JOBS = "SELECT state, COUNT(*) FROM job GROUP BY state";
    /// When the oldest work was due.
    OLDEST_DUE = "SELECT MIN(due_at) FROM job";
    /// Whether the queue waits for a person.
    IS_PAUSED = "SELECT paused FROM meta WHERE id = 1";
    /// A person confirmed, or the queue is to wait for one.
    SET_PAUSED = "UPDATE meta SET paused = $1 WHERE id = 1";
}
