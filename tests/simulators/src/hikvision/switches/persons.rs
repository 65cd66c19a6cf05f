//! Switches of what writes do to persons.

use serde_json::Value;

/// What Modify does to fields that the body leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Omitted {
    /// They stay.
    #[default]
    Merge,
    /// `doorRight`, `RightPlan`, `belongGroup` and the PIN are reset.
    Replace,
}

/// What an acceptable Modify really does.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Effect {
    /// It is applied and answered.
    #[default]
    Applied,
    /// It is answered OK and not applied.
    OkNotApplied,
    /// It is applied, then the connection closes without an answer.
    AppliedAnswerLost,
    /// The connection closes without an answer, nothing is applied.
    NotAppliedAnswerLost,
    /// It is applied, and this field (of `UserInfo`) changes too, unasked.
    AlsoChanges(String, Value),
    /// It is refused with `badJsonContent` for these persons, and applied for the others.
    RefusedFor(Vec<String>),
    /// It is refused with `badJsonContent` and not applied, and this field changes all the same.
    RefusedYetChanges(String, Value),
    /// It is refused with `badJsonContent`, and applied all the same.
    RefusedYetApplied,
}

/// With which method Modify is to be sent; any other is answered `methodNotAllowed`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ModifyBy {
    /// `PUT`, as documented.
    #[default]
    Put,
    /// `POST`.
    Post,
    /// None.
    Nothing,
}

/// How a refusal names a field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Naming {
    /// `gender`
    #[default]
    Bare,
    /// `UserInfo.gender`
    Path,
    /// `invalid parameter userVerifyMode`
    Sentence,
}

/// What becomes of a window that begins after its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BeginAfterEnd {
    /// 4/`invalidOperation`.
    #[default]
    InvalidOperation,
    /// 6/`endtimeEarlierThanBegintime`.
    EndtimeEarlier,
    /// Stored.
    Accepted,
}

/// What becomes of an end after the year 2037.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FarYear {
    /// 6/`beyondARGSRangeLimit`.
    #[default]
    Refused,
    /// Stored as 2037-12-31T23:59:59.
    Cut,
    /// Stored.
    Accepted,
}

/// How finely a device keeps the times of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Keeps {
    /// To the second, as sent.
    #[default]
    Seconds,
    /// Minutes: the seconds become 0.
    Minutes,
    /// Whole days: the time of day becomes midnight.
    Days,
}

/// In which form a device shows the times of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Dates {
    /// `2026-12-31T23:59:59`.
    #[default]
    Documented,
    /// A blank for the `T`.
    Blank,
    /// With this behind it: `Z`, `+01:00`.
    Suffix(&'static str),
    /// `31/12/2026 23:59:59`.
    Slashes,
}

/// What becomes of keys that the device does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownKey {
    /// Nothing.
    #[default]
    Ignored,
    /// 6/`badJsonContent`.
    BadJsonContent,
}

/// What `enable:false` on a person means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EnableFalse {
    /// The dates are not looked at, the door opens.
    #[default]
    OpensAlways,
    /// The person is blocked.
    OpensNever,
}

/// Answer to a body without its top key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissingTopKey {
    /// 6/`MessageParametersLack` with the key as errorMsg.
    #[default]
    MessageParametersLack,
    /// 6/`badJsonContent`.
    BadJsonContent,
}

/// Answer to a Modify of a person whom the device does not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum UnknownPerson {
    /// 6/`employeeNoNotExist`.
    #[default]
    EmployeeNoNotExist,
    /// 6/`deviceUserNotExist`.
    DeviceUserNotExist,
}
