//! Who may do what: one table, read from top to bottom.

use super::Role;

/// What a caller may or may not do. Each route names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// See which clients there are and how they are set up.
    SeeTenants,
    /// Add and change clients.
    ChangeTenants,
    /// Say how a client's data is processed: what its notice shows, recipients, purposes, periods.
    Describe,
    /// Read what is held about people.
    ReadPeople,
    /// Record contacts, messages, cases and forwardings.
    WritePeople,
    /// Order the erasure of a person.
    Erase,
    /// Register and handle data subjects' requests.
    HandleRequests,
    /// Place and release holds.
    Hold,
    /// Record a client's choice at its contract's end, see how far that is, and fetch the return.
    Offboard,
    /// Approve, stop, call off and execute a purge.
    Purge,
    /// Read receipts.
    ReadReceipts,
    /// Read who did what.
    ReadAudit,
}

impl Act {
    /// Every act.
    pub const ALL: [Act; 12] = [
        Act::SeeTenants,
        Act::ChangeTenants,
        Act::Describe,
        Act::ReadPeople,
        Act::WritePeople,
        Act::Erase,
        Act::HandleRequests,
        Act::Hold,
        Act::Offboard,
        Act::Purge,
        Act::ReadReceipts,
        Act::ReadAudit,
    ];
}

/// Whether a role may do an act. A role that is bound to a client may do it in that client's data only;
/// that is looked at where the client is known.
///
/// An administrator may do everything, because it could make itself any token. A data protection
/// officer works with people's data and changes no set-up. A client decides about its own data, and two
/// people of the operator carry a purge out. An auditor reads proofs and never contents.
/// A hook announces what other systems know, and reads nothing.
pub const fn may(role: Role, act: Act) -> bool {
    use Act::*;
    match role {
        Role::Admin => true,
        Role::Dpo => !matches!(act, ChangeTenants),
        Role::Tenant => !matches!(act, ChangeTenants | Hold | Purge),
        Role::Auditor => matches!(act, SeeTenants | ReadReceipts | ReadAudit),
        Role::Hook => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table as a person would write it down: `x` may.
    const TABLE: &str = "
                       admin  dpo  tenant  hook  auditor
        SeeTenants     x      x    x       -     x
        ChangeTenants  x      -    -       -     -
        Describe       x      x    x       -     -
        ReadPeople     x      x    x       -     -
        WritePeople    x      x    x       -     -
        Erase          x      x    x       -     -
        HandleRequests x      x    x       -     -
        Hold           x      x    -       -     -
        Offboard       x      x    x       -     -
        Purge          x      x    -       -     -
        ReadReceipts   x      x    x       -     x
        ReadAudit      x      x    x       -     x
    ";

    #[test]
    fn the_table_holds() {
        let mut lines = TABLE.lines().filter(|line| !line.trim().is_empty());
        let roles: Vec<Role> = lines
            .next()
            .unwrap_or_default()
            .split_whitespace()
            .map(|word| Role::from_word(word).expect("a role"))
            .collect();
        assert_eq!(roles, Role::ALL);
        for (line, act) in lines.zip(Act::ALL) {
            let cells: Vec<&str> = line.split_whitespace().collect();
            assert_eq!(cells[0], format!("{act:?}"));
            for (role, cell) in roles.iter().zip(&cells[1..]) {
                assert_eq!(may(*role, act), *cell == "x", "{role:?} {act:?}");
            }
        }
    }
}
