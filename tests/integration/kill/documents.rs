//! A refund is handed over, and the process is killed at every step on the state file and on the network: whoever comes
//! after it, by the schedule and by hand, the money has moved once, and the cashier has nothing to complain of.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ivms_sync_simulators::clock::Clock;
use ivms_sync_simulators::club::World;
use ivms_sync_simulators::http::Moment;
use ivms_sync_simulators::service::Settings;
use ivms_sync_simulators::teller::Server;

use super::Step;
use super::shim::{self, Do, On};
use crate::support::Sandbox;
use crate::support::pinned::{START, instant, settings, start};

const SECRET: &str = "service-secret-1";
const HANDED_OVER: &str = "2026-03-10T10:05:00Z";
/// The ticks after it, and when somebody asks again.
const AFTER: [&str; 2] = ["2026-03-10T10:10:00Z", "2026-03-10T11:15:00Z"];
const AGAIN: &str = "2026-03-10T11:20:00Z";

const REFUND: &str = r#"{ "refundId": "refund_1", "originalPaymentId": "payment_1", "refundAmount": 119,
  "reason": "EARLY_SESSION_END" }"#;

/// A cashier who has taken one payment, and an office that has run before.
struct Till {
    sandbox: Sandbox,
    cashier: Server,
}

impl Till {
    fn new() -> Self {
        let mut sandbox = Sandbox::with(start(World::new(&settings(1, 0, START)), START));
        let clock = Clock::fixed(instant(START));
        let cashier = Server::start(Settings { clock, ..Settings::default() });
        cashier.capture("payment_1", 475, 25, instant(START));
        sandbox.replace_config(Some(format!(
            "[teller.cashier]\nurl = \"{}\"\ncurrency = \"USD\"\nsecret = {{ env = \"TELLER\" }}\n",
            cashier.url()
        )));
        sandbox.passwords.push(("TELLER".to_owned(), SECRET.to_owned()));
        std::fs::write(sandbox.path("refund.json"), REFUND).unwrap();
        let till = Self { sandbox, cashier };
        till.run(START, &["sync"], 0);
        till
    }

    fn at(&self, now: &str) {
        self.cashier.clock().set(instant(now));
        self.cashier.begin_run();
    }

    fn run(&self, now: &str, arguments: &[&str], code: i32) -> serde_json::Value {
        self.at(now);
        let arguments = [&["--json"], arguments].concat();
        self.sandbox.run_at(Some(now), &arguments).ends(code).json()
    }

    /// Hands the refund over in a process of its own, which is killed at a moment of a request, if it comes so far;
    /// says whether it was killed, and how many requests came to each moment.
    fn hand_over(&self, kill_at: Option<(usize, Moment)>) -> (bool, [usize; 5]) {
        let victim: Arc<Mutex<Option<Child>>> = Arc::default();
        let seen: Arc<[AtomicUsize; 5]> = Arc::default();
        let (to_kill, counted) = (Arc::clone(&victim), Arc::clone(&seen));
        self.cashier.watch(Some(Arc::new(move |moment| {
            let number = counted[moment as usize].fetch_add(1, Ordering::SeqCst) + 1;
            if kill_at != Some((number, moment)) {
                return true;
            }
            let mut victim = to_kill.lock().unwrap();
            let child = victim.as_mut().unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            false
        })));
        self.at(HANDED_OVER);
        let mut slot = victim.lock().unwrap();
        let arguments = ["apply", "refund.json", "--to", "cashier"];
        *slot = Some(self.sandbox.start(Some(HANDED_OVER), &arguments));
        drop(slot);
        let status = loop {
            if let Some(status) = victim.lock().unwrap().as_mut().unwrap().try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        self.cashier.settle();
        self.cashier.watch(None);
        let was_killed = status.signal() == Some(9);
        assert!(was_killed || status.success(), "{status}");
        (was_killed, std::array::from_fn(|place| seen[place].load(Ordering::SeqCst)))
    }
}

/// Kills whoever hands the refund over at this step, and looks at what comes of it; says whether it was killed.
fn survives(step: Step) -> bool {
    let mut till = Till::new();
    let was_killed = match step {
        Step::Call(on, number, what) => {
            shim::put_between(&mut till.sandbox, on, Some((number, what)));
            let (was_killed, _) = till.hand_over(None);
            shim::take_away(&mut till.sandbox);
            was_killed
        }
        Step::Request(number, moment) => till.hand_over(Some((number, moment))).0,
    };
    for now in AFTER {
        till.run(now, &["sync"], 0);
        assert!(till.cashier.effects("refund_1") < 2, "{step:?}");
    }
    let found = till.run(AGAIN, &["apply", "refund.json", "--to", "cashier"], 0);
    assert_eq!(found["documents"][0]["state"], "confirmed", "{step:?}");
    assert_eq!(till.cashier.effects("refund_1"), 1, "{step:?}");
    assert_eq!(till.cashier.money("payment_1"), 475 - 119, "{step:?}");
    assert_eq!(till.cashier.violations(), Vec::<String>::new(), "{step:?}");
    was_killed
}

fn steps() -> Vec<Step> {
    let mut till = Till::new();
    shim::put_between(&mut till.sandbox, On::Files, None);
    let (_, moments) = till.hand_over(None);
    let mut steps = Vec::new();
    for (place, call) in shim::calls(&till.sandbox).iter().enumerate() {
        let number = place + 1;
        steps.push(Step::Call(On::Files, number, Do::Before));
        match call.name.as_str() {
            "write" => steps.push(Step::Call(On::Files, number, Do::Half)),
            "flush" => steps.push(Step::Call(On::Files, number, Do::After)),
            _ => {}
        }
    }
    let mut till = Till::new();
    shim::put_between(&mut till.sandbox, On::Net, None);
    till.hand_over(None);
    for (place, call) in shim::calls(&till.sandbox).iter().enumerate() {
        if call.name == "send" {
            steps.push(Step::Call(On::Net, place + 1, Do::Half));
        }
    }
    for moment in Moment::ALL {
        steps.extend((1..=moments[moment as usize]).map(|number| Step::Request(number, moment)));
    }
    steps
}

#[test]
fn killed_anywhere_a_refund_is_given_once() {
    let steps = steps();
    let on_the_network = steps.iter().filter(|step| step.is_on_the_network()).count();
    assert!(on_the_network >= 10 && steps.len() - on_the_network >= 10, "{steps:?}");
    let killed = steps.iter().filter(|step| survives(**step)).count();
    println!("{killed} of {} runs were killed, {on_the_network} on the network", steps.len());
    assert!(killed * 20 >= steps.len() * 19, "only {killed} of {} were killed", steps.len());
}
