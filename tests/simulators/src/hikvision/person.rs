//! One person as a device keeps it, with the secrets that it never tells.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value, json};

use super::switches::{Dates, EnableFalse, Switches};

/// Form of times on a device.
const TIME: &str = "%Y-%m-%dT%H:%M:%S";

/// The template that a door follows for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RightPlan {
    /// Door, from 1.
    pub door_no: i64,
    /// Template numbers, `"1"` or `"1,3"`.
    pub plan_template_no: String,
}

/// A `UserInfo`. Times are raw text, so that a test can store anything.
#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    /// `employeeNo`, the key.
    pub employee_no: String,
    /// `name`.
    pub name: String,
    /// `userType`: `normal`, `visitor` or `blackList`.
    pub user_type: String,
    /// `Valid.enable`.
    pub enable: bool,
    /// `Valid.beginTime`, `YYYY-MM-DDTHH:MM:SS`.
    pub begin: String,
    /// `Valid.endTime`, `YYYY-MM-DDTHH:MM:SS`.
    pub end: String,
    /// `Valid.timeType`; left out of answers when `None`.
    pub time_type: Option<String>,
    /// `closeDelayEnabled`.
    pub close_delay_enabled: bool,
    /// `belongGroup`.
    pub belong_group: String,
    /// `password`, the PIN: kept, and returned only under [`Switches::shows_pin`].
    pub pin: Option<String>,
    /// `doorRight`, `"1"` or `"1,3"`.
    pub door_right: String,
    /// `RightPlan`.
    pub right_plan: Vec<RightPlan>,
    /// `maxOpenDoorTime`.
    pub max_open_door_time: i64,
    /// `openDoorTime`, read-only.
    pub open_door_time: i64,
    /// `roomNumber`.
    pub room_number: i64,
    /// `floorNumber`.
    pub floor_number: i64,
    /// `localUIRight`: device administrator.
    pub local_ui_right: bool,
    /// `gender`.
    pub gender: String,
    /// `userVerifyMode`; left out of answers when empty.
    pub user_verify_mode: String,
    /// `numOfCard`, read-only.
    pub cards: i64,
    /// `numOfFP`, read-only.
    pub fingerprints: i64,
    /// `numOfFace`, read-only.
    pub faces: i64,
    /// `faceURL`, read-only; left out of answers when empty.
    pub face_url: String,
    /// `PersonInfoExtends`, the values.
    pub extends: Vec<String>,
    /// E-mail, returned only under [`Switches::email_field`].
    pub email: String,
    /// Further keys of `UserInfo`, returned as they are.
    pub extra: Map<String, Value>,
}

/// What came of setting one field.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Set {
    Done,
    Unknown,
    ReadOnly,
    WrongType,
}

impl Person {
    /// A normal person for door 1 with schedule 1, valid through 2026, with one card.
    pub fn new(employee_no: &str) -> Self {
        Self {
            employee_no: employee_no.into(),
            name: String::new(),
            user_type: "normal".into(),
            enable: true,
            begin: "2026-01-01T00:00:00".into(),
            end: "2026-12-31T23:59:59".into(),
            time_type: Some("local".into()),
            close_delay_enabled: false,
            belong_group: String::new(),
            pin: None,
            door_right: "1".into(),
            right_plan: vec![RightPlan { door_no: 1, plan_template_no: "1".into() }],
            max_open_door_time: 0,
            open_door_time: 0,
            room_number: 0,
            floor_number: 0,
            local_ui_right: false,
            gender: "unknown".into(),
            user_verify_mode: String::new(),
            cards: 1,
            fingerprints: 0,
            faces: 0,
            face_url: String::new(),
            extends: vec![String::new()],
            email: String::new(),
            extra: Map::new(),
        }
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the window; a bare day means its first second as begin and its last as end.
    #[must_use]
    pub fn valid(mut self, begin: &str, end: &str) -> Self {
        let full = |text: &str, time: &str| match text.len() {
            10 => format!("{text}T{time}"),
            _ => text.to_owned(),
        };
        self.begin = full(begin, "00:00:00");
        self.end = full(end, "23:59:59");
        self
    }

    /// Sets `enable:false`: permanent on most devices.
    #[must_use]
    pub fn permanent(mut self) -> Self {
        self.enable = false;
        self
    }

    /// Sets the PIN.
    #[must_use]
    pub fn pin(mut self, pin: &str) -> Self {
        self.pin = Some(pin.into());
        self
    }

    /// Gives these doors, each with schedule 1.
    #[must_use]
    pub fn doors(mut self, doors: &[i64]) -> Self {
        self.door_right = doors.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
        self.right_plan = doors
            .iter()
            .map(|door| RightPlan { door_no: *door, plan_template_no: "1".into() })
            .collect();
        self
    }

    /// Sets `userType`.
    #[must_use]
    pub fn user_type(mut self, user_type: &str) -> Self {
        self.user_type = user_type.into();
        self
    }

    /// Makes the person a device administrator (`localUIRight`).
    #[must_use]
    pub fn administrator(mut self) -> Self {
        self.local_ui_right = true;
        self
    }

    /// Sets the e-mail.
    #[must_use]
    pub fn email(mut self, email: &str) -> Self {
        self.email = email.into();
        self
    }

    /// Sets the first value of `PersonInfoExtends`.
    #[must_use]
    pub fn extends(mut self, value: &str) -> Self {
        self.extends = vec![value.into()];
        self
    }

    /// Adds a key that this crate does not know.
    #[must_use]
    pub fn extra(mut self, key: &str, value: Value) -> Self {
        self.extra.insert(key.into(), value);
        self
    }

    /// Whether this person opens `door` when the device's wall clock shows `at`.
    pub(super) fn opens(&self, door: i64, at: NaiveDateTime, enable_false: EnableFalse) -> bool {
        let right = self.door_right.split(',').any(|d| d.trim().parse() == Ok(door));
        let plan =
            self.right_plan.iter().any(|p| p.door_no == door && !p.plan_template_no.is_empty());
        if !right || !plan || self.user_type == "blackList" {
            return false;
        }
        if !self.enable {
            return enable_false == EnableFalse::OpensAlways;
        }
        match (parse_time(&self.begin), parse_time(&self.end)) {
            (Some(begin), Some(end)) => begin <= at && at <= end,
            _ => false,
        }
    }

    /// The object that a search returns, in standard form.
    pub(super) fn to_json(&self, switches: &Switches) -> Value {
        let shown = |at: &str| match switches.dates {
            Dates::Documented => at.to_owned(),
            Dates::Blank => at.replace('T', " "),
            Dates::Suffix(suffix) => format!("{at}{suffix}"),
            Dates::Slashes => parse_time(at)
                .map_or_else(|| at.to_owned(), |at| at.format("%d/%m/%Y %H:%M:%S").to_string()),
        };
        let mut valid = json!({
            "enable": self.enable, "beginTime": shown(&self.begin), "endTime": shown(&self.end),
        });
        if let Some(time_type) = &self.time_type {
            valid["timeType"] = json!(time_type);
        }
        let plans: Vec<Value> = self
            .right_plan
            .iter()
            .map(|p| json!({"doorNo": p.door_no, "planTemplateNo": p.plan_template_no}))
            .collect();
        let mut all = json!({
            "employeeNo": self.employee_no, "name": self.name, "userType": self.user_type,
            "closeDelayEnabled": self.close_delay_enabled, "Valid": valid,
            "belongGroup": self.belong_group, "password": "", "doorRight": self.door_right,
            "RightPlan": plans, "maxOpenDoorTime": self.max_open_door_time,
            "openDoorTime": self.open_door_time, "roomNumber": self.room_number,
            "floorNumber": self.floor_number, "localUIRight": self.local_ui_right,
            "gender": self.gender,
        });
        if switches.shows_pin {
            all["password"] = json!(self.pin.as_deref().unwrap_or_default());
        }
        if !switches.no_num_of {
            all["numOfCard"] = json!(self.cards);
            all["numOfFP"] = json!(self.fingerprints);
            all["numOfFace"] = json!(self.faces);
        }
        if !switches.no_person_info_extends {
            let values = self.extends.iter().map(|value| json!({"value": value}));
            all["PersonInfoExtends"] = values.collect();
        }
        for (key, value) in
            [("userVerifyMode", &self.user_verify_mode), ("faceURL", &self.face_url)]
        {
            if !value.is_empty() {
                all[key] = json!(value);
            }
        }
        if let Some(key) = &switches.email_field {
            all[key] = json!(self.email);
        }
        for (key, value) in &self.extra {
            all[key] = value.clone();
        }
        if switches.empty_vanishes
            && let Some(fields) = all.as_object_mut()
        {
            fields.retain(|_, value| *value != json!("") && *value != json!([{"value": ""}]));
        }
        all
    }

    /// Sets one field of `UserInfo` from JSON. `Valid` must have been checked before.
    pub(super) fn set(&mut self, key: &str, value: &Value) -> Set {
        let done = match key {
            "employeeNo" => value.as_str().map(|v| self.employee_no = v.into()),
            "name" => value.as_str().map(|v| self.name = v.into()),
            "userType" => value
                .as_str()
                .filter(|v| ["normal", "visitor", "blackList"].contains(v))
                .map(|v| self.user_type = v.into()),
            "Valid" => self.set_valid(value),
            "closeDelayEnabled" => value.as_bool().map(|v| self.close_delay_enabled = v),
            "belongGroup" => value.as_str().map(|v| self.belong_group = v.into()),
            "password" => value.as_str().map(|v| self.pin = Some(v.into())),
            "doorRight" => value.as_str().map(|v| self.door_right = v.into()),
            "RightPlan" => self.set_right_plan(value),
            "maxOpenDoorTime" => value.as_i64().map(|v| self.max_open_door_time = v),
            "roomNumber" => value.as_i64().map(|v| self.room_number = v),
            "floorNumber" => value.as_i64().map(|v| self.floor_number = v),
            "localUIRight" => value.as_bool().map(|v| self.local_ui_right = v),
            "gender" => value
                .as_str()
                .filter(|v| ["male", "female", "unknown"].contains(v))
                .map(|v| self.gender = v.into()),
            "userVerifyMode" => value.as_str().map(|v| self.user_verify_mode = v.into()),
            "PersonInfoExtends" => self.set_extends(value),
            _ if is_read_only(key) => return Set::ReadOnly,
            _ if self.extra.contains_key(key) => {
                self.extra.insert(key.into(), value.clone());
                Some(())
            }
            _ => return Set::Unknown,
        };
        if done.is_some() { Set::Done } else { Set::WrongType }
    }

    fn set_valid(&mut self, value: &Value) -> Option<()> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let (enable, begin, end) =
            (value["enable"].as_bool()?, text("beginTime")?, text("endTime")?);
        (self.enable, self.begin, self.end) = (enable, begin, end);
        if let Some(time_type) = text("timeType") {
            self.time_type = Some(time_type);
        }
        Some(())
    }

    fn set_right_plan(&mut self, value: &Value) -> Option<()> {
        let plan = |item: &Value| {
            Some(RightPlan {
                door_no: item["doorNo"].as_i64()?,
                plan_template_no: item["planTemplateNo"].as_str()?.to_owned(),
            })
        };
        self.right_plan = value.as_array()?.iter().map(plan).collect::<Option<_>>()?;
        Some(())
    }

    fn set_extends(&mut self, value: &Value) -> Option<()> {
        let text = |item: &Value| item["value"].as_str().map(str::to_owned);
        let values: Vec<String> = value.as_array()?.iter().map(text).collect::<Option<_>>()?;
        if values.len() > 1 || values.iter().any(|v| v.chars().count() > 64) {
            return None;
        }
        self.extends = values;
        Some(())
    }
}

/// Whether the device reports this key and never takes it.
pub(super) fn is_read_only(key: &str) -> bool {
    key.starts_with("numOf") || matches!(key, "openDoorTime" | "faceURL")
}

/// A device time, strictly `YYYY-MM-DDTHH:MM:SS`.
pub(super) fn parse_time(text: &str) -> Option<NaiveDateTime> {
    let time = NaiveDateTime::parse_from_str(text, TIME).ok()?;
    (text.len() == 19).then_some(time)
}

/// The last second that devices know.
pub(super) fn last_second() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2037, 12, 31)
        .and_then(|day| day.and_hms_opt(23, 59, 59))
        .unwrap_or_default()
}

/// Writes a device time.
pub(super) fn time_text(time: NaiveDateTime) -> String {
    time.format(TIME).to_string()
}
