//! The keys of the configuration with their types, defaults and rules. Source: design.md section 3.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use toml::de::DeValue;
use url::Url;

use super::agreement::{self, SourceRead, TargetRead, Zones};
use super::load::absolute;
use super::problem::{Origin, Wrong};
use super::secret_source::{self, Surroundings};
use super::section::{Section, integer, text};
use super::{
    Config, Ending, Guard, LinkConfig, LinkRule, Mode, Percent, Policy, ReportFiles, SourceConfig,
    TargetConfig, Tls, address, notify, value,
};
use crate::connectors::cardskipper::OrganisationId;
use crate::engine::link::file::is_invisible;
use crate::files::{Rights, is_same};
use crate::model::{HolderNumber, RecordId, RightCode, SourceName, TargetName};

const HOUR: Duration = Duration::from_secs(3600);

/// A complete listing reaches back one week at most: `vanished` counts them.
const FULL_EVERY_DAYS_MAX: u64 = 7;

/// A device's list may drift unseen for a month at most.
const AUDIT_EVERY_DAYS_MAX: u64 = 30;

/// A page or metrics: for us to write, for a group to read, and nobody else's.
const REPORT_MODE: u32 = 0o640;

/// Nobody gives more than a year away by a typing error.
const GRACE_DAYS_MAX: i64 = 365;

/// Reads the whole file. `None` only together with a noted problem.
pub(super) fn read(
    top: &Section<'_>,
    path: &Path,
    surroundings: &Surroundings<'_>,
) -> Option<Config> {
    let state = top.text("state", value::path).or("ivms-sync.db".to_owned());
    let zones = Zones::read(top);
    let sources = top.named("cardskipper", "club", "there is no organisation to copy from");
    let sources: Vec<SourceRead<'_>> =
        sources.into_iter().map(|section| source(section, &zones, surroundings)).collect();
    let devices = top.named("hikvision", "front-door", "there is no door to write to");
    let devices: Vec<TargetRead<'_>> =
        devices.into_iter().map(|section| device(section, &zones, surroundings)).collect();
    let link = link(&top.section("link"), surroundings.folder);
    let policy = policy(&top.section("policy"));
    let guard = guard(&top.section("guard"));
    let notify = notify::read(&top.section("notify"), surroundings);
    let report_section = top.section("report");
    let report = report_files(&report_section, surroundings.folder);
    top.finish();
    zones.finish(top, sources.is_empty() || devices.is_empty());
    agreement::refuse_same_organisation(&sources);
    agreement::refuse_same_device(&devices);
    agreement::refuse_idle_roles(&sources, &devices);
    let config = Config {
        path: path.to_owned(),
        state: absolute(surroundings.folder, &state),
        computer: computer(surroundings.environment),
        sources: sources.into_iter().map(|read| read.config).collect::<Option<_>>()?,
        devices: devices.into_iter().map(|read| read.config).collect::<Option<_>>()?,
        link,
        policy,
        guard,
        notify: notify?,
        report,
        secret_files: surroundings.secret_files.take(),
        warnings: Vec::new(),
    };
    refuse_own_files(&report_section, &config);
    Some(config)
}

/// Windows names the computer in every process; other systems, if at all, under another name.
fn computer(environment: &super::Environment) -> Option<String> {
    let names = ["COMPUTERNAME", "HOSTNAME"].into_iter();
    names.filter_map(|name| environment.get(name)).find(|name| !name.is_empty()).map(str::to_owned)
}

/// `[cardskipper.NAME]`.
fn source<'a>(
    section: Section<'a>,
    zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> SourceRead<'a> {
    let name = section.settle_name(SourceName::new(section.name()));
    let url = section.text("url", address::web).required();
    let organisation = section
        .integer("organisation_id", |number| value::id(OrganisationId::new(number)))
        .required();
    let username = section.text("username", value::not_empty).required();
    let password = required_password(&section, surroundings);
    let roles = roles(&section);
    let full_every =
        section.text("full_every", |text| value::interval(text, FULL_EVERY_DAYS_MAX)).or(HOUR);
    let sentinel =
        section.integer("sentinel", |number| value::id(HolderNumber::whole(number))).optional();
    let time_zone = zones.of(&section);
    section.finish();
    if let Some(url) = &url {
        warn_plain_http(&section, url, "names, e-mails and the password");
    }
    let roles = roles.map(without_origins);
    let listed = roles.clone();
    let config = (|| {
        Some(SourceConfig {
            name: name?,
            url: url?,
            organisation: organisation?,
            username: username?,
            password: password?,
            roles,
            full_every,
            sentinel,
            time_zone,
        })
    })();
    SourceRead { section, organisation, roles: listed, config }
}

/// `[hikvision.NAME]`.
fn device<'a>(
    section: Section<'a>,
    zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> TargetRead<'a> {
    let name = section.settle_name(TargetName::new(section.name()));
    let url = section.text("url", address::device).required();
    let username = section.text("username", value::not_empty).required();
    let password = required_password(&section, surroundings);
    let tls = section.text("tls", value::tls).or(Tls::System);
    let mode = section.text("mode", value::mode).or(Mode::Full);
    let roles = roles(&section);
    let protect = section.list("protect", protected);
    let audit_every =
        section.text("audit_every", |text| value::interval(text, AUDIT_EVERY_DAYS_MAX)).or(HOUR);
    let time_zone = zones.of(&section);
    section.finish();
    if let Some(url) = &url {
        check_tls(&section, url, &tls);
    }
    let placed_roles = roles.clone().unwrap_or_default();
    let address = url.clone();
    let config = (|| {
        Some(TargetConfig {
            name: name?,
            url: url?,
            username: username?,
            password: password?,
            tls,
            mode,
            roles: roles.map(without_origins),
            protect: protect.map(without_origins).unwrap_or_default(),
            audit_every,
            time_zone,
        })
    })();
    TargetRead { section, url: address, config, roles: placed_roles }
}

/// One entry of `protect`.
fn protected(item: &DeValue<'_>) -> Result<RecordId, Wrong> {
    let text = text(item).map_err(|wrong| match item {
        DeValue::Integer(_) => {
            wrong.hint("put it in quotes: on a device 007 and 7 are two persons")
        }
        _ => wrong,
    })?;
    let id = value::id(RecordId::new(text))?;
    if text.trim() != text || text.contains(is_invisible) {
        let wrong = Wrong::new("has a blank at an end, or an invisible character in it");
        return Err(
            wrong.hint("type it again, just as the door shows it: ids are compared exactly")
        );
    }
    Ok(id)
}

/// A certificate is only ever looked at on `https`. To pin one on `http` is an error, because the
/// writer believes in a protection that is not there; `insecure` there is merely without effect.
fn check_tls(section: &Section<'_>, url: &Url, tls: &Tls) {
    let key = section.dotted("tls");
    if url.scheme() == "https" {
        if *tls == Tls::Insecure {
            section.warn(format!(
                "{key} is \"insecure\": whoever answers at this address is believed to be the \
                 device. Pin its certificate instead: tls = \"sha256:…\" with the fingerprint \
                 that the browser or openssl shows."
            ));
        }
        return;
    }
    warn_plain_http(section, url, "names and door rights");
    match tls {
        Tls::System => {}
        Tls::Pinned(_) => section.wrong(
            "tls",
            Wrong::new("pins a certificate, but the address is plain http and has none")
                .hint("write https:// in url, or remove tls"),
        ),
        Tls::Insecure => {
            section.warn(format!("{key} has no effect, because the address is plain http."));
        }
    }
}

pub(super) fn warn_plain_http(section: &Section<'_>, url: &Url, what: &str) {
    if url.scheme() == "http" && !address::is_loopback(url) {
        section.warn(format!(
            "{} is plain http: anybody on the network can read and change {what} on the way.",
            section.dotted("url")
        ));
    }
}

/// `[link]`.
fn link(section: &Section<'_>, folder: &Path) -> LinkConfig {
    let files = section
        .list("files", |item| value::path(text(item)?).map(|path| absolute(folder, &path)))
        .unwrap_or_default();
    section.refuse_repeats("files", &files);
    let by = section.list("by", |item| value::link_rule(text(item)?));
    section.finish();
    let by = match by {
        None => vec![LinkRule::File, LinkRule::DeviceEmail],
        Some(rules) => {
            section.refuse_repeats("by", &rules);
            if is_empty_list(section, "by") {
                let wrong = Wrong::new("is empty, so that nobody would ever be linked");
                section.wrong(
                    "by",
                    wrong.hint("leave the key out for \"file\", then \"device-email\""),
                );
            }
            rules.into_iter().map(|(_, rule)| rule).collect()
        }
    };
    if !files.is_empty() && !by.contains(&LinkRule::File) {
        section
            .warn("link.files has no effect, because link.by does not hold \"file\".".to_owned());
    }
    LinkConfig { files: files.into_iter().map(|(_, file)| file).collect(), by }
}

/// `[policy]`.
fn policy(section: &Section<'_>) -> Policy {
    let days = |number: i64| match u32::try_from(number) {
        Ok(days) if number <= GRACE_DAYS_MAX => Ok(days),
        _ => Err(Wrong::new(format!("is not between 0 and {GRACE_DAYS_MAX}"))),
    };
    let policy = Policy {
        grace_days: section.integer("grace_days", days).or(0),
        inactive: section.text("inactive", value::ending).or(Ending::End),
        vanished: section.text("vanished", value::ending).or(Ending::Keep),
    };
    section.finish();
    policy
}

/// `[guard]`.
fn guard(section: &Section<'_>) -> Guard {
    let share = |key: &'static str, default: u8| {
        let share = section.text(key, value::percent).or(Percent(default));
        if share == Percent(100) {
            section.warn(format!("{} is 100%: this rule can refuse nothing.", section.dotted(key)));
        }
        share
    };
    let guard = Guard {
        source_shrink: share("source_shrink", 10),
        revoke_per_tick: share("revoke_per_tick", 5),
        revoke_per_day: share("revoke_per_day", 15),
        grant_per_tick: share("grant_per_tick", 25),
    };
    section.finish();
    guard
}

/// `[report]`.
fn report_files(section: &Section<'_>, folder: &Path) -> ReportFiles {
    let file = |key: &'static str| {
        section.text(key, value::path).optional().map(|path| absolute(folder, &path))
    };
    let (html, prometheus) = (file("html"), file("prometheus"));
    let rights = Rights {
        mode: section.text("mode", value::file_mode).or(REPORT_MODE),
        group: section.text("group", value::not_empty).optional(),
    };
    section.finish();
    ReportFiles { html, prometheus, rights }
}

/// Nothing is written over what a run reads, nor one report over the other.
fn refuse_own_files(section: &Section<'_>, config: &Config) {
    let ReportFiles { html, prometheus, .. } = &config.report;
    for (key, path) in [("html", html), ("prometheus", prometheus)] {
        if let Some(own) = path.as_ref().and_then(|path| config.own_file_at(path)) {
            let wrong = Wrong::new(format!("is {own}"));
            section.wrong(key, wrong.hint("name a file of its own"));
        }
    }
    if let (Some(page), Some(metrics)) = (html, prometheus)
        && is_same(page, metrics)
    {
        let wrong = Wrong::new(format!("is the same file as {}", section.dotted("html")));
        section.wrong("prometheus", wrong.hint("name a file of its own"));
    }
}

fn required_password(
    section: &Section<'_>,
    surroundings: &Surroundings<'_>,
) -> Option<super::Secret> {
    if section.find("password").is_none() {
        let wrong = Wrong::new("is missing").hint("write password = { env = \"NAME\" }");
        section.wrong("password", wrong);
        return None;
    }
    secret_source::read(section, "password", surroundings)
}

/// The role list of an organisation or device; `None` for every role.
fn roles(section: &Section<'_>) -> Option<Vec<(Origin, RightCode)>> {
    let roles = section.list("roles", |item| value::id(RightCode::whole(integer(item)?)));
    if is_empty_list(section, "roles") {
        let wrong = Wrong::new("is empty, so that no membership would open a door");
        section.wrong("roles", wrong.hint("leave the key out to mean every role"));
    }
    roles
}

pub(super) fn is_empty_list(section: &Section<'_>, key: &'static str) -> bool {
    let value = section.in_file(key).and_then(|value| value.get_ref().as_array());
    value.is_some_and(|items| items.is_empty())
}

fn without_origins<T: Ord>(items: Vec<(Origin, T)>) -> BTreeSet<T> {
    items.into_iter().map(|(_, item)| item).collect()
}
