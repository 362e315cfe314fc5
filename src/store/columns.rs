//! Rows turned into columns, as PostgreSQL takes many at once ([`super::Bulk`]).

use super::{Kind, Value};

/// The values of one column, row by row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Column {
    I64(Vec<Option<i64>>),
    Text(Vec<Option<String>>),
    Blob(Vec<Option<Vec<u8>>>),
    Bool(Vec<Option<bool>>),
}

impl Column {
    fn of(kind: Kind, rows: usize) -> Self {
        match kind {
            Kind::I64 => Column::I64(Vec::with_capacity(rows)),
            Kind::Text => Column::Text(Vec::with_capacity(rows)),
            Kind::Blob => Column::Blob(Vec::with_capacity(rows)),
            Kind::Bool => Column::Bool(Vec::with_capacity(rows)),
        }
    }

    /// Takes in the next row's value, which has the column's kind.
    fn push(&mut self, value: Value) {
        match (self, value) {
            (Column::I64(all), Value::I64(it)) => all.push(Some(it)),
            (Column::Text(all), Value::Text(it)) => all.push(Some(it)),
            (Column::Blob(all), Value::Blob(it)) => all.push(Some(it)),
            (Column::Bool(all), Value::Bool(it)) => all.push(Some(it)),
            (Column::I64(all), _) => all.push(None),
            (Column::Text(all), _) => all.push(None),
            (Column::Blob(all), _) => all.push(None),
            (Column::Bool(all), _) => all.push(None),
        }
    }
}

/// The columns of rows whose values have these kinds.
pub(super) fn columns_of(kinds: &[Kind], rows: Vec<Vec<Value>>) -> Vec<Column> {
    let of = |kind: &Kind| Column::of(*kind, rows.len());
    let mut columns: Vec<Column> = kinds.iter().map(of).collect();
    for row in rows {
        for (column, value) in columns.iter_mut().zip(row) {
            column.push(value);
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::args;

    #[test]
    fn rows_become_columns() {
        let rows = vec![args![1, None::<&str>], args![2, "b"]];
        let wanted = [
            Column::I64(vec![Some(1), Some(2)]),
            Column::Text(vec![None, Some("b".to_owned())]),
        ];
        assert_eq!(columns_of(&[Kind::I64, Kind::Text], rows), wanted);
    }
}
