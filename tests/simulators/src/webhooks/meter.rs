//! What a parking meter reports about itself.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use super::bodies::text;

/// A meter's status, without an envelope: it has neither id nor time of its own. Its text is the body.
/// Numbers may be any, also those that no meter has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterStatus {
    meter: String,
    zone: String,
    operational: bool,
    occupied: bool,
    time_remaining: i64,
    battery: i64,
    /// Cents, minutes, and when.
    payment: Option<(u64, i64, DateTime<Utc>)>,
}

/// The status of a meter that works, with a battery of 85 percent, and where nobody ever paid.
pub fn meter_status(meter: &str, zone: &str) -> MeterStatus {
    MeterStatus {
        meter: meter.into(),
        zone: zone.into(),
        operational: true,
        occupied: false,
        time_remaining: 0,
        battery: 85,
        payment: None,
    }
}

impl MeterStatus {
    /// Sets whether it works.
    #[must_use]
    pub fn operational(mut self, operational: bool) -> Self {
        self.operational = operational;
        self
    }

    /// Sets whether a vehicle stands at it.
    #[must_use]
    pub fn occupied(mut self, occupied: bool) -> Self {
        self.occupied = occupied;
        self
    }

    /// Sets the percent of its battery.
    #[must_use]
    pub fn battery(mut self, percent: i64) -> Self {
        self.battery = percent;
        self
    }

    /// Sets the seconds that are paid for from now on; less than 0: ended so long ago.
    #[must_use]
    pub fn time_remaining(mut self, seconds: i64) -> Self {
        self.time_remaining = seconds;
        self
    }

    /// Sets the last payment: cents, which it tells as dollars, the minutes they are for, and when. The
    /// time that remains is not changed by it.
    #[must_use]
    pub fn last_payment(mut self, cents: u64, minutes: i64, at: DateTime<Utc>) -> Self {
        self.payment = Some((cents, minutes, at));
        self
    }
}

impl fmt::Display for MeterStatus {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let payment = match self.payment {
            None => "null".to_owned(),
            Some((cents, minutes, at)) => format!(
                "{{\"amount\":{}.{:02},\"duration\":{minutes},\"timestamp\":\"{}\",\
                 \"paymentMethod\":\"CREDIT_CARD\"}}",
                cents / 100,
                cents % 100,
                at.to_rfc3339_opts(SecondsFormat::Millis, true),
            ),
        };
        let Self { operational, occupied, time_remaining, battery, .. } = self;
        let (meter, zone) = (text(&self.meter), text(&self.zone));
        write!(
            out,
            "{{\"meterId\":{meter},\"zoneNumber\":{zone},\"status\":{{\"operational\":{operational},\
             \"spaceOccupied\":{occupied},\"timeRemaining\":{time_remaining},\"lastPayment\":{payment}}},\
             \"diagnostics\":{{\"batteryLevel\":{battery},\"signalStrength\":-65,\"temperature\":22,\
             \"lastMaintenance\":\"2024-01-01T08:00:00.000Z\"}}}}"
        )
    }
}

impl From<MeterStatus> for Vec<u8> {
    fn from(status: MeterStatus) -> Self {
        status.to_string().into_bytes()
    }
}
