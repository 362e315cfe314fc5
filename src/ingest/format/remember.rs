//! What a reader remembers from one record to the next, within a bound.

use std::collections::{HashMap, VecDeque};

/// No more is remembered: whoever came first is forgotten first.
const MOST: usize = 100_000;

/// A map that stays small.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    values: HashMap<String, String>,
    order: VecDeque<String>,
}

impl Remembered {
    /// Remembers.
    pub fn set(&mut self, key: String, value: String) {
        if self.values.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST
            && let Some(first) = self.order.pop_front()
        {
            self.values.remove(&first);
        }
    }

    /// What is remembered.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_forgotten_first() {
        let mut remembered = Remembered::default();
        for number in 0..=MOST {
            remembered.set(number.to_string(), "x".to_owned());
        }
        assert_eq!(remembered.get("0"), None);
        assert_eq!(remembered.get("1"), Some("x"));
        assert_eq!(remembered.values.len(), MOST);
    }
}
