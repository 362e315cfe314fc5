//! What the wiring asks the data store about the vault it belongs to.

crate::store::statements! { data:
    /// Whose data this is and how far it has come; no row before the first start.
    READ_META = "SELECT vault_id, applied, vault_version FROM meta WHERE id = 1";
}
