//! The calls that read persons and access levels.

use serde_json::{Map, Value, json};

use super::answers::Failure;
use super::person::{Person, id_json};
use super::state::State;
use super::switches::{EmptyList, Pages, Switches};

/// Most rows of a page.
const PAGE_SIZE_MAX: u64 = 500;
/// Longest name or card number that a search takes.
const SEARCH_SIZE_MAX: usize = 32;

/// A page as asked for.
struct Page {
    number: usize,
    size: usize,
}

impl Page {
    fn of(state: &mut State, body: &Map<String, Value>) -> Result<Self, Failure> {
        let mut number = |key: &str, max: u64| {
            let number = body.get(key).and_then(Value::as_u64);
            let number = number.filter(|number| (1..=max).contains(number)).ok_or_else(|| {
                state.audit.note("page-size", &format!("{key} {:?}", body.get(key)));
                Failure::parameter(key)
            })?;
            usize::try_from(number).map_err(|_| Failure::parameter(key))
        };
        Ok(Self {
            number: number("pageNo", i32::MAX as u64)?,
            size: number("pageSize", PAGE_SIZE_MAX)?,
        })
    }

    /// The rows on it.
    fn rows<'a, T>(&self, switches: &Switches, all: &[&'a T]) -> Vec<&'a T> {
        let mut begin = (self.number - 1).saturating_mul(self.size);
        if self.number > 1 {
            begin = match switches.pages {
                Pages::AsAsked => begin,
                Pages::Overlap(rows) => begin.saturating_sub(rows),
                Pages::Gap(rows) => begin + rows,
            };
        }
        all.iter().skip(begin).take(self.size).copied().collect()
    }

    fn data(&self, switches: &Switches, total: usize, list: Vec<Value>) -> Value {
        if list.is_empty() && switches.empty_list == EmptyList::Array {
            return json!([]);
        }
        let total = (total as i64 + switches.total_off_by).max(0);
        let mut data =
            json!({"total": total, "pageNo": self.number, "pageSize": self.size, "list": list});
        if switches.extra_fields {
            data["sort"] = json!({"by": null});
        }
        data
    }
}

/// `person/personList`.
pub(super) fn persons(state: &mut State, body: &Map<String, Value>) -> Result<Value, Failure> {
    listed(state, body, |_| true)
}

/// `person/advance/personList`: a part of the name, an exact card.
pub(super) fn persons_like(state: &mut State, body: &Map<String, Value>) -> Result<Value, Failure> {
    let text = |key: &str| match body.get(key) {
        None => Ok(String::new()),
        Some(Value::String(text)) if text.chars().count() <= SEARCH_SIZE_MAX => Ok(text.clone()),
        Some(_) => Err(Failure::parameter(key)),
    };
    let (name, card) = (text("personName")?.to_lowercase(), text("cardNo")?);
    let mut exact = Vec::new();
    if state.switches.advance_filters {
        for key in ["personCode", "email", "orgIndexCode"] {
            exact.push((key, text(key)?));
        }
    }
    listed(state, body, |person| {
        person.name().to_lowercase().contains(&name)
            && (card.is_empty() || person.cards.contains(&card))
            && exact.iter().all(|(key, text)| text.is_empty() || person.text(key) == Some(text))
    })
}

fn listed(
    state: &mut State,
    body: &Map<String, Value>,
    takes: impl Fn(&Person) -> bool,
) -> Result<Value, Failure> {
    let page = Page::of(state, body)?;
    let with_levels = with_levels(state, body)?;
    let found: Vec<&Person> = state.persons.iter().filter(|person| takes(person)).collect();
    let rows = page.rows(&state.switches, &found);
    let ids: Vec<String> = rows.iter().map(|person| person.id.clone()).collect();
    let omits = &state.switches.list_omits;
    let list = rows.iter().map(|person| shown(state, person, omits, with_levels)).collect();
    let data = page.data(&state.switches, found.len(), list);
    state.audit.shown(&ids);
    Ok(data)
}

/// `person/personId/personInfo` and `person/personCode/personInfo`.
pub(super) fn person(
    state: &mut State,
    body: &Map<String, Value>,
    key: &str,
) -> Result<Value, Failure> {
    let with_levels = with_levels(state, body)?;
    let asked = body.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let asked = asked.ok_or_else(|| Failure::parameter(key))?;
    let is_it = |person: &&Person| match key {
        "personId" => person.id == asked,
        _ => person.code == asked,
    };
    let Some(person) = state.persons.iter().find(is_it) else {
        if key == "personId" {
            // Whoever asks for a person has seen that it is gone.
            state.audit.shown(&[asked.to_owned()]);
        }
        return Err(Failure::absent());
    };
    let data = shown(state, person, &state.switches.info_omits, with_levels);
    let id = person.id.clone();
    state.audit.shown(&[id]);
    Ok(data)
}

/// Whether access levels are asked for, and the platform knows that.
fn with_levels(state: &State, body: &Map<String, Value>) -> Result<bool, Failure> {
    match body.get("showAccessLevel").map(Value::as_u64) {
        None | Some(Some(0)) => Ok(false),
        Some(Some(1)) => Ok(state.is_since([3, 0, 0])),
        Some(_) => Err(Failure::parameter("showAccessLevel")),
    }
}

fn shown(state: &State, person: &Person, omits: &[&str], with_levels: bool) -> Value {
    let mut json = person.to_json(&state.switches, state.settings.zone, omits);
    if with_levels {
        let levels = state.doors.levels.iter().filter(|level| person.levels.contains(&level.id));
        let level = |id: &str, name: &str| json!({"accessLevelId": id.parse::<u64>().unwrap_or(0), "accessLevelName": name});
        json["accessLevelList"] = levels.map(|one| level(&one.id, &one.name)).collect();
    }
    json
}

/// `type` of access levels and applications: 1 is of persons, 2 of visitors, of whom there are none.
pub(super) fn is_of_persons(body: &Map<String, Value>) -> Result<bool, Failure> {
    match body.get("type").and_then(Value::as_u64) {
        Some(1) => Ok(true),
        Some(2) => Ok(false),
        _ => Err(Failure::parameter("type")),
    }
}

/// `privilege/group`.
pub(super) fn levels(state: &mut State, body: &Map<String, Value>) -> Result<Value, Failure> {
    let page = Page::of(state, body)?;
    let of_persons = is_of_persons(body)?;
    let all: Vec<_> = state.doors.levels.iter().filter(|_| of_persons).collect();
    let row = |id: &str, name: &str| {
        let level = json!({
            "privilegeGroupId": id, "privilegeGroupName": name, "description": "",
            "timeSchedule": {"indexCode": "1", "name": "All-day"},
        });
        match state.switches.levels_nested {
            true => json!({"PrivilegeGroupInfo": [level]}),
            false => level,
        }
    };
    let rows = page.rows(&state.switches, &all);
    let list = rows.iter().map(|level| row(&level.id, &level.name)).collect();
    Ok(page.data(&state.switches, all.len(), list))
}

/// `privilege/group/single/personList`.
pub(super) fn members(state: &mut State, body: &Map<String, Value>) -> Result<Value, Failure> {
    let page = Page::of(state, body)?;
    let of_persons = is_of_persons(body)?;
    let level = body.get("privilegeGroupId").and_then(Value::as_str);
    let level = level.ok_or_else(|| Failure::parameter("privilegeGroupId"))?;
    if !of_persons || !state.doors.levels.iter().any(|one| one.id == level) {
        return Err(Failure::absent());
    }
    let belongs = |person: &&Person| person.levels.iter().any(|one| one == level);
    let all: Vec<&Person> = state.persons.iter().filter(belongs).collect();
    let row = |person: &&Person| {
        let mut row = json!({"id": id_json(&state.switches, &person.id)});
        if !person.code.is_empty() {
            row["personCode"] = json!(person.code);
        }
        row
    };
    let list = page.rows(&state.switches, &all).iter().map(row).collect();
    Ok(page.data(&state.switches, all.len(), list))
}
