//! Every statement in the code finds its rows by an index: the state file of a large club with years
//! of history is as quick as that of a small one.

use super::*;

const SOURCES: [(&str, &str); 24] = [
    ("attention.rs", include_str!("../attention.rs")),
    ("audit.rs", include_str!("../audit.rs")),
    ("blocked.rs", include_str!("../blocked.rs")),
    ("books.rs", include_str!("../books.rs")),
    ("citations.rs", include_str!("../citations.rs")),
    ("devices.rs", include_str!("../devices.rs")),
    ("future.rs", include_str!("../future.rs")),
    ("gates.rs", include_str!("../gates.rs")),
    ("inbox.rs", include_str!("../inbox.rs")),
    ("journal.rs", include_str!("../journal.rs")),
    ("ledger.rs", include_str!("../ledger.rs")),
    ("links.rs", include_str!("../links.rs")),
    ("login.rs", include_str!("../login.rs")),
    ("member_plates.rs", include_str!("../member_plates.rs")),
    ("members.rs", include_str!("../members.rs")),
    ("outbox.rs", include_str!("../outbox.rs")),
    ("overview.rs", include_str!("../overview.rs")),
    ("permit_lists.rs", include_str!("../permit_lists.rs")),
    ("referrals.rs", include_str!("../referrals.rs")),
    ("rights.rs", include_str!("../rights.rs")),
    ("rights/kept.rs", include_str!("../rights/kept.rs")),
    ("trust.rs", include_str!("../trust.rs")),
    ("uncommitted.rs", include_str!("../uncommitted.rs")),
    ("waiting.rs", include_str!("../waiting.rs")),
];

/// Tables with a handful of rows, however large the club is.
const TINY: [&str; 16] = [
    "outbox_bytes",
    "citation_list",
    "meter",
    "gate",
    "quiet",
    "permit_list",
    "rights_part",
    "member_plate_file",
    "salt",
    "blocked_plan",
    "device",
    "waiting",
    "request",
    "attention",
    "uncommitted",
    "grant_delay",
];

/// Tables with a handful of rows for each door.
const SOME: [&str; 4] = ["intent", "waiting", "read_back", "uncommitted"];

/// What is asked of all members of an organisation, when everybody is looked at: of the table itself, whatever
/// an index says.
const OF_EVERYBODY: [&str; 4] = [
    "SELECT file, line, plate, issuer, right_id, number, kind, state, zone, begins_at, ends_at, seal \
     FROM parking_right NOT INDEXED",
    "SELECT file, line, email, number, plate, issuer, seal FROM member_plate NOT INDEXED",
    "SELECT * FROM member NOT INDEXED WHERE source = ?1",
    "SELECT member, role, begins, ends FROM member_role WHERE member IN \
     (SELECT id FROM member NOT INDEXED WHERE source = ?1) ORDER BY member",
];

/// What is asked of all persons, and only where a door states an earlier latest end than others.
const OF_ALL: &str = "SELECT max(ends) FROM person";

/// What `history` asks for a person who names somebody or a door: once, and mostly by an index alone.
const BY_HAND: [&str; 4] = [
    "SELECT source, holder, number, email, first_name, last_name FROM member UNION",
    "SELECT employee_no FROM person UNION",
    "SELECT DISTINCT device FROM change",
    "SELECT DISTINCT recipient FROM outbox",
];

/// What is counted where something stands under a name that is gone, which is looked up before: all that is open, by an
/// index of that alone.
const OF_A_NAME_THAT_IS_GONE: &str = "SELECT agency, source, count(*) FROM referral";

/// The string literals of a source that begin like a statement, with their line breaks taken out.
fn statements(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for verb in ["SELECT ", "INSERT ", "UPDATE ", "DELETE "] {
        for (place, _) in source.match_indices(&format!("\"{verb}")) {
            let rest = &source[place + 1..];
            let literal = &rest[..rest.find('"').unwrap()];
            let lines: Vec<_> = literal.split("\\\n").map(str::trim_start).collect();
            found.push(lines.concat());
        }
    }
    found
}

/// The table that a step of a query is about.
fn table(step: &str) -> &str {
    step.split(' ').nth(1).unwrap_or_default()
}

fn steps(store: &Store, sql: &str) -> Vec<String> {
    let mut statement = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Parameters without a value are NULL; what they are does not decide which index is taken.
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        steps.push(row.get(3).unwrap());
    }
    steps
}

#[test]
fn no_statement_walks_through_a_large_table() {
    let sandbox = Sandbox::new();
    let store = sandbox.open();
    let mut seen = 0;
    for (file, source) in SOURCES {
        for sql in statements(source) {
            seen += 1;
            if BY_HAND.iter().any(|start| sql.starts_with(start))
                || sql.starts_with(OF_A_NAME_THAT_IS_GONE)
                || OF_EVERYBODY.contains(&sql.as_str())
            {
                continue;
            }
            for step in steps(&store, &sql) {
                // All persons or links of a door are as bad where only some are meant.
                let walks_a_door = step.starts_with("SEARCH ")
                    && (step.ends_with("(device=?)") || step.ends_with("(path=?)"));
                let is_of_some = (sql.contains("device = ?1 AND ")
                    || sql.contains("path = ?1 AND "))
                    && !SOME.contains(&table(&step))
                    && !sql.starts_with(OF_ALL);
                assert!(!walks_a_door || !is_of_some, "{file}: {step}: {sql}");
                let walks = step.strip_prefix("SCAN ");
                let is_fine =
                    walks.is_none_or(|rest| TINY.contains(&table(&step)) || rest == "CONSTANT ROW");
                assert!(is_fine, "{file}: {step}: {sql}");
            }
        }
    }
    assert!(seen > 30, "only {seen} statements were found: are they written differently now?");
}
