//! A club whose audit log holds what years of use leave: its own lines many times over, each time eight
//! hours earlier and with a run of its own, in the same tables with the same indexes.

use std::path::Path;

use rusqlite::Connection;

use crate::Failure;

/// Between one copy of the lines and the next: five million lines of a small club are ten years.
const APART_S: i64 = 8 * 3600;

/// Brings the audit log of a state file, in which lines stand already, to about this many.
///
/// The lines that are there stay the newest: they and their runs get higher numbers, for which the log must
/// be opened up. Its indexes are made anew afterwards, which is quicker and comes to the same.
pub fn fill(state: &Path, lines: i64) -> Result<i64, Failure> {
    let connection = Connection::open(state)?;
    let kept: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    connection.execute_batch(
        "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF; \
         PRAGMA cache_size = -1000000;",
    )?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let there = number("SELECT count(*) FROM change")?;
    let runs = number("SELECT max(id) FROM run")?;
    let copies = lines / there.max(1);
    let mut taken_off = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 'change' AND sql IS NOT NULL \
         AND type IN ('index', 'trigger')",
    )?;
    let taken_off = taken_off
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<Vec<(String, String, String)>, _>>()?;
    connection.execute_batch("BEGIN")?;
    for (kind, name, _) in &taken_off {
        connection.execute_batch(&format!("DROP {kind} {name}"))?;
    }
    let (lines_before, runs_before) = (there * copies, runs * copies);
    connection.execute_batch(&format!(
        "UPDATE change SET id = -(id + {lines_before}), run = run + {runs_before};
         UPDATE change SET id = -id;
         UPDATE run SET id = -(id + {runs_before});
         UPDATE run SET id = -id;
         CREATE TEMP TABLE copy AS WITH RECURSIVE n(n) AS
             (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {copies}) SELECT n FROM n;
         INSERT INTO run SELECT run.id - {runs_before} + n * {runs}, command,
             started_at - ({copies} - n) * {APART_S}, ended_at - ({copies} - n) * {APART_S}, exit_code, confirmed, failed,
             machine, boot, NULL FROM copy CROSS JOIN run WHERE run.id > {runs_before};
         INSERT INTO change SELECT id - {lines_before} + n * {there}, run - {runs_before} + n * {runs}, device, employee_no, source, holder,
             cause, kind, before_begin, before_end, after_begin, after_end, at - ({copies} - n) * {APART_S}, outcome,
             error, sent, waited
             FROM copy CROSS JOIN (SELECT * FROM change WHERE id > {lines_before});
         DROP TABLE copy;"
    ))?;
    for (_, _, sql) in &taken_off {
        connection.execute_batch(sql)?;
    }
    connection.execute_batch(&format!("COMMIT; PRAGMA journal_mode = {kept};"))?;
    Ok(number("SELECT count(*) FROM change")?)
}
