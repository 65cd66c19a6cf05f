//! `GET` and `PUT …/licensePlateAuditData?fileType=csv`: the whole list as a file. A `PUT` truly replaces
//! it, strangers' rows and all, so that misuse shows.

use super::problem::Problem;
use super::row::{List, Moment, Row, bare, parse};
use super::state::State;
use crate::http::{Request, Response};
use crate::isapi::answers::{BAD_PARAMETERS, DEVICE_ERROR, METHOD_NOT_ALLOWED, xml_success};

/// What a file begins with.
const BYTE_ORDER_MARK: &str = "\u{feff}";
/// The first line. The order of columns is known, their names are this crate's own.
const HEAD: &str = "No.,License Plate Number,Group (0: block list; 1: allow list),\
                    Effective Start Date (YYYY-MM-DD),Effective End Date (YYYY-MM-DD),Card ID";

/// Answers either call.
pub(super) fn call(state: &mut State, request: &Request) -> Result<Response, Problem> {
    let is_csv = request.query().split('&').any(|pair| pair == "fileType=csv");
    match request.method.as_str() {
        "GET" if is_csv => {
            let shown = state.shown();
            Ok(Response::new(200, "application/octet-stream", file(&shown)))
        }
        "PUT" => {
            state.audit.note("whole-list-put", &request.target);
            if !is_csv {
                return Err(DEVICE_ERROR.into());
            }
            let rows = rows(state, &request.text())?;
            state.commit(rows);
            Ok(xml_success(&state.switches.common(), &request.target))
        }
        "GET" => Err(BAD_PARAMETERS.about("fileType").into()),
        _ => {
            let what = format!("{} {}", request.method, request.path());
            state.audit.note("wrong-method", &what);
            Err(METHOD_NOT_ALLOWED.into())
        }
    }
}

/// The list as a file: whole days only.
fn file(rows: &[Row]) -> String {
    let lines = rows.iter().enumerate().map(|(index, row)| {
        let group = match row.list {
            List::Allow => 1,
            List::Block => 0,
        };
        let end = row.end.map(|end| end.date().to_string()).unwrap_or_default();
        let (plate, begin, card) = (&row.plate, row.begin.date(), &row.card_no);
        format!("{},{plate},{group},{begin},{end},{card}\r\n", index + 1)
    });
    format!("{BYTE_ORDER_MARK}{HEAD}\r\n{}", lines.collect::<String>())
}

/// The rows of a file.
///
/// # Errors
/// `importFail`, `importErrorData`, `existError` or `overLimit`; their numbers are not known, so they
/// stand as the message of `badParameters`.
fn rows(state: &mut State, text: &str) -> Result<Vec<Row>, Problem> {
    let wrong = |name: &str| Problem::from(BAD_PARAMETERS.about(name));
    let text = text.strip_prefix(BYTE_ORDER_MARK).ok_or_else(|| wrong("importFail"))?;
    let mut rows: Vec<Row> = Vec::new();
    for line in text.split_terminator("\r\n").skip(1) {
        let columns: Vec<&str> = line.split(',').collect();
        let [_, plate, group, begin, end, card] = columns[..] else {
            return Err(wrong("importErrorData"));
        };
        let days = (parse(begin), parse(end));
        let (Some(begin @ Moment::Day(_)), Some(end @ Moment::Day(_))) = days else {
            return Err(wrong("importErrorData"));
        };
        let plate = bare(plate);
        if rows.iter().any(|row| row.plate == plate) {
            return Err(wrong("existError"));
        }
        if rows.len() >= state.settings.plate_list_num {
            return Err(wrong("overLimit"));
        }
        let id = state.next_id(&plate);
        let mut row = Row::new(&plate).id(&id).card(card).own();
        (row.begin, row.end) = (begin.first_second(), Some(end.last_second()));
        row.created = row.begin;
        row.list = match group {
            "0" => List::Block,
            "1" => List::Allow,
            _ => return Err(wrong("importErrorData")),
        };
        rows.push(row);
    }
    Ok(rows)
}
