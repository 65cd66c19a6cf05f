//! `POST …/searchLPListAudit`: conditions in XML, pages, and the forms of an answer.

use super::problem::Problem;
use super::row::{List, Row, bare, time_text};
use super::state::State;
use super::switches::{Counts, Filter, PageOver, Pages, SearchForm, ShownTimes, Starts, Words};
use super::tree::Node;
use crate::http::Response;
use crate::isapi::answers::{
    BAD_PARAMETERS, BAD_XML_CONTENT, BAD_XML_FORMAT, PARAMETERS_LACK, xml_response,
};
use crate::xml::escape;
use chrono::NaiveDateTime;

/// Longest `searchID` in characters.
const SEARCH_ID_SIZE_MAX: usize = 36;

/// A search as asked.
struct Condition {
    id: String,
    position: usize,
    /// Rows of the page: as asked, within the limit.
    size: usize,
    plate: Option<String>,
    list: Option<List>,
}

/// Answers a search; tells the audit what the client saw.
pub(super) fn search(state: &mut State, body: &[u8]) -> Result<Response, Problem> {
    let root = Node::parse(body).map_err(|why| {
        state.audit.note("not-understood", &format!("search: {why}"));
        BAD_XML_FORMAT
    })?;
    let condition = condition(state, &root)?;
    let shown = state.shown();
    let filter = state.switches.filter;
    let is_found = |row: &&Row| {
        let plate = condition.plate.as_ref().is_none_or(|plate| match filter {
            Filter::Exact => row.plate == *plate,
            Filter::Part => row.plate.contains(plate.as_str()),
            Filter::Ignored => true,
        });
        plate && condition.list.is_none_or(|list| row.list == list)
    };
    let found: Vec<&Row> = shown.iter().filter(is_found).collect();
    let begin = match state.switches.pages {
        Pages::AsAsked => condition.position,
        Pages::FirstAgain => 0,
        Pages::Overlap(rows) => condition.position.saturating_sub(rows),
    };
    let page: Vec<&Row> = found.iter().skip(begin).take(condition.size).copied().collect();
    let is_last = begin + page.len() >= found.len() && state.switches.pages != Pages::FirstAgain;
    for row in &page {
        state.audit.read_back(&row.plate);
    }
    match &condition.plate {
        Some(plate) if filter != Filter::Ignored && is_last => state.audit.read_back(plate),
        // Where the plate is not understood, the whole list was shown.
        _ if condition.list.is_none() && is_last => state.audit.read_all(),
        _ => {}
    }
    Ok(xml_response(200, &answer(state, &condition, found.len(), &page, is_last)))
}

fn condition(state: &mut State, root: &Node) -> Result<Condition, Problem> {
    let forms = [("LPListAuditSearchDescription", "maxResults"), ("LPSearchCond", "maxResult")];
    let Some((_, size)) = forms.iter().find(|(name, _)| *name == root.name) else {
        state.audit.note("not-understood", &format!("search: root {}", root.name));
        return Err(BAD_XML_CONTENT.about(&root.name).into());
    };
    let wanted = match state.switches.search_form {
        SearchForm::Description => root.name == "LPListAuditSearchDescription",
        SearchForm::Cond => root.name == "LPSearchCond",
        SearchForm::Both => true,
    };
    if !wanted {
        return Err(BAD_XML_CONTENT.about(&root.name).into());
    }
    for name in root.strange(&["searchID", "searchResultPosition", size, "LicensePlate", "type"]) {
        state.audit.note("unknown-field", &format!("{name} of {}", root.name));
    }
    let field = |key: &str| root.value(key).ok_or_else(|| PARAMETERS_LACK.about(key));
    let number = |key: &str| field(key)?.parse::<usize>().map_err(|_| BAD_PARAMETERS.about(key));
    let id = field("searchID")?;
    if id.is_empty() || id.chars().count() > SEARCH_ID_SIZE_MAX {
        return Err(BAD_PARAMETERS.about("searchID").into());
    }
    let (position, asked) = (number("searchResultPosition")?, number(size)?);
    let over = asked > state.switches.page_rows && state.switches.page_over == PageOver::Refused;
    if asked == 0 || over {
        return Err(BAD_PARAMETERS.about(size).into());
    }
    let list = match root.value("type") {
        None | Some("") => None,
        Some("whiteList" | "allowList") => Some(List::Allow),
        Some("blackList" | "blockList") => Some(List::Block),
        Some(word) => {
            state.audit.note("unknown-word", &format!("type \"{word}\""));
            return Err(BAD_PARAMETERS.about("type").into());
        }
    };
    let plate = root.value("LicensePlate").filter(|plate| !plate.is_empty()).map(bare);
    Ok(Condition {
        id: id.to_owned(),
        position,
        size: asked.min(state.switches.page_rows),
        plate,
        list,
    })
}

fn answer(
    state: &State,
    condition: &Condition,
    found: usize,
    page: &[&Row],
    is_last: bool,
) -> String {
    let status = match (page.is_empty(), is_last) {
        (true, _) => "NO MATCHES",
        (false, true) => "OK",
        (false, false) => "MORE",
    };
    let total = (i64::try_from(found).unwrap_or(i64::MAX) + state.switches.total_off_by).max(0);
    let counts =
        format!("<numOfMatches>{}</numOfMatches><totalMatches>{total}</totalMatches>", page.len());
    let (outside, inside) = match state.switches.counts {
        Counts::Inside => (
            String::new(),
            format!(
                "{counts}<searchResultPosition>{}</searchResultPosition>\
                 <maxResults>{}</maxResults>",
                condition.position, condition.size
            ),
        ),
        Counts::Outside => (counts, String::new()),
        Counts::Neither => (String::new(), String::new()),
    };
    let rows: String = page.iter().map(|row| shown(state, row)).collect();
    format!(
        "<LPListAuditSearchResult version=\"2.0\" xmlns=\"{}\"><searchID>{}</searchID>\
         <responseStatus>true</responseStatus><responseStatusStrg>{status}</responseStatusStrg>\
         {outside}<LicensePlateInfoList>{inside}{rows}</LicensePlateInfoList>\
         </LPListAuditSearchResult>",
        state.switches.namespace.uri(),
        escape(&condition.id),
    )
}

/// One row of a page.
fn shown(state: &State, row: &Row) -> String {
    let word = match (state.switches.shown_words, row.list) {
        (Words::White, List::Allow) => "whiteList",
        (Words::White, List::Block) => "blackList",
        (_, List::Allow) => "allowList",
        (_, List::Block) => "blockList",
    };
    let mut fields = vec![("id", row.id.clone()), ("LicensePlate", row.plate.clone())];
    fields.push(("type", word.into()));
    if !row.card_no.is_empty() {
        fields.push(("cardNo", row.card_no.clone()));
    }
    if state.switches.starts == Starts::StartDate {
        fields.push(("effectiveStartDate", time(state, row.begin)));
    }
    if let Some(end) = row.end {
        fields.push(("effectiveTime", time(state, end)));
    }
    fields.push(("createTime", time(state, row.created)));
    if state.switches.shows_more {
        fields.extend([
            ("plateType", row.plate_type.clone()),
            ("plateColor", row.plate_color.clone()),
            ("name", row.name.clone()),
            ("groupName", row.group.clone()),
        ]);
    }
    let fields: String =
        fields.iter().map(|(key, value)| format!("<{key}>{}</{key}>", escape(value))).collect();
    format!("<LicensePlateInfo>{fields}</LicensePlateInfo>")
}

/// A time of a row in the form that the switches ask for.
fn time(state: &State, at: NaiveDateTime) -> String {
    let offset = |at: NaiveDateTime| state.zone.offset_text(state.zone.utc(at));
    match state.switches.shown_times {
        ShownTimes::Plain => time_text(at),
        ShownTimes::Day => at.date().to_string(),
        ShownTimes::Midnight if !state.switches.dates.keeps_seconds() => {
            let midnight = at.date().and_time(chrono::NaiveTime::MIN);
            format!("{}{}", time_text(midnight), offset(midnight))
        }
        ShownTimes::Midnight | ShownTimes::WithOffset => format!("{}{}", time_text(at), offset(at)),
    }
}
