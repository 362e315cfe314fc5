//! Where copies are that this house cannot erase itself, how approvers are known, and instructions that nobody
//! numbered, as receipts say it.
//! The signed receipt is in English; a certificate in another language finds its own words by these (`render/words.rs`).

/// Mailboxes and whoever carries the mail.
pub const MAIL: &str = "mailboxes and mail servers";
/// Whoever carries text messages.
pub const SMS: &str = "the text message supplier: messages and delivery reports";
/// Whoever carries calls.
pub const TELEPHONY: &str = "the telephony supplier: call records and recordings";
/// The operator's account on the client's pages.
pub const SOCIAL: &str = "the operator's account on the client's social pages";
/// The chat window.
pub const WIDGET: &str = "the chat window on the client's website";
/// The operator's user in the payment portal.
pub const KLARNA: &str = "the operator's user in Klarna's merchant portal";
/// Carriers, customs and whoever else takes part in a return.
pub const RETURNS: &str = "carriers and customs of returns";
/// Letters.
pub const PAPER: &str = "letters on paper";
/// Anything else.
pub const OTHER: &str = "other channels in use";
/// A recipient whose name looks like a person's address and may not stand on a receipt.
pub const UNNAMED: &str = "a recipient who is named in the cases";
/// A recipient that only the cases themselves named: on a person's receipt, and not in the register.
pub const UNREGISTERED: &str = "a recipient that is not in the register of recipients";

/// An approver whose name was given on the command line.
pub const NAMED_HERE: &str = "named on the command line";
/// An approver by a token; its role follows.
pub const BY_TOKEN: &str = "by a token of role";

/// The instruction of a purge where nobody gave a reference of their own.
pub const END_OF_CONTRACT: &str = "end of contract";
/// The instruction of a correction, likewise.
pub const STANDING_CORRECTION: &str = "rectification, as the client's standing instruction allows";
