//! What went wrong with a camera, in the words of its user, and sorted by what may be done about it.
//!
//! A refusal is told with its code and, where it names one, the field that it minds; every other word of it
//! is left out, as it could be a plate.

use crate::connectors::hikvision::Error;
use crate::connectors::hikvision::ResponseStatus;
use crate::ports::{Class, Failure};

/// The fields that a camera may mind; anything else in their place could be a plate.
const FIELDS: [&str; 22] = [
    "LicensePlateInfoList",
    "LicensePlate",
    "listType",
    "createTime",
    "effectiveStartDate",
    "effectiveTime",
    "operationType",
    "id",
    "type",
    "cardNo",
    "plateType",
    "plateColor",
    "plateNum",
    "name",
    "groupName",
    "startTime",
    "endTime",
    "searchID",
    "searchResultPosition",
    "maxResults",
    "maxResult",
    "deleteAllEnabled",
];

/// What a refusal of a write comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The list is full.
    Full,
    /// The plate is on the list already.
    Listed,
    /// The plate is in no form that the camera takes.
    BadPlate,
    /// There is no such row.
    NoSuchRow,
    /// It minds how the times are written.
    Times,
    /// It minds the word for the list.
    Word,
    /// It minds the form of something that it does not name.
    Form,
    /// It offers no such call.
    NoSuchCall,
    Other,
}

impl Refusal {
    /// Sorts a refusal by its code, and by the field that it names.
    pub(super) fn of(status: &ResponseStatus) -> Self {
        let field = |name: &str| status.error_msg.eq_ignore_ascii_case(name);
        match status.sub_status.to_ascii_lowercase().as_str() {
            "licenseplatenumoverflow" => Self::Full,
            "existsamelicenseplate" => Self::Listed,
            "licenseplateformaterror" => Self::BadPlate,
            "plateidnotexist" => Self::NoSuchRow,
            "starttimeshouldbeearlierthanendtime" => Self::Other,
            "timeformaterror" => Self::Times,
            "notsupport" | "methodnotallowed" => Self::NoSuchCall,
            _ if field("listType") => Self::Word,
            _ if field("effectiveTime") || field("effectiveStartDate") => Self::Times,
            _ if status.http == 404 => Self::NoSuchCall,
            // The classes of a wrong form and of a wrong content; a few of class 4 say the same.
            "invalidcontent" => Self::Form,
            _ if matches!(status.status_code, Some(5 | 6)) => Self::Form,
            _ => Self::Other,
        }
    }
}

/// The same without any word that could be a plate.
fn bare(status: ResponseStatus) -> ResponseStatus {
    let is_field = FIELDS.iter().any(|field| status.error_msg.eq_ignore_ascii_case(field));
    let is_code = !status.sub_status.bytes().any(|byte| byte.is_ascii_digit());
    ResponseStatus {
        error_msg: if is_field { status.error_msg } else { String::new() },
        sub_status: if is_code { status.sub_status } else { String::new() },
        ..status
    }
}

/// What an error of the connection or a refusal comes to.
pub(super) fn failure(error: Error) -> Failure {
    let error = match error {
        Error::Refused(status) => Error::Refused(bare(status)),
        Error::TakesNoChange(status) => Error::TakesNoChange(bare(status)),
        Error::DeviceFault { status, write } => Error::DeviceFault { status: bare(status), write },
        other => other,
    };
    let hint = match &error {
        Error::Refused(status) | Error::TakesNoChange(status) => Some(refused(status)),
        Error::Wire { .. } | Error::TooLarge { .. } => Some(
            "check that the url is that of an ANPR camera and that no proxy answers in its place; if it is, \
             restart the camera and update its firmware",
        ),
        Error::Setup { .. } => Some("correct url and username in the section of this gate"),
        Error::Busy { code, .. } if code.eq_ignore_ascii_case("plateListIsOperating") => Some(
            "somebody is importing or exporting its list, or looking at it on its own page; the next run \
             tries again",
        ),
        other => other.hint(),
    };
    Failure::new(error.class(), error.spent_a_login(), &error, hint)
}

/// What a person can do about a refusal.
fn refused(status: &ResponseStatus) -> &'static str {
    match Refusal::of(status) {
        Refusal::Full => {
            "its list is full: on its own page, remove rows that nobody needs any more, or give fewer people \
             this gate"
        }
        Refusal::Listed => {
            "somebody has put this plate on its list by hand: remove that row on its own page, or leave it"
        }
        Refusal::BadPlate => {
            "this camera takes no such plate: see that it is written as on the car"
        }
        Refusal::NoSuchCall => {
            "see that `channel` is that of the camera that reads plates, and that it has a list of plates"
        }
        _ => "look at the camera's own web page and log; if it is no ANPR camera, correct its url",
    }
}

/// A failure that reading the list came to, and no call by itself.
pub(super) fn found(class: Class, text: String, hint: Option<&str>) -> Failure {
    Failure::new(class, false, &text, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: i64, sub_status: &str, error_msg: &str) -> ResponseStatus {
        ResponseStatus {
            call: "row",
            http: 400,
            status_code: Some(code),
            sub_status: sub_status.to_owned(),
            error_code: None,
            error_msg: error_msg.to_owned(),
        }
    }

    #[test]
    fn refusals_are_told_apart() {
        for (code, name, field, expected) in [
            (4, "licensePlateNumOverflow", "", Refusal::Full),
            (4, "existSameLicensePlate", "", Refusal::Listed),
            (4, "licensePlateFormatError", "", Refusal::BadPlate),
            (4, "PlateIDNotExist", "", Refusal::NoSuchRow),
            (6, "timeFormatError", "effectiveTime", Refusal::Times),
            (6, "badParameters", "listType", Refusal::Word),
            (6, "badParameters", "effectiveStartDate", Refusal::Times),
            (6, "badParameters", "", Refusal::Form),
            (6, "badJsonContent", "", Refusal::Form),
            (5, "somethingNew", "", Refusal::Form),
            (4, "notSupport", "", Refusal::NoSuchCall),
            (4, "invalidOperation", "", Refusal::Other),
            (6, "startTimeShouldBeEarlierThanEndTime", "", Refusal::Other),
        ] {
            assert_eq!(Refusal::of(&status(code, name, field)), expected, "{name} {field}");
        }
    }

    #[test]
    fn a_refusal_shows_a_field_and_never_a_plate() {
        let said = |sub: &str, msg: &str| failure(Error::Refused(status(6, sub, msg))).text;
        assert!(said("badParameters", "listType").ends_with("badParameters (listType)"));
        for text in ["AB123CD", "MIKE"] {
            assert!(!said("badParameters", text).contains(text));
        }
        assert!(!said("AB123CD", "").contains("AB123"));
        let fault = Error::DeviceFault { status: status(3, "deviceError", "AB123CD"), write: true };
        assert!(!failure(fault).text.contains("AB123"));
    }

    #[test]
    fn hints_are_about_cameras() {
        for error in [
            Error::Refused(status(6, "badParameters", "")),
            Error::Setup { what: String::new() },
            Error::Wire { call: "row", what: String::new(), excerpt: String::new() },
        ] {
            let hint = failure(error).hint.unwrap();
            assert!(!hint.contains("door") && !hint.contains("access-control"), "{hint}");
        }
        let full = failure(Error::Refused(status(4, "licensePlateNumOverflow", "")));
        assert!(full.class == Class::Refused && full.hint.unwrap().contains("full"));
    }
}
