//! The barrier: a camera that reads number plates, and whose car is whose.

use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::hikvision_anpr::{Camera, Settings};
use ivms_sync_simulators::http::Tls;

/// Members with a car, by their places; among them who has just paid, whose time ends soon, and who has not
/// paid for weeks.
const CARS: [(usize, &str); 6] = [
    (0, "LJ AA-101"),
    (3, "KR BB-204"),
    (4, "LJ CC-305"),
    (6, "MB DD-406"),
    (9, "KP EE-507"),
    (10, "CE FF-608"),
];

/// Its password, and the variable that holds it.
pub const PASSWORD: (&str, &str) = ("BARRIER_PASSWORD", "Door-secret-1");

/// The plate of a member.
pub fn plate(place: usize) -> Option<&'static str> {
    CARS.iter().find(|(member, _)| *member == place).map(|(_, plate)| *plate)
}

/// A camera whose list is empty.
pub fn start(clock: &Clock) -> Camera {
    Camera::start(Settings { tls: Tls::SelfSigned, clock: clock.clone(), ..Settings::default() })
}

/// What the configuration says of it.
pub fn section(camera: &Camera) -> String {
    format!(
        "\n[parking]\n\
         country = \"SI\"\n\n\
         [hikvision-anpr.barrier]\n\
         url      = \"{}\"\n\
         username = \"admin\"\n\
         password = {{ env = \"{}\" }}\n\
         tls      = \"sha256:{}\"\n\
         members  = [\"club\"]\n",
        camera.url(),
        PASSWORD.0,
        camera.certificate_sha256().unwrap_or_default()
    )
}

/// The link file of the club, with a column for the plates.
pub fn with_plates(links: &str) -> String {
    let plates = (0..).map(|place| plate(place).unwrap_or_default());
    let column = std::iter::once("Plate").chain(plates);
    links.lines().zip(column).map(|(line, cell)| format!("{line},{cell}\n")).collect()
}
