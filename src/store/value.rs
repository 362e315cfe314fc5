//! What a statement can be given: integers, text, bytes and truth values, each with its own NULL.

use std::fmt;

use crate::vocabulary::Timestamp;

/// One argument of a statement. NULL is typed, because PostgreSQL wants to know what is missing.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// A BIGINT.
    I64(i64),
    /// A TEXT; one that contains NUL is refused when the statement runs.
    Text(String),
    /// A BLOB, on PostgreSQL a `bytea`.
    Blob(Vec<u8>),
    /// A BOOLEAN.
    Bool(bool),
    /// No BIGINT.
    NullI64,
    /// No TEXT.
    NullText,
    /// No BLOB.
    NullBlob,
    /// No BOOLEAN.
    NullBool,
}

/// What a value is, also when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A BIGINT.
    I64,
    /// A TEXT.
    Text,
    /// A BLOB.
    Blob,
    /// A BOOLEAN.
    Bool,
}

impl Kind {
    /// What PostgreSQL calls an array of it.
    pub(super) fn array(self) -> &'static str {
        match self {
            Kind::I64 => "bigint[]",
            Kind::Text => "text[]",
            Kind::Blob => "bytea[]",
            Kind::Bool => "boolean[]",
        }
    }
}

impl Value {
    /// What it is.
    pub fn kind(&self) -> Kind {
        match self {
            Value::I64(_) | Value::NullI64 => Kind::I64,
            Value::Text(_) | Value::NullText => Kind::Text,
            Value::Blob(_) | Value::NullBlob => Kind::Blob,
            Value::Bool(_) | Value::NullBool => Kind::Bool,
        }
    }
}

/// Shows kinds and lengths only: an argument may be a name or a key.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::I64(_) => f.write_str("I64(..)"),
            Value::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Value::Blob(bytes) => write!(f, "Blob({} bytes)", bytes.len()),
            Value::Bool(_) => f.write_str("Bool(..)"),
            Value::NullI64 => f.write_str("NullI64"),
            Value::NullText => f.write_str("NullText"),
            Value::NullBlob => f.write_str("NullBlob"),
            Value::NullBool => f.write_str("NullBool"),
        }
    }
}

/// Makes a `Vec<Value>` of anything that turns into a [`Value`]: `args![tenant, "sv", 3]`.
#[macro_export]
#[doc(hidden)]
macro_rules! __args {
    ($($value:expr),* $(,)?) => { vec![$($crate::store::Value::from($value)),*] };
}

macro_rules! from {
    ($($source:ty => $null:ident, |$it:ident| $value:expr;)+) => {$(
        impl From<$source> for Value {
            fn from($it: $source) -> Self {
                $value
            }
        }

        impl From<Option<$source>> for Value {
            fn from(option: Option<$source>) -> Self {
                option.map_or(Value::$null, Value::from)
            }
        }
    )+};
}

from! {
    i64 => NullI64, |it| Value::I64(it);
    i32 => NullI64, |it| Value::I64(it.into());
    u32 => NullI64, |it| Value::I64(it.into());
    u16 => NullI64, |it| Value::I64(it.into());
    u8 => NullI64, |it| Value::I64(it.into());
    Timestamp => NullI64, |it| Value::I64(it.0);
    bool => NullBool, |it| Value::Bool(it);
    String => NullText, |it| Value::Text(it);
    &str => NullText, |it| Value::Text(it.to_owned());
    &String => NullText, |it| Value::Text(it.clone());
    Vec<u8> => NullBlob, |it| Value::Blob(it);
    &Vec<u8> => NullBlob, |it| Value::Blob(it.clone());
    &[u8] => NullBlob, |it| Value::Blob(it.to_vec());
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Value::Blob(bytes.to_vec())
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(bytes: &[u8; N]) -> Self {
        Value::Blob(bytes.to_vec())
    }
}

impl<const N: usize> From<Option<[u8; N]>> for Value {
    fn from(bytes: Option<[u8; N]>) -> Self {
        bytes.map_or(Value::NullBlob, Value::from)
    }
}

/// An identifier that is stored as its sixteen bytes.
pub trait StoredId: Sized {
    /// The id with these bytes.
    fn from_stored(bytes: [u8; 16]) -> Self;
}

macro_rules! ids {
    ($($id:ident),+ $(,)?) => {
        $(impl StoredId for crate::vocabulary::$id {
            fn from_stored(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }
        })+
        from! { $(crate::vocabulary::$id => NullBlob, |it| Value::Blob(it.0.to_vec());)+ }
        from! { $(&crate::vocabulary::$id => NullBlob, |it| Value::Blob(it.0.to_vec());)+ }
    };
}

ids! {
    TenantId, ContactId, CaseId, MessageId, AttachmentId, ForwardingId, UnitId, ErasureId, HoldId, TokenId, InstanceId,
    MirrorId, QuarantineId, RootId, VaultId, ImportId, JobId, LeaseId, EventId, EndpointId, DeliveryId, RecipientId, RequestId,
    HookEventId, HookSecretId, NoticeVersionId, OffboardingId, TaskId,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::args;
    use crate::vocabulary::TenantId;

    #[test]
    fn debug_shows_no_content() {
        let shown = format!("{:?}", args!["Anna", 7i64, [1u8, 2], None::<&str>]);
        assert_eq!(shown, "[Text(4 bytes), I64(..), Blob(2 bytes), NullText]");
    }

    #[test]
    fn a_missing_id_is_a_missing_blob() {
        assert_eq!(args![None::<TenantId>], vec![Value::NullBlob]);
        assert_eq!(args![TenantId([7; 16])], vec![Value::Blob(vec![7; 16])]);
    }
}
