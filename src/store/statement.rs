//! Statements as data: named, registered, written once with `$1 … $n`, adapted per engine.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, PoisonError, RwLock};

use super::{Engine, Kind, Role, StoreError};

/// One SQL text of a `rows.rs`, registered so that a test prepares it on both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// The store it speaks to.
    pub role: Role,
    /// The name of its constant.
    pub name: &'static str,
    /// The text, with `$1 … $n`.
    pub sql: &'static str,
}

/// The texts of [`Bulk::kept_sql`]: at most two dozen for each bulk statement the program has.
static KEPT: LazyLock<RwLock<Kept>> = LazyLock::new(Default::default);
type Kept = HashMap<(Bulk, Engine, usize), &'static str>;

/// A statement over many rows at once: `head ($1, $2), ($3, $4), … tail`.
///
/// The head may have arguments of its own; they come first. With one column it also makes a list:
/// head `SELECT … WHERE token IN (`, tail `)`.
///
/// PostgreSQL gets an array for each column instead (`unnest`, `= ANY`): with a placeholder for each
/// value of each row it reads, plans and binds thousands of them for every batch, and its text is
/// the same for any number of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bulk {
    /// The store it speaks to.
    pub role: Role,
    /// The name of its constant.
    pub name: &'static str,
    /// What stands before the rows.
    pub head: &'static str,
    /// What each row's arguments are.
    pub columns: &'static [Kind],
    /// What stands after the rows.
    pub tail: &'static str,
}

/// The most rows one statement carries: larger ones are not faster and block others for longer.
pub const CHUNK: usize = 500;

/// On SQLite chunks are multiples of this many rows as long as they can be, so that few texts come again
/// and again and stay prepared: reading the text of a few hundred rows costs as much as running it.
const STEP: usize = 32;

/// Rows of so many columns are ids and tokens.
const NARROW: usize = 4;

/// SQLite takes no more arguments than this in one statement.
const MOST_ARGUMENTS: usize = 32_766;

impl Bulk {
    /// The text for so many rows.
    pub fn sql(&self, engine: Engine, rows: usize) -> String {
        match engine {
            Engine::Sqlite => self.sql_of_rows(rows),
            Engine::Postgres => self.sql_of_arrays(),
        }
    }

    /// With `?`: SQLite searches named arguments one by one, which made a 500-row insert 15 times
    /// slower.
    fn sql_of_rows(&self, rows: usize) -> String {
        let marks = vec!["?"; self.columns.len()].join(", ");
        let mut sql = with_question_marks(self.head).into_owned();
        sql.reserve(rows * (marks.len() + 4) + self.tail.len());
        for row in 0..rows {
            sql.push_str(if row == 0 { " (" } else { ", (" });
            sql.push_str(&marks);
            sql.push(')');
        }
        sql.push_str(self.tail);
        sql
    }

    fn sql_of_arrays(&self) -> String {
        let first = self.head_arguments() + 1;
        let arrays = self.columns.iter().zip(first..);
        let arrays: Vec<_> = arrays
            .map(|(kind, number)| format!("${number}::{}", kind.array()))
            .collect();
        let (arrays, tail) = (arrays.join(", "), self.tail);
        if let Some(head) = self.head.strip_suffix("IN (") {
            return format!("{head}= ANY ({arrays}{tail}");
        }
        let head = self.head.strip_suffix("VALUES").unwrap_or(self.head);
        format!("{head}SELECT * FROM unnest({arrays}){tail}")
    }

    /// The text for a number of rows that comes again and again, built once: on SQLite a few rows, or a
    /// chunk.
    pub(super) fn kept_sql(&self, engine: Engine, rows: usize) -> Option<&'static str> {
        let rows = match engine {
            Engine::Postgres => 0,
            Engine::Sqlite => rows,
        };
        let small = rows < STEP && rows.is_power_of_two();
        if !small && rows != self.chunk() && !rows.is_multiple_of(STEP) {
            return None;
        }
        let key = (*self, engine, rows);
        let kept = KEPT.read().unwrap_or_else(PoisonError::into_inner);
        let found = kept.get(&key).copied();
        drop(kept);
        Some(found.unwrap_or_else(|| {
            let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
            kept.entry(key)
                .or_insert_with(|| self.sql(engine, rows).leak())
        }))
    }

    /// How many rows go into one statement.
    pub fn chunk(&self) -> usize {
        CHUNK.min(MOST_ARGUMENTS / self.columns.len().max(1))
    }

    /// How many of the rows that are left go into the next statement. On PostgreSQL all that may:
    /// its text is the same for any number. Elsewhere too, if [`Bulk::padded`] makes them enough.
    pub(super) fn next_chunk(&self, engine: Engine, left: usize) -> usize {
        let all = left.min(self.chunk());
        match self.padded(engine, all) == all && all >= STEP && all < self.chunk() {
            true if engine == Engine::Sqlite => all - all % STEP,
            _ => all,
        }
    }

    /// As how many rows so many are written: on SQLite the last is repeated until there are as many as
    /// a text that is kept has, where saying a row twice says no more than saying it once. That is a list,
    /// and an insert that leaves alone what is there; of a few ids, for a long row costs more said twice.
    pub(super) fn padded(&self, engine: Engine, rows: usize) -> usize {
        let is_narrow = self.columns.len() <= NARROW;
        let may_repeat =
            self.head.ends_with("IN (") || (is_narrow && self.tail.ends_with("DO NOTHING"));
        match rows {
            _ if engine == Engine::Postgres || !may_repeat => rows,
            ..STEP => rows.next_power_of_two(),
            _ => rows.next_multiple_of(STEP).min(self.chunk()),
        }
    }

    /// How many arguments the head takes.
    pub fn head_arguments(&self) -> usize {
        Placeholders::in_text(self.head).count
    }
}

/// Registers the statements of a `rows.rs`: `statements! { data: /// doc  NAME = "SELECT …"; }`.
#[macro_export]
#[doc(hidden)]
macro_rules! __statements {
    ($role:ident: $($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*

        /// Every statement of this file, for the test that prepares them on both engines.
        pub(crate) const STATEMENTS: &[$crate::store::Statement] = &[$(
            $crate::store::Statement {
                role: $crate::store::Role::$role(),
                name: concat!(module_path!(), "::", stringify!($name)),
                sql: $sql,
            }
        ),*];
    };
}

/// Registers statements over many rows: `bulk! { data: NAME = "head", [Blob, I64], "tail"; }`.
#[macro_export]
#[doc(hidden)]
macro_rules! __bulk {
    ($role:ident: $($(#[$doc:meta])* $name:ident = $head:expr, $columns:expr, $tail:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: $crate::store::Bulk = $crate::store::Bulk {
            role: $crate::store::Role::$role(),
            name: concat!(module_path!(), "::", stringify!($name)),
            head: $head,
            columns: {
                #[allow(unused_imports)]
                use $crate::store::Kind::*;
                &$columns
            },
            tail: $tail,
        };)*

        /// Every bulk statement of this file, for the test that prepares them on both engines.
        pub(crate) const BULKS: &[$crate::store::Bulk] = &[$($name),*];
    };
}

/// The `$n` of a text: how many there are to bind, and whether each stands once, in order.
#[derive(Debug, PartialEq, Eq)]
struct Placeholders {
    count: usize,
    in_order: bool,
    positions: Vec<(usize, usize)>,
}

impl Placeholders {
    fn in_text(sql: &str) -> Self {
        let bytes = sql.as_bytes();
        let mut positions = Vec::new();
        let mut numbers = Vec::new();
        let mut quoted = false;
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            at += 1;
            match bytes[start] {
                b'\'' => quoted = !quoted,
                b'$' if !quoted => {
                    while at < bytes.len() && bytes[at].is_ascii_digit() {
                        at += 1;
                    }
                    if let Ok(number) = sql[start + 1..at].parse::<usize>() {
                        numbers.push(number);
                        positions.push((start, at));
                    }
                }
                _ => {}
            }
        }
        Placeholders {
            count: numbers.iter().copied().collect::<BTreeSet<_>>().len(),
            in_order: numbers.iter().copied().eq(1..=numbers.len()),
            positions,
        }
    }
}

/// `$1 … $n` as `?` where that means the same: each once, in order. Else the text as it is.
fn with_question_marks(sql: &str) -> Cow<'_, str> {
    let found = Placeholders::in_text(sql);
    if !found.in_order || found.count == 0 {
        return Cow::Borrowed(sql);
    }
    let mut text = String::with_capacity(sql.len());
    let mut copied = 0;
    for (start, end) in found.positions {
        text.push_str(&sql[copied..start]);
        text.push('?');
        copied = end;
    }
    text.push_str(&sql[copied..]);
    Cow::Owned(text)
}

/// A statement ready for one engine.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prepared {
    pub sql: &'static str,
    arguments: usize,
}

#[derive(Debug, Clone, Copy)]
struct PerEngine {
    sqlite: Prepared,
    postgres: Prepared,
}

impl PerEngine {
    fn of(sql: &'static str) -> Self {
        let arguments = Placeholders::in_text(sql).count;
        let question_marks = match with_question_marks(sql) {
            Cow::Borrowed(_) => sql,
            Cow::Owned(text) => text.leak(),
        };
        PerEngine {
            sqlite: Prepared {
                sql: question_marks,
                arguments,
            },
            postgres: Prepared { sql, arguments },
        }
    }
}

/// What was worked out per statement. A statement is a constant, so its address and length name
/// it, and there are only as many as the program has.
static KNOWN: LazyLock<RwLock<Known>> = LazyLock::new(Default::default);
type Known = HashMap<(usize, usize), PerEngine>;

impl Prepared {
    /// The text for this engine, worked out once per statement.
    pub fn of(sql: &'static str, engine: Engine) -> Self {
        let key = (sql.as_ptr() as usize, sql.len());
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
        let found = known.get(&key).copied();
        drop(known);
        let found = found.unwrap_or_else(|| {
            let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
            *known.entry(key).or_insert_with(|| PerEngine::of(sql))
        });
        match engine {
            Engine::Sqlite => found.sqlite,
            Engine::Postgres => found.postgres,
        }
    }

    /// Refuses too few or too many arguments: SQLite would bind NULL or ignore them in silence.
    pub fn check(&self, given: usize) -> Result<(), StoreError> {
        if given == self.arguments {
            return Ok(());
        }
        Err(StoreError::Arity {
            statement: beginning(self.sql),
            expected: self.arguments,
            given,
        })
    }
}

/// The first words of a statement, to name it in an error.
pub(super) fn beginning(sql: &str) -> String {
    let text: String = sql.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order_placeholders_become_question_marks() {
        let text = "UPDATE t SET a = $1, b = '$2' WHERE c = $2";
        assert_eq!(
            with_question_marks(text),
            "UPDATE t SET a = ?, b = '$2' WHERE c = ?"
        );
    }

    #[test]
    fn repeated_or_shuffled_placeholders_stay() {
        for text in ["SELECT $1, $1", "SELECT $2, $1", "SELECT 1"] {
            assert_eq!(with_question_marks(text), text);
        }
        assert_eq!(Placeholders::in_text("SELECT $1, $2, $1").count, 2);
    }

    #[test]
    fn a_list_follows_the_arguments_of_its_head() {
        let bulk = Bulk {
            role: Role::Data,
            name: "test",
            head: "SELECT a FROM t WHERE b = $1 AND c IN (",
            columns: &[Kind::Blob],
            tail: ")",
        };
        assert_eq!(
            bulk.sql(Engine::Postgres, 2),
            "SELECT a FROM t WHERE b = $1 AND c = ANY ($2::bytea[])"
        );
        assert_eq!(
            bulk.sql(Engine::Sqlite, 2),
            "SELECT a FROM t WHERE b = ? AND c IN ( (?), (?))"
        );
    }

    #[test]
    fn postgres_gets_an_array_for_each_column() {
        let bulk = Bulk {
            role: Role::Data,
            name: "test",
            head: "INSERT INTO t (a, b) VALUES",
            columns: &[Kind::I64, Kind::Text],
            tail: " ON CONFLICT (a) DO NOTHING",
        };
        assert_eq!(
            bulk.sql(Engine::Postgres, 7),
            "INSERT INTO t (a, b) SELECT * FROM unnest($1::bigint[], $2::text[]) \
             ON CONFLICT (a) DO NOTHING"
        );
    }

    #[test]
    fn most_rows_go_in_chunks_whose_text_is_kept() {
        let bulk = Bulk {
            role: Role::Data,
            name: "steps",
            head: "INSERT INTO t (a) VALUES",
            columns: &[Kind::Blob],
            tail: "",
        };
        let mut left = 1_347;
        let mut chunks = Vec::new();
        while left > 0 {
            let next = bulk.next_chunk(Engine::Sqlite, left);
            chunks.push(next);
            left -= next;
        }
        assert_eq!(chunks, [500, 500, 320, 27]);
        assert_eq!(bulk.next_chunk(Engine::Postgres, 347), 347);
        let kept = |rows: usize| bulk.kept_sql(Engine::Sqlite, rows).is_some();
        assert!(kept(1) && kept(320) && kept(500) && !kept(27));
    }

    #[test]
    fn lists_are_filled_up_to_a_text_that_is_kept() {
        let list = Bulk {
            role: Role::Data,
            name: "lists",
            head: "SELECT a FROM t WHERE b IN (",
            columns: &[Kind::Blob],
            tail: ")",
        };
        for (rows, padded) in [(1, 1), (3, 4), (27, 32), (33, 64), (320, 320), (490, 500)] {
            assert_eq!(list.next_chunk(Engine::Sqlite, rows), rows);
            assert_eq!(list.padded(Engine::Sqlite, rows), padded);
            assert!(list.kept_sql(Engine::Sqlite, padded).is_some());
            assert_eq!(list.padded(Engine::Postgres, rows), rows);
        }
        let upsert = Bulk {
            head: "INSERT INTO t (a) VALUES",
            tail: " ON CONFLICT (a) DO UPDATE SET a = excluded.a",
            ..list
        };
        assert_eq!(upsert.padded(Engine::Sqlite, 27), 27);
    }

    #[test]
    fn wide_rows_go_in_smaller_chunks() {
        let bulk = Bulk {
            role: Role::Data,
            name: "",
            head: "",
            columns: &[Kind::I64; 100],
            tail: "",
        };
        assert_eq!(bulk.chunk(), 327);
    }
}
