//! How things stand, as one page for a phone or a screen on the wall: no outside resource, readable
//! without JavaScript, light and dark. Member numbers only, never a name: a screen is seen by all.
//!
//! Whatever stands on it goes through `Text`, which escapes.

use std::fmt::{self, Write as _};

use super::text::{because, why};
use super::{DAYS_SHOWN, Day, DeviceStatus, Status, code_words};
use crate::engine::plan::Kind;
use crate::model::steers;
use crate::report::text::{explain, last, window};
use crate::store::{Attention, AttentionKind, AuditLine, Waiting};
use crate::text::lists::many;
use crate::text::times::span;

/// The width and height of the chart in its own units.
const CHART: (u32, u32) = (900, 120);

/// A text between tags or within a quoted attribute.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c if steers(c) => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// The whole page.
#[must_use]
pub fn render(status: &Status) -> String {
    let mut page = String::with_capacity(64 * 1024);
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <meta name=\"robots\" content=\"noindex\">\n\
         <title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n",
        Text(&headline(status)),
        include_str!("page.css")
    );
    page.push_str(&head(status));
    page.push_str("<main>\n");
    page.push_str(&approval(status));
    page.push_str(&outside(status));
    page.push_str(&open_doors(status));
    page.push_str(&devices(status));
    page.push_str(&waiting(status));
    page.push_str(&left_out(status));
    page.push_str(&chart(status));
    page.push_str(&audit(status));
    let _ = write!(
        page,
        "</main>\n<footer class=\"quiet\"><p>Written by ivms-sync {} on {}, in {} time. Member \
         numbers only; <code>ivms-sync lookup NUMBER</code> tells whose they are.</p></footer>\n\
         <script>\n{}</script>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        status.moment(status.at),
        Text(status.zone.name()),
        include_str!("page.js")
    );
    page
}

/// The one line that says it all.
fn headline(status: &Status) -> String {
    let parts = status.concerns();
    match (parts.is_empty(), status.last_run()) {
        (false, _) => parts.join(", "),
        (true, None) => "No run yet".to_owned(),
        (true, Some(run)) => match run.exit_code {
            Some(0) => "All doors are in sync".to_owned(),
            Some(code) => format!("The last run did not end well: {}", code_words(code)),
            None => "A run is at work, or was cut off".to_owned(),
        },
    }
}

fn head(status: &Status) -> String {
    let headline = headline(status);
    let mut html = format!("<header>\n<h1>{}</h1>\n", Text(&headline));
    if let Some(run) = status.last_run() {
        let (class, end) = match run.exit_code {
            Some(0) => ("good", "ended well".to_owned()),
            None => ("wait", "is at work, or was cut off".to_owned()),
            Some(code) => ("bad", format!("ended with code {code}: {}", code_words(code))),
        };
        let _ = write!(
            html,
            "<p>Last run {}, <span class=\"{class}\">{}</span>.",
            Text(&status.moment_and_age(run.began)),
            Text(&end)
        );
        if run.exit_code != Some(0) {
            let success = status.last_success.as_ref();
            let success = success.map(|run| status.moment_and_age(run.began));
            let _ =
                write!(html, " Last good run: {}.", Text(success.as_deref().unwrap_or("never")));
        }
        html.push_str("</p>\n");
    }
    for source in &status.sources {
        let when = source.fetched_at.map_or("never".to_owned(), |at| status.moment_and_age(at));
        let _ = writeln!(
            html,
            "<p class=\"quiet\">{}: {}, last answer {}</p>",
            Text(source.name.as_str()),
            many(usize::try_from(source.members).unwrap_or(usize::MAX), "member"),
            Text(&when)
        );
    }
    html.push_str("</header>\n");
    html
}

fn section(title: &str, content: &str) -> String {
    format!("<section>\n<h2>{}</h2>\n{content}</section>\n", Text(title))
}

/// A table that folds into blocks on a phone. Cells are text already escaped.
fn table(id: &str, caption: &str, titles: &[&str], rows: &[Vec<String>]) -> String {
    let mut html = format!(
        "<div class=\"scroll\"><table id=\"{id}\">\n<caption>{}</caption>\n<thead><tr>",
        Text(caption)
    );
    for title in titles {
        let _ = write!(html, "<th scope=\"col\">{}</th>", Text(title));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (title, cell) in titles.iter().zip(row) {
            let _ = write!(html, "<td data-title=\"{}\">{cell}</td>", Text(title));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table></div>\n");
    html
}

fn cell(text: impl fmt::Display) -> String {
    Text(&text.to_string()).to_string()
}

fn marked(class: &str, text: &str) -> String {
    format!("<span class=\"{class}\">{}</span>", Text(text))
}

fn approval(status: &Status) -> String {
    let mut html = String::new();
    for plan in &status.blocked {
        let content = format!(
            "<p>Since {}. Look at them with <code>ivms-sync diff</code>; if each is right: \
             <code>ivms-sync apply --blocked {}</code></p>\n",
            Text(&status.moment(plan.made_at)),
            Text(&plan.id)
        );
        html.push_str(&section("Changes wait for your approval", &content));
    }
    html
}

fn outside(status: &Status) -> String {
    let rows: Vec<_> = status.outside().map(|one| wait_row(status, one, "bad")).collect();
    let lost: Vec<_> = status.to_look_after(AttentionKind::StandingOutside).collect();
    let mut content = String::new();
    if !rows.is_empty() {
        let caption = "Paid, and the door does not open yet";
        content.push_str(&table("outside", caption, &WAIT_TITLES, &rows));
    }
    content.push_str(&attention_table(status, "lost", "Served until now, and left out", &lost));
    let no_door = status.members_to_look_after(AttentionKind::NoDoor);
    if no_door > 0 {
        let _ = writeln!(
            content,
            "<p class=\"bad\">{} paid and {} no door. <code>ivms-sync status --unlinked \
             FILE.csv</code> lists them.</p>",
            many(no_door, "member"),
            if no_door == 1 { "has" } else { "have" }
        );
    }
    if content.is_empty() {
        let is_observed = status.to_look_after(AttentionKind::Observed).next().is_some();
        content.push_str(match (status.last_run(), status.silent_for()) {
            (Some(_), None) if is_observed => {
                "<p class=\"wait\">Not known: some changes are only observed, and never \
                 written.</p>\n"
            }
            (Some(_), None) => {
                "<p class=\"good\">Nobody who has paid stands outside, as far as is known.</p>\n"
            }
            _ => "<p class=\"wait\">Not known: there has been no run lately.</p>\n",
        });
    }
    section("Standing outside", &content)
}

/// Who has access and should be looked after: doors that open without reason, and persons who are linked
/// to nobody.
fn open_doors(status: &Status) -> String {
    let mut html = String::new();
    for (kind, id, title, caption) in [
        (
            AttentionKind::OpenWithoutReason,
            "open",
            "Open without reason",
            "The door opens, and it is not known whether this is paid for",
        ),
        (
            AttentionKind::Released,
            "released",
            "Linked to nobody",
            "Written to by ivms-sync, and linked to no member now",
        ),
    ] {
        let rows: Vec<_> = status.to_look_after(kind).collect();
        if !rows.is_empty() {
            html.push_str(&section(title, &attention_table(status, id, caption, &rows)));
        }
    }
    html
}

fn attention_table(status: &Status, id: &str, caption: &str, all: &[&Attention]) -> String {
    let row = |one: &&Attention| {
        vec![
            cell(one.member.human()),
            cell(one.device.as_ref().map_or("–", |name| name.as_str())),
            cell(one.employee_no.as_ref().map_or("–", |person| person.as_str())),
            cell(one.ends.map_or("–".to_owned(), last)),
            marked("bad", &status.moment(one.since)),
            cell(why(one)),
        ]
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    if rows.is_empty() { String::new() } else { table(id, caption, &WAIT_TITLES, &rows) }
}

const WAIT_TITLES: [&str; 6] = ["Member", "Door", "Person", "Until", "Since", "Because"];

fn wait_row(status: &Status, one: &Waiting, class: &str) -> Vec<String> {
    let age = span(status.at.signed_duration_since(one.since));
    vec![
        cell(one.member.human()),
        cell(&one.device),
        cell(&one.employee_no),
        cell(last(one.after.end())),
        marked(class, &format!("{} ({age})", status.moment(one.since))),
        cell(because(one)),
    ]
}

fn waiting(status: &Status) -> String {
    let rows: Vec<_> = status.others().map(|one| wait_row(status, one, "wait")).collect();
    match rows.is_empty() {
        true => String::new(),
        false => {
            let caption = "Wanted, and not on the door yet";
            section("Waiting", &table("waiting", caption, &WAIT_TITLES, &rows))
        }
    }
}

fn devices(status: &Status) -> String {
    let row = |device: &DeviceStatus| {
        let words = device.words(status.zone);
        let class = if device.is_well() { "good" } else { "bad" };
        vec![
            cell(&device.name),
            cell(device.known.persons),
            cell(device.known.read_at.map_or("never".to_owned(), |at| status.moment(at))),
            cell(device.known.confirmed_at.map_or("never".to_owned(), |at| status.moment(at))),
            marked(class, &words),
        ]
    };
    let rows: Vec<_> = status.devices.iter().map(row).collect();
    let titles = ["Door", "Persons", "Last read", "Last confirmed", "State"];
    section("Doors", &table("doors", "Every door of the configuration", &titles, &rows))
}

fn left_out(status: &Status) -> String {
    let counts = status.left_out_counts();
    if counts.is_empty() {
        return String::new();
    }
    let row = |(reason, count): (_, usize)| {
        let (title, remedy) = explain(reason);
        vec![cell(count), cell(title), cell(remedy)]
    };
    let rows: Vec<_> = counts.into_iter().map(row).collect();
    let caption = "Members with paid time";
    let titles = ["Members", "Why", "What to do"];
    section("Nothing can be done for", &table("left-out", caption, &titles, &rows))
}

/// Bars for each day, and the same as a table for whoever cannot see them.
fn chart(status: &Status) -> String {
    let days = status.days();
    let height = |day: &Day| day.grants + day.revocations + day.failed;
    let highest = days.iter().map(height).max().unwrap_or(0).max(1);
    let (width, full) = CHART;
    let step = width / u32::try_from(days.len()).unwrap_or(1).max(1);
    let total: u32 = days.iter().map(height).sum();
    let mut html = format!(
        "<p>{} in {DAYS_SHOWN} days, at most {highest} in a day.</p>\n\
         <svg viewBox=\"0 0 {width} {full}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"Changes of each of the last {DAYS_SHOWN} days; the table below says the same\">\n",
        many(usize::try_from(total).unwrap_or(usize::MAX), "change")
    );
    for (place, day) in (0_u32..).zip(&days) {
        let mut top = full;
        for (count, class) in
            [(day.grants, "grant"), (day.revocations, "loss"), (day.failed, "fail")]
        {
            let tall = count * full / highest;
            top -= tall.min(top);
            if count > 0 {
                let _ = writeln!(
                    html,
                    "<rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{tall}\">\
                     <title>{}: {count}</title></rect>",
                    place * step + step / 8,
                    step * 3 / 4,
                    day.date
                );
            }
        }
    }
    html.push_str(
        "</svg>\n<p><span class=\"key-item\"><span class=\"key grant\"></span>given or lengthened\
         </span> <span class=\"key-item\"><span class=\"key loss\"></span>ended or shortened</span> \
         <span class=\"key-item\"><span class=\"key fail\"></span>did not take effect</span></p>\n",
    );
    let rows: Vec<_> = days
        .iter()
        .filter(|day| height(day) > 0)
        .rev()
        .map(|day| vec![cell(day.date), cell(day.grants), cell(day.revocations), cell(day.failed)])
        .collect();
    if !rows.is_empty() {
        let titles = ["Day", "Given", "Ended", "Failed"];
        let table = table("days", "Days with changes", &titles, &rows);
        let _ = write!(html, "<details><summary>As a table</summary>\n{table}</details>\n");
    }
    section(&format!("Changes of the last {DAYS_SHOWN} days"), &html)
}

fn audit(status: &Status) -> String {
    if status.audit.is_empty() {
        return section("Audit log", "<p>No changes in this time.</p>\n");
    }
    let rows: Vec<_> = status.audit.iter().map(|line| audit_row(status, line)).collect();
    let cut = match status.is_audit_cut {
        true => format!("The newest {} changes of the last {DAYS_SHOWN} days", rows.len()),
        false => format!("Every change of the last {DAYS_SHOWN} days"),
    };
    let titles = ["When", "Run", "Member", "Door", "Person", "Why", "From", "To", "Outcome"];
    let search = "<p id=\"search-row\" hidden><label for=\"search\">Search</label> \
                  <input id=\"search\" type=\"search\" autocomplete=\"off\"> \
                  <span id=\"found\" class=\"quiet\" role=\"status\"></span></p>\n";
    section("Audit log", &format!("{search}{}", table("audit", &cut, &titles, &rows)))
}

fn audit_row(status: &Status, line: &AuditLine) -> Vec<String> {
    let entry = &line.entry;
    let (class, sign) = match (entry.outcome.as_str(), line.kind) {
        ("confirmed", Kind::Grant) => ("good", "given"),
        ("confirmed", Kind::Revocation) => ("wait", "ended"),
        (other, _) => ("bad", other),
    };
    let error = entry.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    vec![
        cell(status.moment(entry.at)),
        cell(entry.run),
        cell(line.member.human()),
        cell(&entry.device),
        cell(&entry.employee_no),
        cell(&entry.cause),
        cell(entry.before.as_ref().map_or("–".to_owned(), window)),
        cell(entry.after.as_ref().map_or("–".to_owned(), window)),
        marked(class, &format!("{sign}{error}")),
    ]
}
