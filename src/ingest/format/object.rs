//! Reading fields of other systems' records, which hold texts where numbers are meant and the other
//! way round, and leave out what they please.

use chrono_tz::Tz;
use serde_json::{Map, Value};

use crate::ingest::{Reason, times};
use crate::vocabulary::{Personal, Timestamp};

/// One JSON object, or one row of a table.
#[derive(Clone, Copy)]
pub(super) struct Object<'a>(&'a Map<String, Value>);

impl<'a> Object<'a> {
    /// The object that a value is.
    pub fn new(value: &'a Value) -> Option<Self> {
        value.as_object().map(Self)
    }

    /// The value of a field; `None` when it is not there or null.
    pub fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|it| !it.is_null())
    }

    /// Whether no field holds anything.
    pub fn is_blank(self) -> bool {
        let is_blank = |it: &Value| it.as_str().is_some_and(|it| it.trim().is_empty());
        self.0.values().all(is_blank)
    }

    /// Whether a field is there, also as null.
    pub fn has(self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A text that is not blank.
    pub fn text(self, name: &str) -> Option<&'a str> {
        let text = self.value(name)?.as_str()?;
        (!text.trim().is_empty()).then_some(text)
    }

    /// The first of these that holds a text.
    pub fn first_text(self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|it| self.text(it))
    }

    /// A text about a person.
    pub fn personal(self, name: &str) -> Option<Personal> {
        self.text(name).map(|it| it.trim().into())
    }

    /// The first of these that holds a text.
    pub fn first_personal(self, names: &[&str]) -> Option<Personal> {
        names.iter().find_map(|it| self.personal(it))
    }

    /// Each of these that holds a text but the first: further numbers beside the one that counts.
    pub fn further(self, names: &[&str]) -> Vec<Personal> {
        let all = names.iter().filter_map(|it| self.personal(it));
        all.skip(1).collect()
    }

    /// The texts of a list about a person.
    pub fn texts(self, name: &str) -> Vec<Personal> {
        let texts = self.list(name).iter().filter_map(Value::as_str);
        let texts = texts.map(str::trim).filter(|it| !it.is_empty());
        texts.map(Into::into).collect()
    }

    /// Words such as first and last name, in this order.
    pub fn joined(self, names: &[&str]) -> Option<Personal> {
        let words: Vec<&str> = names.iter().filter_map(|it| self.text(it)).collect();
        let words = words.iter().map(|it| it.trim()).filter(|it| *it != "-");
        let joined = words.collect::<Vec<_>>().join(" ");
        (!joined.is_empty()).then(|| joined.into())
    }

    /// An id, which is a number or a text.
    pub fn id(self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::Number(number) => Some(number.to_string()),
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => None,
        }
    }

    /// A truth value, also as a table writes it.
    pub fn flag(self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Bool(it) => Some(*it),
            Value::Number(it) => Some(it.as_i64() != Some(0)),
            Value::String(it) => match it.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" | "t" => Some(true),
                "false" | "0" | "no" | "f" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A whole number.
    pub fn number(self, name: &str) -> Option<i64> {
        match self.value(name)? {
            Value::Number(it) => it.as_i64(),
            Value::String(it) => it.trim().parse().ok(),
            _ => None,
        }
    }

    /// An object within.
    pub fn object(self, name: &str) -> Option<Object<'a>> {
        Object::new(self.value(name)?)
    }

    /// The values of a list; none when it is no list.
    pub fn list(self, name: &str) -> &'a [Value] {
        let list = self.value(name).and_then(Value::as_array);
        list.map(Vec::as_slice).unwrap_or_default()
    }

    /// The objects of a list.
    pub fn objects(self, name: &str) -> impl Iterator<Item = Object<'a>> {
        self.list(name).iter().filter_map(Object::new)
    }

    /// A time that may be absent; one that cannot be read is no absent one.
    pub fn time(self, name: &str, zone: Tz) -> Result<Option<Timestamp>, Reason> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(value) => match times::read_value(value, zone) {
                Some(time) => Ok(Some(time)),
                None => Err(Reason::BadDate),
            },
        }
    }

    /// A time that must be there.
    pub fn needed_time(self, name: &str, zone: Tz) -> Result<Timestamp, Reason> {
        self.time(name, zone)?.ok_or(Reason::NoDate)
    }

    /// The object as JSON again, for the quarantine.
    pub fn to_bytes(self) -> Vec<u8> {
        serde_json::to_vec(self.0).unwrap_or_default()
    }
}
