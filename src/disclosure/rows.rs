//! The SQL of the versions of notices, and nothing else.

crate::store::statements! { data:
    /// A new version.
    INSERT_VERSION = "INSERT INTO notice_version (id, tenant, unit, number, hash, body, sealed_version, drafted_at, drafted_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    /// The highest number of a tenant's versions.
    LAST_NUMBER = "SELECT MAX(number) FROM notice_version WHERE tenant = $1";
    /// A tenant's versions without their texts, the newest first.
    VERSIONS = "SELECT number, hash, drafted_at, drafted_by, approved_at, approved_by, published_at, published_by, in_spite_of, ended_at FROM notice_version WHERE tenant = $1 ORDER BY number DESC";
    /// One version with its texts.
    VERSION = "SELECT v.number, v.hash, v.drafted_at, v.drafted_by, v.approved_at, v.approved_by, v.published_at, v.published_by, v.in_spite_of, v.ended_at, v.id, v.body, v.sealed_version, u.id, u.block, u.leaf, u.commitment FROM notice_version v JOIN unit u ON u.id = v.unit WHERE v.tenant = $1 AND v.number = $2";
    /// The number of the version that was in force at a moment.
    IN_FORCE = "SELECT number FROM notice_version WHERE tenant = $1 AND published_at <= $2 AND (ended_at IS NULL OR ended_at > $3) ORDER BY number DESC LIMIT 1";
    /// A version is approved; whoever comes second finds it so.
    APPROVE = "UPDATE notice_version SET approved_at = $1, approved_by = $2 WHERE tenant = $3 AND number = $4 AND approved_at IS NULL AND ended_at IS NULL";
    /// Drafts and approved versions before this one are over.
    END_UNPUBLISHED = "UPDATE notice_version SET ended_at = $1 WHERE tenant = $2 AND number < $3 AND published_at IS NULL AND ended_at IS NULL";
    /// What is in force ends.
    END_PUBLISHED = "UPDATE notice_version SET ended_at = $1 WHERE tenant = $2 AND published_at IS NOT NULL AND ended_at IS NULL";
    /// An approved version is in force from now on.
    PUBLISH = "UPDATE notice_version SET published_at = $1, published_by = $2, in_spite_of = $3 WHERE tenant = $4 AND number = $5 AND approved_at IS NOT NULL AND published_at IS NULL AND ended_at IS NULL";
}
