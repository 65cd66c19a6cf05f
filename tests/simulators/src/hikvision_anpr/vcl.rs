//! The older family, `/ISAPI/ITC/Entrance/VCL`: `PUT` adds or changes, `POST` searches, `DELETE` deletes.
//!
//! The bodies that clients send are known; of the answers only `totalNum` and `VCLDataList`, and that
//! times end with `Z` although they are those of the wall clock. The root of a search's answer, and what
//! the capabilities say, are this crate's own.

use super::problem::Problem;
use super::row::{List, Moment, Row, bare, parse, time_text};
use super::state::State;
use super::store::{self, Incoming, Operation};
use super::tree::Node;
use crate::http::{Request, Response};
use crate::isapi::answers::{
    BAD_PARAMETERS, BAD_XML_CONTENT, BAD_XML_FORMAT, BEYOND_RANGE, METHOD_NOT_ALLOWED,
    PARAMETERS_LACK, START_LATER, TIME_FORMAT, xml_response, xml_success,
};
use crate::xml::escape;
use serde_json::Value;

/// Where the list is.
pub(super) const VCL: &str = "/ISAPI/ITC/Entrance/VCL";
/// Where its limits are.
pub(super) const CAPABILITIES: &str = "/ISAPI/ITC/Entrance/VCL/capabilities";
/// A time that means no limit.
const NO_LIMIT: &str = "0000-00-00T00:00:00";

/// Answers a call of this family.
pub(super) fn call(state: &mut State, request: &Request) -> Result<Response, Problem> {
    if request.method != "GET" {
        state.audit.manners.body_kind(request, "application/xml");
    }
    match (request.method.as_str(), request.path()) {
        ("GET", CAPABILITIES) => Ok(capabilities(state)),
        ("PUT", VCL) => set(state, request),
        ("POST", VCL) => search(state, request),
        ("DELETE", VCL) => delete(state, request),
        _ => {
            let what = format!("{} {}", request.method, request.path());
            state.audit.note("wrong-method", &what);
            Err(METHOD_NOT_ALLOWED.into())
        }
    }
}

fn capabilities(state: &State) -> Response {
    let body = format!(
        "<VCLCap version=\"2.0\" xmlns=\"{}\"><plateListNum>{}</plateListNum></VCLCap>",
        state.switches.namespace.uri(),
        state.settings.plate_list_num,
    );
    xml_response(200, &body)
}

/// Reads a body with this root.
fn body(state: &mut State, request: &Request, root: &str) -> Result<Node, Problem> {
    let node = Node::parse(&request.body).map_err(|why| {
        state
            .audit
            .note("not-understood", &format!("{} {}: {why}", request.method, request.path()));
        BAD_XML_FORMAT
    })?;
    if node.name == root {
        return Ok(node);
    }
    state.audit.note("not-understood", &format!("{} root {}", request.method, node.name));
    Err(BAD_XML_CONTENT.about(&node.name).into())
}

/// Notes fields that nobody knows.
fn strange(state: &mut State, node: &Node, known: &[&str]) {
    for name in node.strange(known) {
        state.audit.note("unknown-field", &format!("{name} of {}", node.name));
    }
}

fn set(state: &mut State, request: &Request) -> Result<Response, Problem> {
    let root = body(state, request, "SetVCLData")?;
    strange(state, &root, &["VCLDataList"]);
    let list = root.child("VCLDataList").ok_or_else(|| PARAMETERS_LACK.about("VCLDataList"))?;
    let rows: Vec<&Node> = list.children.iter().filter(|row| row.name == "singleVCLData").collect();
    state.audit.rows_named(rows.len(), "empty-write", request);
    if rows.is_empty() {
        return Err(PARAMETERS_LACK.about("singleVCLData").into());
    }
    let rows: Vec<Result<Incoming, Problem>> =
        rows.into_iter().map(|row| read(state, row)).collect();
    store::write(state, rows)?;
    state.writes.push(Value::String(request.text()));
    Ok(xml_success(&state.switches.common(), &request.target))
}

fn read(state: &mut State, row: &Node) -> Result<Incoming, Problem> {
    let known = [
        "id",
        "runNum",
        "listType",
        "plateNum",
        "plateColor",
        "plateType",
        "cardNo",
        "operation",
        "startTime",
        "endTime",
    ];
    strange(state, row, &known);
    let field = |key: &str| row.value(key).ok_or_else(|| PARAMETERS_LACK.about(key));
    let plate = store::plate(state, field("plateNum")?)?;
    let list = match field("listType")? {
        "0" => List::Allow,
        "1" => List::Block,
        word => {
            state.audit.note("unknown-word", &format!("listType \"{word}\""));
            return Err(BAD_PARAMETERS.about("listType").into());
        }
    };
    let operation = match row.value("operation") {
        Some("new") => Operation::Add,
        Some("change") => Operation::Modify,
        None => Operation::Unsaid,
        Some(_) => return Err(BAD_PARAMETERS.about("operation").into()),
    };
    let days = !state.switches.dates.keeps_seconds();
    let whole = |at: Moment| if days { at.day() } else { at };
    let begin = limit(field("startTime")?, "startTime")?.map(|at| whole(at).first_second());
    let end = limit(field("endTime")?, "endTime")?.map(|at| whole(at).last_second());
    let begin = begin.unwrap_or_else(|| Row::new(&plate).valid("2000-01-01", "2000-01-01").begin);
    if end.is_some_and(|end| end < begin) {
        state.audit.note("begin-after-end", &plate);
        return Err(START_LATER.into());
    }
    let others = ["cardNo", "plateType", "plateColor"].map(|key| row.value(key).map(str::to_owned));
    let [card, kind, color] = others;
    let others = [card, None, None, kind, color];
    Ok(Incoming { operation, id: None, plate, list, created: begin, begin, end, others })
}

/// A time of the wall clock, with or without a `Z` that says nothing; `None` is no limit.
fn limit(text: &str, key: &str) -> Result<Option<Moment>, Problem> {
    let bare = text.strip_suffix('Z').unwrap_or(text);
    match parse(bare) {
        _ if bare == NO_LIMIT => Ok(None),
        Some(at @ Moment::Second(_)) if at.is_known() => Ok(Some(at)),
        Some(Moment::Second(_)) => Err(BEYOND_RANGE.about(key).into()),
        _ => Err(TIME_FORMAT.about(key).into()),
    }
}

/// `getVCLCond`: 0 all, 1 by plate, 2 by card, 3 by list.
fn search(state: &mut State, request: &Request) -> Result<Response, Problem> {
    let root = body(state, request, "VCLGetCond")?;
    let known = ["getVCLNum", "startOffSet", "getVCLCond", "plateNum", "plateType", "cardNo"];
    strange(state, &root, &known);
    let field = |key: &str| root.value(key).ok_or_else(|| PARAMETERS_LACK.about(key));
    let number = |key: &str| field(key)?.parse::<usize>().map_err(|_| BAD_PARAMETERS.about(key));
    let (asked, position) = (number("getVCLNum")?, number("startOffSet")?);
    if asked == 0 {
        return Err(BAD_PARAMETERS.about("getVCLNum").into());
    }
    let cond = field("getVCLCond")?.to_owned();
    let plate = root.value("plateNum").map(bare).unwrap_or_default();
    let card = root.value("cardNo").unwrap_or_default().to_owned();
    let list = root.value("plateType").unwrap_or_default().to_owned();
    let shown = state.shown();
    let is_found = |row: &&Row| match cond.as_str() {
        "0" => true,
        "1" => row.plate == plate,
        "2" => row.card_no == card,
        _ => list_number(row) == list,
    };
    if !["0", "1", "2", "3"].contains(&cond.as_str()) {
        return Err(BAD_PARAMETERS.about("getVCLCond").into());
    }
    let found: Vec<&Row> = shown.iter().filter(is_found).collect();
    let size = asked.min(state.switches.page_rows);
    let page: Vec<&Row> = found.iter().skip(position).take(size).copied().collect();
    for row in &page {
        state.audit.read_back(&row.plate);
    }
    if position + page.len() >= found.len() {
        match cond.as_str() {
            "0" => state.audit.read_all(),
            "1" => state.audit.read_back(&plate),
            _ => {}
        }
    }
    let rows: String = page.iter().map(|row| shown_row(row)).collect();
    let body = format!(
        "<GetVCLData version=\"2.0\" xmlns=\"{}\"><totalNum>{}</totalNum>\
         <VCLDataList>{rows}</VCLDataList></GetVCLData>",
        state.switches.namespace.uri(),
        found.len(),
    );
    Ok(xml_response(200, &body))
}

fn list_number(row: &Row) -> &'static str {
    match row.list {
        List::Allow => "0",
        List::Block => "1",
    }
}

fn shown_row(row: &Row) -> String {
    let end = row.end.map_or_else(|| NO_LIMIT.to_owned(), time_text);
    format!(
        "<singleVCLData><id>{}</id><runNum>0</runNum><listType>{}</listType>\
         <plateNum>{}</plateNum><plateColor>{}</plateColor><plateType>{}</plateType>\
         <cardNo>{}</cardNo><startTime>{}Z</startTime><endTime>{end}Z</endTime></singleVCLData>",
        escape(&row.id),
        list_number(row),
        escape(&row.plate),
        escape(&row.plate_color),
        escape(&row.plate_type),
        escape(&row.card_no),
        time_text(row.begin),
    )
}

/// `delVCLCond` 1 deletes one plate, 0 the whole list.
fn delete(state: &mut State, request: &Request) -> Result<Response, Problem> {
    let root = body(state, request, "VCLDelCond")?;
    let known = ["delVCLCond", "plateNum", "plateColor", "plateType", "cardNo"];
    strange(state, &root, &known);
    match root.value("delVCLCond") {
        Some("0") => store::wipe(state, "delVCLCond 0")?,
        Some("1") => {
            let plate = bare(root.value("plateNum").unwrap_or_default());
            state.audit.rows_named(usize::from(!plate.is_empty()), "empty-delete", request);
            if plate.is_empty() {
                return Err(PARAMETERS_LACK.about("plateNum").into());
            }
            store::delete(state, &[plate], |row, plate| row.plate == *plate)?;
        }
        Some(_) => return Err(BAD_PARAMETERS.about("delVCLCond").into()),
        None => return Err(PARAMETERS_LACK.about("delVCLCond").into()),
    }
    state.writes.push(Value::String(request.text()));
    Ok(xml_success(&state.switches.common(), &request.target))
}
