//! The inventory's statements. Each is answered from an index alone (`tests/statements.rs` looks): a
//! client's rows hold what people wrote, and nobody reads that to count it.

crate::store::statements! { data:
    /// Names, and the profiles with one.
    WITH_NAME = "SELECT source, COUNT(*), MIN(created_at), MAX(created_at), COUNT(*) FROM contact \
        WHERE tenant = $1 AND name IS NOT NULL AND erased_at IS NULL GROUP BY source";
    /// Telephone numbers, and the profiles with one.
    WITH_PHONE = "SELECT source, CAST(SUM(phones) AS BIGINT), MIN(created_at), MAX(created_at), COUNT(*) \
        FROM contact WHERE tenant = $1 AND phones > 0 AND erased_at IS NULL GROUP BY source";
    /// E-mail addresses, and the profiles with one.
    WITH_EMAIL = "SELECT source, CAST(SUM(emails) AS BIGINT), MIN(created_at), MAX(created_at), COUNT(*) \
        FROM contact WHERE tenant = $1 AND emails > 0 AND erased_at IS NULL GROUP BY source";
    /// Other systems' ids, and the profiles with one.
    WITH_EXTERNAL_ID = "SELECT source, CAST(SUM(external_ids) AS BIGINT), MIN(created_at), MAX(created_at), COUNT(*) \
        FROM contact WHERE tenant = $1 AND external_ids > 0 AND erased_at IS NULL GROUP BY source";
    /// Messages by channel.
    MESSAGES = "SELECT channel, COUNT(*), MIN(sent_at), MAX(sent_at) FROM message \
        WHERE tenant = $1 GROUP BY channel";
    /// How many people's messages.
    PEOPLE_OF_MESSAGES = "SELECT COUNT(DISTINCT contact) FROM message WHERE tenant = $1";
    /// How many files, and whose.
    ATTACHMENTS = "SELECT COUNT(*), COUNT(DISTINCT contact) FROM attachment WHERE tenant = $1";
    /// Files by the channel of their message.
    ATTACHMENTS_BY_CHANNEL = "SELECT m.channel, COUNT(*), MIN(m.sent_at), MAX(m.sent_at) \
        FROM attachment a JOIN message m ON m.id = a.message WHERE a.tenant = $1 GROUP BY m.channel";
    /// To whom something went.
    FORWARDINGS = "SELECT recipient, COUNT(*), MIN(at), MAX(at) FROM forwarding \
        WHERE tenant = $1 GROUP BY recipient";
    /// Who has how many cases.
    CUSTODY = "SELECT custody, COUNT(*) FROM support_case \
        WHERE tenant = $1 AND erased_at IS NULL GROUP BY custody";

    /// Which categories are held at all.
    HELD = "SELECT EXISTS (SELECT 1 FROM contact WHERE tenant = $1 AND name IS NOT NULL AND erased_at IS NULL), \
        EXISTS (SELECT 1 FROM contact WHERE tenant = $2 AND phones > 0 AND erased_at IS NULL), \
        EXISTS (SELECT 1 FROM contact WHERE tenant = $3 AND emails > 0 AND erased_at IS NULL), \
        EXISTS (SELECT 1 FROM contact WHERE tenant = $4 AND external_ids > 0 AND erased_at IS NULL), \
        EXISTS (SELECT 1 FROM message WHERE tenant = $5), \
        EXISTS (SELECT 1 FROM attachment WHERE tenant = $6)";
    /// Which channels are used: from one to the next, past everything that came by it.
    CHANNELS = "WITH RECURSIVE used (channel) AS \
        (SELECT MIN(channel) FROM message WHERE tenant = $1 UNION ALL \
        SELECT (SELECT MIN(m.channel) FROM message m WHERE m.tenant = $2 AND m.channel > used.channel) \
        FROM used WHERE used.channel IS NOT NULL) SELECT channel FROM used WHERE channel IS NOT NULL";
    /// To whom something went at all, likewise.
    GIVEN_TO = "WITH RECURSIVE given (recipient) AS \
        (SELECT MIN(recipient) FROM forwarding WHERE tenant = $1 UNION ALL \
        SELECT (SELECT MIN(f.recipient) FROM forwarding f WHERE f.tenant = $2 AND f.recipient > given.recipient) \
        FROM given WHERE given.recipient IS NOT NULL) SELECT recipient FROM given WHERE recipient IS NOT NULL";
}
