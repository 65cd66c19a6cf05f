//! The calls about the device itself, which every device answers alike.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::answers::{json_response, xml_response};
use super::switches::{Common, InfoFormat, LocalTime};
use crate::http::{Request, Response};
use crate::xml::escape;
use crate::zone::Zone;

/// What a device says of itself.
pub(crate) struct Identity<'d> {
    pub(crate) name: &'d str,
    pub(crate) model: &'d str,
    pub(crate) serial_number: &'d str,
    pub(crate) firmware: &'d str,
    /// `deviceType`.
    pub(crate) kind: &'d str,
}

/// `GET /SDK/activateStatus`, without login.
pub(crate) fn activate_status(common: &Common<'_>) -> Response {
    let namespace = common.namespace.uri();
    let body = format!(
        "<ActivateStatus version=\"2.0\" xmlns=\"{namespace}\"><Activated>true</Activated>\
         </ActivateStatus>"
    );
    xml_response(200, &body)
}

/// `GET /ISAPI/System/deviceInfo`.
pub(crate) fn device_info(
    common: &Common<'_>,
    identity: &Identity<'_>,
    request: &Request,
) -> Response {
    let Identity { name, model, serial_number, firmware, kind } = identity;
    let fields = [
        ("deviceName", *name),
        ("deviceID", "255"),
        ("model", model),
        ("serialNumber", serial_number),
        ("macAddress", "02:00:00:00:00:01"),
        ("firmwareVersion", firmware),
        ("firmwareReleasedDate", "build 260101"),
        ("deviceType", kind),
    ];
    document(common, request, "DeviceInfo", &fields)
}

/// Plain fields under one root, as XML or JSON.
pub(crate) fn document(
    common: &Common<'_>,
    request: &Request,
    root: &str,
    fields: &[(&str, &str)],
) -> Response {
    let json_asked = request.query().contains("format=json");
    if json_asked && common.info_format == InfoFormat::FollowsFormat {
        let map = fields.iter().map(|(key, value)| ((*key).to_owned(), json!(value)));
        return json_response(200, &json!({root: Value::Object(map.collect())}));
    }
    let inner: String =
        fields.iter().map(|(key, value)| format!("<{key}>{}</{key}>", escape(value))).collect();
    let namespace = common.namespace.uri();
    xml_response(200, &format!("<{root} version=\"2.0\" xmlns=\"{namespace}\">{inner}</{root}>"))
}

/// `GET /ISAPI/System/time`: wall clock at this instant, and zone with inverted sign.
pub(crate) fn time(common: &Common<'_>, zone: Zone, now: DateTime<Utc>) -> Response {
    let mark = if common.local_time == LocalTime::Basic { ' ' } else { 'T' };
    let local = zone.local(now).format("%Y-%m-%d %H:%M:%S").to_string();
    let local = local.replace(' ', &mark.to_string());
    let offset = match common.local_time {
        LocalTime::WithOffset => zone.offset_text(now),
        LocalTime::Plain => String::new(),
        LocalTime::Basic => zone.offset_text(now).replace(':', ""),
        LocalTime::NoSign => zone.offset_text(now).replace('+', " "),
    };
    let body = format!(
        "<Time version=\"2.0\" xmlns=\"{}\"><timeMode>NTP</timeMode>\
         <localTime>{local}{offset}</localTime><timeZone>{}</timeZone></Time>",
        common.namespace.uri(),
        zone.posix(),
    );
    xml_response(200, &body)
}

/// `GET /ISAPI/Security/userCheck` after a right login; the lock fields are then absent.
pub(crate) fn user_check(common: &Common<'_>) -> Response {
    let body = format!(
        "<userCheck version=\"2.0\" xmlns=\"{}\"><statusValue>200</statusValue>\
         <statusString>OK</statusString><isDefaultPassword>false</isDefaultPassword>\
         <isRiskPassword>false</isRiskPassword><isActivated>true</isActivated></userCheck>",
        common.namespace.uri()
    );
    xml_response(200, &body)
}

/// `GET /ISAPI/Security/illegalLoginLock`.
pub(crate) fn illegal_login_lock(common: &Common<'_>) -> Response {
    let lock = &common.lock;
    let body = format!(
        "<IllegalLoginLock version=\"2.0\" xmlns=\"{}\"><enabled>true</enabled>\
         <maxIllegalLoginTimes>{}</maxIllegalLoginTimes>\
         <maxIllegalLoginLockTime>{}</maxIllegalLoginLockTime></IllegalLoginLock>",
        common.namespace.uri(),
        lock.failures,
        lock.seconds,
    );
    xml_response(200, &body)
}

/// A path that the device does not have.
pub(crate) fn page_not_found() -> Response {
    Response::new(404, "text/html", "<html><body><h2>404 Not Found</h2></body></html>")
}
