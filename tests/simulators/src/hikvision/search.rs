//! `POST UserInfo/Search`: conditions, pages, and the many forms of an answer.

use serde_json::{Map, Value, json};

use super::person::Person;
use super::state::State;
use super::switches::{
    Counts, Filter, KeyCase, KeyStyle, PageLimit, Pages, PagingEnd, Scalars, Switches,
};
use crate::http::Response;
use crate::isapi::answers::{
    BAD_JSON_CONTENT, BAD_PARAMETERS, Failure, PARAMETERS_LACK, json_response,
};

/// Most numbers in one `EmployeeNoList`.
const FILTER_SIZE_MAX: usize = 30;

/// Stands for a name in GBK until the answer is bytes.
const GBK_HERE: &str = "GBK-HERE";
/// Such a name. The second byte of its last character is a backslash.
const GBK: &[u8] = &[0xd5, 0xc5, 0xc8, 0xfd, 0x81, 0x5c];

/// A search as asked.
struct Condition {
    search_id: String,
    position: usize,
    size: usize,
    employee_nos: Option<Vec<String>>,
    fuzzy: String,
    has_card: Option<bool>,
    has_face: Option<bool>,
    has_fingerprint: Option<bool>,
}

/// Answers a search; tells the audit which persons the client looked at: those it named, where
/// the device understands that, and those it got.
pub(super) fn search(state: &mut State, body: &Value) -> Result<Response, Failure> {
    let condition = condition(&state.switches, &state.top(body, "UserInfoSearchCond")?)?;
    if let Some(named) = &condition.employee_nos {
        match state.switches.filter {
            Filter::Exact => state.audit.read_back(named),
            Filter::Ignored => {}
            Filter::Error => return Err(BAD_PARAMETERS.about("EmployeeNoList")),
        }
    }
    let shown_otherwise = shown_otherwise(&state.switches, &state.persons);
    // Copies of everybody would take most of the time of a long list.
    let entries = shown_otherwise.as_deref().unwrap_or(&state.persons);
    let found: Vec<&Person> =
        entries.iter().filter(|p| condition.takes(&state.switches, p)).collect();
    let shown = on_page(&state.switches, &condition, &found);
    let answer = page(&state.switches, &condition, &found, &shown);
    let numbers: Vec<String> = shown.iter().map(|p| p.employee_no.clone()).collect();
    state.audit.read_back(&numbers);
    Ok(in_gbk(json_response(200, &answer)))
}

/// The entries of the list where they are not just the persons: there can be more than one for a person.
fn shown_otherwise(switches: &Switches, persons: &[Person]) -> Option<Vec<Person>> {
    if switches.names_in_gbk.is_empty() && switches.listed_twice.is_empty() {
        return None;
    }
    let mut entries = Vec::new();
    let mut at_end = Vec::new();
    for person in persons {
        let mut shown = person.clone();
        if switches.names_in_gbk.contains(&person.employee_no) {
            shown.name = GBK_HERE.to_owned();
        }
        entries.push(shown);
        if switches.listed_twice.contains(&person.employee_no) {
            let second = person.clone().name("Somebody Else");
            if switches.twice_at_end { at_end.push(second) } else { entries.push(second) }
        }
    }
    entries.append(&mut at_end);
    Some(entries)
}

/// The same answer, with GBK in place of every name that is to be shown so.
fn in_gbk(response: Response) -> Response {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let mut parts = text.split(GBK_HERE).map(str::as_bytes);
    let mut body = parts.next().unwrap_or_default().to_vec();
    for part in parts {
        body.extend(GBK);
        body.extend(part);
    }
    Response { body: body.into(), ..response }
}

fn condition(switches: &Switches, cond: &Map<String, Value>) -> Result<Condition, Failure> {
    let field = |key: &str| cond.get(key).ok_or_else(|| PARAMETERS_LACK.about(key));
    let number = |key: &str| {
        let number = field(key)?.as_u64().ok_or_else(|| BAD_JSON_CONTENT.about(key))?;
        usize::try_from(number).map_err(|_| BAD_PARAMETERS.about(key))
    };
    let flag = |key: &str| match cond.get(key) {
        None => Ok(None),
        Some(value) => value.as_bool().map(Some).ok_or_else(|| BAD_JSON_CONTENT.about(key)),
    };
    let search_id = field("searchID")?.as_str().unwrap_or_default();
    if search_id.is_empty() || search_id.len() > 36 {
        return Err(BAD_PARAMETERS.about("searchID"));
    }
    let asked = number("maxResults")?;
    let limit = match switches.page_limit {
        PageLimit::Ten => 10,
        PageLimit::One => 1,
        PageLimit::Thirty | PageLimit::ThirtyOrError => 30,
    };
    if asked == 0 || (switches.page_limit == PageLimit::ThirtyOrError && asked > limit) {
        return Err(BAD_PARAMETERS.about("maxResults"));
    }
    Ok(Condition {
        search_id: search_id.to_owned(),
        position: number("searchResultPosition")?,
        size: asked.min(limit),
        employee_nos: cond.get("EmployeeNoList").map(employee_nos).transpose()?,
        fuzzy: cond.get("fuzzySearch").and_then(Value::as_str).unwrap_or_default().to_lowercase(),
        has_card: flag("hasCard")?,
        has_face: flag("hasFace")?,
        has_fingerprint: flag("hasFingerprint")?,
    })
}

fn employee_nos(list: &Value) -> Result<Vec<String>, Failure> {
    let number = |item: &Value| item["employeeNo"].as_str().map(str::to_owned);
    let items = list.as_array().ok_or_else(|| BAD_JSON_CONTENT.about("EmployeeNoList"))?;
    if items.is_empty() || items.len() > FILTER_SIZE_MAX {
        return Err(BAD_PARAMETERS.about("EmployeeNoList"));
    }
    let numbers: Option<Vec<String>> = items.iter().map(number).collect();
    numbers.ok_or_else(|| BAD_JSON_CONTENT.about("employeeNo"))
}

impl Condition {
    fn takes(&self, switches: &Switches, person: &Person) -> bool {
        let named = match &self.employee_nos {
            Some(numbers) if switches.filter == Filter::Exact => {
                numbers.contains(&person.employee_no)
            }
            _ => true,
        };
        let fuzzy = self.fuzzy.is_empty()
            || person.name.to_lowercase().contains(&self.fuzzy)
            || person.employee_no.contains(&self.fuzzy);
        let has = |wanted: Option<bool>, count: i64| wanted.is_none_or(|w| w == (count > 0));
        named
            && fuzzy
            && has(self.has_card, person.cards)
            && has(self.has_face, person.faces)
            && has(self.has_fingerprint, person.fingerprints)
    }
}

/// Where the page begins.
fn begin(switches: &Switches, condition: &Condition) -> usize {
    match switches.pages {
        Pages::AsAsked => condition.position,
        Pages::FirstAgain => 0,
        Pages::Overlap(rows) => condition.position.saturating_sub(rows),
    }
}

fn on_page<'p>(
    switches: &Switches,
    condition: &Condition,
    found: &[&'p Person],
) -> Vec<&'p Person> {
    found.iter().skip(begin(switches, condition)).take(condition.size).copied().collect()
}

fn page(switches: &Switches, condition: &Condition, found: &[&Person], page: &[&Person]) -> Value {
    let last = begin(switches, condition) + page.len() >= found.len();
    let (status, with_array) = match (switches.paging_end, page.is_empty()) {
        (PagingEnd::AlwaysMore, _) => ("MORE", true),
        (PagingEnd::OkWithEmptyArray, true) => ("OK", true),
        (_, true) => ("NO MATCH", false),
        (PagingEnd::NoMatch, false) => ("MORE", true),
        (_, false) if switches.pages == Pages::FirstAgain => ("MORE", true),
        (_, false) => (if last { "OK" } else { "MORE" }, true),
    };
    let total = (found.len() as i64 + switches.total_off_by).max(0);
    let mut answer = json!({"searchID": condition.search_id, "responseStatusStrg": status});
    if matches!(switches.counts, Counts::Both | Counts::NoTotalMatches) {
        answer["numOfMatches"] = json!(page.len());
    }
    if matches!(switches.counts, Counts::Both | Counts::NoNumOfMatches) {
        answer["totalMatches"] = json!(total);
    }
    if with_array {
        let key = match switches.key_style {
            KeyStyle::UserInfoList => "UserInfoList",
            _ => "UserInfo",
        };
        answer[key] = list(switches, page);
    }
    let root = match switches.root_is_search_result {
        true => "UserInfoSearchResult",
        false => "UserInfoSearch",
    };
    restyle(switches, json!({root: answer}))
}

fn list(switches: &Switches, page: &[&Person]) -> Value {
    let mut persons: Vec<Value> = page.iter().map(|p| p.to_json(switches)).collect();
    for person in &mut persons {
        let Some(map) = person.as_object_mut() else { continue };
        let moved = match switches.key_style {
            KeyStyle::EmployeeNoString => ("employeeNoString", None),
            KeyStyle::EmployeeNoDetail => ("EmployeeNoDetail", Some("employeeNo")),
            _ => continue,
        };
        let number = map.remove("employeeNo").unwrap_or_default();
        let number = match moved.1 {
            Some(inner) => json!({inner: number}),
            None => number,
        };
        map.insert(moved.0.to_owned(), number);
    }
    match &mut persons[..] {
        [only] if switches.key_style == KeyStyle::SingleObject => only.take(),
        _ => Value::Array(persons),
    }
}

/// Changes letter case and types throughout an answer.
fn restyle(switches: &Switches, value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let pair = |(key, value)| (key_case(switches.key_case, key), restyle(switches, value));
            Value::Object(map.into_iter().map(pair).collect())
        }
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| restyle(switches, item)).collect())
        }
        Value::Number(number) if switches.scalars == Scalars::Strings => json!(number.to_string()),
        Value::Bool(flag) if switches.scalars == Scalars::Strings => json!(flag.to_string()),
        Value::String(text) if switches.scalars == Scalars::Numbers => number(text),
        other => other,
    }
}

fn key_case(case: KeyCase, key: String) -> String {
    match case {
        KeyCase::Standard => key,
        KeyCase::Lower => key.to_ascii_lowercase(),
        KeyCase::FirstUpper => {
            let mut letters = key.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_ascii_uppercase().to_string() + letters.as_str()
            })
        }
    }
}

/// A number where the text is one and says so without loss.
fn number(text: String) -> Value {
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => json!(number),
        _ => json!(text),
    }
}
