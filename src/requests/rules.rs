//! Which step may follow which, as one table; and what a request needs. Pure.

use super::RequestError;
use super::types::{Act, Right, State};

/// One kind of step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// Which.
    pub act: Act,
    /// In which states it may be taken.
    pub from: &'static [State],
    /// What follows; absent: the state stays.
    pub to: Option<State>,
    /// Whether only the client may decide it: it carries the client's instruction.
    pub instructed: bool,
}

const OPEN: &[State] = &[
    State::Registered,
    State::AwaitingIdentity,
    State::AwaitingInstruction,
    State::Instructed,
];

const fn step(act: Act, from: &'static [State], to: Option<State>, instructed: bool) -> Transition {
    Transition {
        act,
        from,
        to,
        instructed,
    }
}

/// Every step there is.
///
/// ```text
/// registered ─► awaiting_instruction ─► instructed ─► fulfilled
///     ▲▼                 ▲▼                            refused, withdrawn: from any open state
/// awaiting_identity ─────┘                             reopened: back to awaiting_instruction
/// ```
pub const TRANSITIONS: &[Transition] = &[
    step(
        Act::Doubt,
        &[State::Registered, State::AwaitingInstruction],
        Some(State::AwaitingIdentity),
        false,
    ),
    step(
        Act::Verify,
        &[
            State::Registered,
            State::AwaitingIdentity,
            State::AwaitingInstruction,
            State::Instructed,
        ],
        Some(State::AwaitingInstruction),
        false,
    ),
    step(
        Act::Forward,
        &[State::Registered, State::AwaitingInstruction],
        Some(State::AwaitingInstruction),
        false,
    ),
    step(
        Act::Instruct,
        &[State::Registered, State::AwaitingInstruction],
        Some(State::Instructed),
        true,
    ),
    step(Act::Extend, OPEN, None, true),
    step(Act::Refuse, OPEN, Some(State::Refused), true),
    step(
        Act::Package,
        &[State::Instructed, State::Fulfilled],
        None,
        false,
    ),
    step(
        Act::Deliver,
        &[State::Instructed],
        Some(State::Fulfilled),
        false,
    ),
    step(Act::Withdraw, OPEN, Some(State::Withdrawn), false),
    step(
        Act::Reopen,
        &[State::Fulfilled, State::Refused, State::Withdrawn],
        Some(State::AwaitingInstruction),
        false,
    ),
];

/// The state after a step, or why it may not be taken. What hands data out or erases them without the
/// client's instruction is told so, whatever else is missing.
pub fn after(act: Act, state: State) -> Result<State, RequestError> {
    let found = TRANSITIONS.iter().find(|it| it.act == act);
    match found {
        Some(step) if step.from.contains(&state) => Ok(step.to.unwrap_or(state)),
        _ if matches!(act, Act::Package | Act::Deliver) && OPEN.contains(&state) => {
            Err(RequestError::NotInstructed)
        }
        _ => Err(RequestError::WrongState { act, state }),
    }
}

/// Whether only the client may decide a step.
pub fn is_the_clients(act: Act) -> bool {
    let found = TRANSITIONS.iter().find(|it| it.act == act);
    found.is_some_and(|step| step.instructed)
}

/// Whether data must not be erased before an answer: of these rights the answer is made of the data.
pub fn needs_hold(rights: &[Right]) -> bool {
    rights.iter().any(|right| {
        use Right::{Access, Objection, Portability, Restriction};
        matches!(right, Access | Portability | Restriction | Objection)
    })
}

/// Whether a package is handed over.
pub fn needs_package(rights: &[Right]) -> bool {
    let of = |right: &Right| matches!(right, Right::Access | Right::Portability);
    rights.iter().any(of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_act_stands_in_the_table_once() {
        for act in Act::ALL {
            if *act != Act::Register {
                let times = TRANSITIONS.iter().filter(|it| it.act == *act).count();
                assert_eq!(times, 1, "{}", act.word());
            }
        }
    }

    #[test]
    fn what_is_refused_extended_or_done_is_the_clients() {
        let clients: Vec<Act> = Act::ALL
            .iter()
            .copied()
            .filter(|it| is_the_clients(*it))
            .collect();
        assert_eq!(clients, [Act::Instruct, Act::Extend, Act::Refuse]);
    }

    #[test]
    fn nothing_is_handed_out_or_erased_before_the_instruction() {
        for state in State::ALL {
            let delivered = after(Act::Deliver, *state);
            match state {
                State::Instructed => assert_eq!(delivered.unwrap(), State::Fulfilled),
                State::Fulfilled | State::Refused | State::Withdrawn => {
                    assert!(matches!(delivered, Err(RequestError::WrongState { .. })));
                }
                _ => assert!(matches!(delivered, Err(RequestError::NotInstructed))),
            }
        }
    }

    #[test]
    fn an_end_is_left_by_reopening_only() {
        for end in [State::Fulfilled, State::Refused, State::Withdrawn] {
            let ways: Vec<Act> = Act::ALL
                .iter()
                .copied()
                .filter(|act| after(*act, end).is_ok_and(|next| next != end))
                .collect();
            assert_eq!(ways, [Act::Reopen], "{}", end.word());
        }
    }

    #[test]
    fn in_doubt_about_a_person_nothing_is_instructed() {
        assert!(after(Act::Instruct, State::AwaitingIdentity).is_err());
        assert!(after(Act::Verify, State::AwaitingIdentity).is_ok());
    }
}
