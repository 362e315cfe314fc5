//! The wiring's one question to the data store.

crate::store::statements! { data:
    /// Whose data this is; no row before the first start.
    READ_META = "SELECT vault_id FROM meta WHERE id = 1";
}
