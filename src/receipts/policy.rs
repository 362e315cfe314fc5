//! Which keys to believe (c2sp.org/tlog-policy): the logs, the witnesses, and how many of them.
//!
//! `gallra init` writes `sign/log.policy` with the log's own key and `quorum none`. Whoever receives
//! receipts gets this file once, over a way that is trusted, and keeps it.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use super::ReceiptError;
use super::note::{KeyKind, VerifierKey};

const MOST_LINES: usize = 1_000;

/// A policy file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<(String, VerifierKey)>,
    groups: Vec<Group>,
    /// `None` asks for no witness.
    quorum: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: String,
    threshold: usize,
    members: Vec<String>,
}

impl Policy {
    /// Believes this log and asks for no witness.
    pub fn of_log(log: &VerifierKey) -> Self {
        Self {
            logs: vec![log.clone()],
            witnesses: Vec::new(),
            groups: Vec::new(),
            quorum: None,
        }
    }

    /// The keys that may sign as a log.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// The witnesses, by the names this file gives them.
    pub fn witnesses(&self) -> impl Iterator<Item = (&str, &VerifierKey)> {
        self.witnesses
            .iter()
            .map(|(name, key)| (name.as_str(), key))
    }

    /// Whether any witness is asked for.
    pub fn asks_for_witnesses(&self) -> bool {
        self.quorum.is_some()
    }

    /// Whether the cosignatures of these witnesses are enough.
    pub fn is_met(&self, cosigned: &BTreeSet<&str>) -> bool {
        self.quorum
            .as_deref()
            .is_none_or(|name| self.has_witnessed(name, cosigned))
    }

    /// A group refers only to what stands above it, so this ends.
    fn has_witnessed(&self, name: &str, cosigned: &BTreeSet<&str>) -> bool {
        match self.groups.iter().find(|group| group.name == name) {
            None => cosigned.contains(name),
            Some(group) => {
                let members = group.members.iter();
                let count = members
                    .filter(|member| self.has_witnessed(member, cosigned))
                    .count();
                count >= group.threshold
            }
        }
    }

    fn knows(&self, name: &str) -> bool {
        self.witnesses.iter().any(|(known, _)| known == name)
            || self.groups.iter().any(|group| group.name == name)
    }

    fn add_log(&mut self, words: &[&str]) -> Result<(), &'static str> {
        let ([vkey] | [vkey, _]) = words else {
            return Err("write: log VKEY [URL]");
        };
        let key = parse_key(vkey, KeyKind::Ed25519)?;
        if self.logs.iter().any(|log| log.public() == key.public()) {
            return Err("this log's key stands here twice");
        }
        self.logs.push(key);
        Ok(())
    }

    fn add_witness(&mut self, words: &[&str]) -> Result<(), &'static str> {
        let ([name, vkey] | [name, vkey, _]) = words else {
            return Err("write: witness NAME VKEY [URL]");
        };
        let key = parse_key(vkey, KeyKind::Cosignature)?;
        if self
            .witnesses
            .iter()
            .any(|(_, witness)| witness.public() == key.public())
        {
            return Err("this witness's key stands here twice");
        }
        self.check_new(name)?;
        self.witnesses.push(((*name).to_owned(), key));
        Ok(())
    }

    fn add_group(&mut self, words: &[&str]) -> Result<(), &'static str> {
        let [name, threshold, members @ ..] = words else {
            return Err("write: group NAME all|any|NUMBER NAME…");
        };
        let threshold = match *threshold {
            "all" => members.len(),
            "any" => 1,
            number => number
                .parse()
                .map_err(|_| "a group needs all, any or a number")?,
        };
        if threshold == 0 || threshold > members.len() {
            return Err("a group cannot ask for none or for more than it has");
        }
        for (place, member) in members.iter().enumerate() {
            // Once in all groups: nobody's word counts twice.
            let elsewhere = self
                .groups
                .iter()
                .any(|g| g.members.iter().any(|m| m == member));
            if !self.knows(member) || elsewhere || members[..place].contains(member) {
                return Err("a member is not defined above, or stands in a group already");
            }
        }
        self.check_new(name)?;
        self.groups.push(Group {
            name: (*name).to_owned(),
            threshold,
            members: members.iter().map(|member| (*member).to_owned()).collect(),
        });
        Ok(())
    }

    fn check_new(&self, name: &str) -> Result<(), &'static str> {
        if name == "none" || self.knows(name) {
            Err("this name is taken")
        } else {
            Ok(())
        }
    }
}

fn parse_key(text: &str, kind: KeyKind) -> Result<VerifierKey, &'static str> {
    match text.parse::<VerifierKey>() {
        Ok(key) if key.kind() == kind => Ok(key),
        Ok(_) => Err("a log's key has kind 1 and a witness's kind 4"),
        Err(_) => Err("this is not a verifier key NAME+ID+KEY"),
    }
}

impl FromStr for Policy {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        let mut policy = Self {
            logs: Vec::new(),
            witnesses: Vec::new(),
            groups: Vec::new(),
            quorum: None,
        };
        let mut has_quorum = false;
        let refuse = |line, why| Err(ReceiptError::Policy { line, why });
        if text.lines().count() > MOST_LINES {
            return refuse(0, "it has more than 1,000 lines");
        }
        for (number, line) in text.split('\n').enumerate().map(|(n, line)| (n + 1, line)) {
            if line.contains(|c: char| (c < ' ' && c != '\t') || c == '\x7f') {
                return refuse(number, "it has a control character");
            }
            let words: Vec<_> = line
                .split([' ', '\t'])
                .filter(|word| !word.is_empty())
                .collect();
            let added = match words[..] {
                [] => Ok(()),
                [first, ..] if first.starts_with('#') => Ok(()),
                ["log", ref rest @ ..] => policy.add_log(rest),
                ["witness", ref rest @ ..] => policy.add_witness(rest),
                ["group", ref rest @ ..] => policy.add_group(rest),
                ["quorum", name] if !has_quorum && (name == "none" || policy.knows(name)) => {
                    has_quorum = true;
                    policy.quorum = (name != "none").then(|| name.to_owned());
                    Ok(())
                }
                ["quorum", ..] => Err("one quorum line, naming what is defined above it, or none"),
                _ => Err("it begins with none of log, witness, group, quorum"),
            };
            if let Err(why) = added {
                return refuse(number, why);
            }
        }
        if has_quorum {
            Ok(policy)
        } else {
            refuse(0, "there is no quorum line")
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for log in &self.logs {
            writeln!(f, "log {log}")?;
        }
        for (name, key) in &self.witnesses {
            writeln!(f, "witness {name} {key}")?;
        }
        for group in &self.groups {
            writeln!(
                f,
                "group {} {} {}",
                group.name,
                group.threshold,
                group.members.join(" ")
            )?;
        }
        writeln!(f, "quorum {}", self.quorum.as_deref().unwrap_or("none"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(kind: KeyKind, seed: u8) -> VerifierKey {
        let public = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).verifying_key();
        VerifierKey::new(&format!("w{seed}.example"), kind, public.as_bytes()).unwrap()
    }

    /// The example of c2sp.org/tlog-policy, with keys.
    fn example() -> String {
        let mut text = format!("# ours\nlog {}\n\n", key(KeyKind::Ed25519, 1));
        for (name, seed) in [
            ("X1", 2),
            ("X2", 3),
            ("X3", 4),
            ("Y1", 5),
            ("Y2", 6),
            ("Y3", 7),
        ] {
            let vkey = key(KeyKind::Cosignature, seed);
            text += &format!("\t witness {name}  {vkey} https://w.example/ \n");
        }
        text + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n\
            group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
    }

    #[test]
    fn the_quorum_of_the_example_counts_groups() {
        let policy: Policy = example().parse().unwrap();
        for (names, met) in [
            (&["X1", "X3", "Y2"][..], true),
            (&["X1", "X2", "X3", "Y1", "Y2", "Y3"], true),
            (&["X1", "Y1", "Y2", "Y3"], false),
            (&["X1", "X2", "X3"], false),
            (&[], false),
        ] {
            assert_eq!(
                policy.is_met(&names.iter().copied().collect()),
                met,
                "{names:?}"
            );
        }
        assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
    }

    #[test]
    fn no_quorum_asks_for_nobody() {
        let policy = Policy::of_log(&key(KeyKind::Ed25519, 1));
        assert!(policy.is_met(&BTreeSet::new()) && !policy.asks_for_witnesses());
        assert_eq!(policy.to_string().parse::<Policy>().unwrap(), policy);
    }

    #[test]
    fn a_policy_that_could_be_misread_is_refused() {
        let good = example();
        let log = key(KeyKind::Ed25519, 1).to_string();
        for (from, to) in [
            ("quorum X-and-Y", ""),
            ("quorum X-and-Y", "quorum X-and-Y\nquorum none"),
            ("quorum X-and-Y", "quorum nobody"),
            ("group X-witnesses 2", "group X-witnesses 4"),
            ("group X-witnesses 2", "group X-witnesses 0"),
            ("group Y-witnesses any Y1", "group Y-witnesses any X1"),
            ("group Y-witnesses any Y1 Y2", "group Y-witnesses any Y1 Y1"),
            ("group X-and-Y", "group X1"),
            ("witness X2 ", "witness none "),
            ("# ours", "trust everybody"),
            ("# ours", "# ours\r"),
            ("# ours", &format!("log {log}")),
            ("log w1.example", "log w2.example"),
            ("witness X1  w2", "log w2"),
        ] {
            let text = good.replacen(from, to, 1);
            assert_ne!(text, good);
            assert!(text.parse::<Policy>().is_err(), "{from:?} -> {to:?}");
        }
    }
}
