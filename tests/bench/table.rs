//! Numbers as people read them, and tables that stay in line.

use std::time::Duration;

use crate::scene::Row;
use crate::stage::{Size, Traffic};

/// A table of text: the first row is its head, the first `left` columns stand at the left.
pub fn table(rows: &[Vec<String>], left: usize) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
            if column < left { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Milliseconds below ten seconds, seconds above.
pub fn time(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1e3;
    match ms {
        _ if ms < 10.0 => format!("{ms:.1} ms"),
        _ if ms < 10_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.1} s", ms / 1e3),
    }
}

/// Bytes in units of 1000.
pub fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        _ if count < 1e3 => format!("{count} B"),
        _ if count < 1e6 => format!("{:.1} kB", count / 1e3),
        _ => format!("{:.1} MB", count / 1e6),
    }
}

/// A count with its thousands apart.
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How big a world is.
pub fn size(size: Size) -> String {
    let plural = if size.devices == 1 { "" } else { "s" };
    format!("{} members, {} door{plural}", count(size.members), size.devices)
}

fn traffic(traffic: Traffic) -> [String; 2] {
    match traffic.requests {
        0 => ["-".to_owned(), "-".to_owned()],
        requests => [requests.to_string(), bytes(traffic.bytes)],
    }
}

/// Time per member.
pub fn per_member(row: &Row, time: Duration) -> f64 {
    time.as_secs_f64() * 1e6 / row.size.members.max(1) as f64
}

/// The table of every measured run, a part for each world.
pub fn runs(rows: &[Row]) -> String {
    let head = [
        "",
        "exit",
        "wall",
        "CPU",
        "CPU/member",
        "peak",
        "Cardskipper",
        "",
        "doors",
        "",
        "state file",
        "simulators' CPU",
    ];
    let mut lines = Vec::new();
    let mut world = None;
    for row in rows {
        if world != Some((row.size, row.half_without_role)) {
            world = Some((row.size, row.half_without_role));
            let mut cells = head.map(str::to_owned).to_vec();
            if !lines.is_empty() {
                lines.push(Vec::new());
            }
            if let Some(first) = cells.first_mut() {
                *first = size(row.size);
                if row.half_without_role {
                    first.push_str(", half no role");
                }
            }
            lines.push(cells);
        }
        let [service, service_bytes] = traffic(row.seen.service);
        let [doors, doors_bytes] = traffic(row.seen.devices);
        lines.push(vec![
            format!("  {}", row.name),
            row.cost.code.to_string(),
            time(row.cost.wall),
            time(row.cost.cpu),
            format!("{:.1} us", per_member(row, row.cost.cpu)),
            bytes(row.cost.peak),
            service,
            service_bytes,
            doors,
            doors_bytes,
            bytes(row.state_bytes),
            row.outside_cpu.map_or_else(|| "?".to_owned(), time),
        ]);
    }
    table(&lines, 1)
}
