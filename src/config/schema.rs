//! The keys of the configuration with their types, defaults and rules.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use toml::de::DeValue;

use super::agreement::{self, SourceRead, TargetRead, Zones};
use super::gates::{self, GateRead};
use super::load::absolute;
use super::problem::{Origin, Wrong};
use super::recipient::recipient;
use super::secret_source::Surroundings;
use super::section::{Section, text};
use super::vehicles::VehicleSections;
use super::{
    Books, Common, Config, Ending, Guard, Kinds, LinkConfig, LinkRule, Mode, Percent, Policy,
    RecipientConfig, ReportFiles, SourceConfig, SourceKind, SourceParts, TargetConfig, TargetKind,
    TargetParts, notify, seal, spool, value,
};
use crate::command::Invocation;
use crate::files::seal::is_sealed;
use crate::files::{Rights, is_same};
use crate::model::{HolderNumber, RecordId, RightCode, SourceName, TargetName, is_invisible};

pub(super) const HOUR: Duration = Duration::from_secs(3600);

/// A complete listing reaches back one week at most: `vanished` counts them.
const FULL_EVERY_DAYS_MAX: u64 = 7;

/// A device's list may drift unseen for a month at most.
pub(super) const AUDIT_EVERY_DAYS_MAX: u64 = 30;

/// A page or metrics: for us to write, for a group to read, and nobody else's.
const REPORT_MODE: u32 = 0o640;

/// Nobody gives more than a year away by a typing error.
const GRACE_DAYS_MAX: i64 = 365;

/// Reads the whole file. `None` only together with a noted problem.
pub(super) fn read(
    top: &Section<'_>,
    path: &Path,
    kinds: Kinds,
    surroundings: &Surroundings<'_>,
) -> Option<Config> {
    let club = top.text("club", value::club).optional();
    let state = top.text("state", value::path).or("ivms-sync.db".to_owned());
    let zones = Zones::read(top);
    // Other sections have files sealed for those who stand there.
    let seal_section = top.section("seal");
    let opens_with = seal::read(&seal_section, surroundings);
    let car_sections = VehicleSections::find(top, &kinds);
    let mut sources: Vec<SourceRead<'_>> = Vec::new();
    let mut groups = Groups::default();
    for kind in kinds.sources {
        let sections = groups.read(top, kind.name(), "club");
        sources.extend(sections.into_iter().map(|one| source(*kind, one, &zones, surroundings)));
    }
    let mut devices: Vec<TargetRead<'_>> = Vec::new();
    let mut target_groups = Groups::default();
    for kind in kinds.targets {
        let sections = target_groups.read(top, kind.name(), "front-door");
        devices.extend(
            sections.into_iter().map(|one| device(*kind, kinds.sources, one, &zones, surroundings)),
        );
    }
    let mut gates: Vec<GateRead<'_>> = Vec::new();
    let mut gate_groups = Groups::default();
    for kind in kinds.gates {
        let sections = gate_groups.read(top, kind.name(), "gate");
        let read = |one| gates::gate(*kind, kinds.sources, one, &zones, surroundings);
        gates.extend(sections.into_iter().map(read));
    }
    let mut recipient_groups = Groups::default();
    let mut recipients = Vec::new();
    for kind in kinds.recipients {
        let sections = recipient_groups.read(top, kind.name(), "city");
        recipients.extend(sections.into_iter().map(|section| (*kind, section)));
    }
    recipients.sort_by(|(_, one), (_, other)| one.name().cmp(other.name()));
    let (banks, _) = top.named("bank", "operating");
    let tariffs = car_sections.recipients(&zones, surroundings);
    // Vehicles alone need neither, and a gate is as good as a door; nor do documents.
    let is_about_members = groups.is_any_given || target_groups.is_any_given;
    let is_about_others =
        car_sections.are_rights_given || recipient_groups.is_any_given || !tariffs.is_empty();
    if is_about_members || !is_about_others {
        groups.refuse_none(top, "there is no organisation to copy from");
        if !gate_groups.is_any_given {
            target_groups.refuse_none(top, "there is no door to write to");
        }
    }
    sources.sort_by(|a, b| a.section.name().cmp(b.section.name()));
    devices.sort_by(|a, b| a.section.name().cmp(b.section.name()));
    gates.sort_by(|a, b| a.section.name().cmp(b.section.name()));
    agreement::refuse_same_names(sources.iter().map(|read| &read.section));
    agreement::refuse_same_names(devices.iter().map(|read| &read.section));
    let named = sources.iter().map(|read| &read.section);
    let named: Vec<_> = named.chain(devices.iter().map(|read| &read.section)).collect();
    let beside = car_sections.named().chain(gates.iter().map(|read| &read.section));
    let beside = beside.chain(recipients.iter().map(|(_, section)| section)).chain(&banks);
    agreement::refuse_taken_names(beside, &named);
    let read = |(kind, section): &(_, _)| recipient(*kind, section, &zones, surroundings);
    let takers = recipients;
    let (mut recipients, settlements): (Vec<_>, Vec<_>) = takers.iter().map(read).unzip();
    let settlements: Vec<_> = settlements.into_iter().flatten().collect();
    let bank = |section| spool::bank(section, surroundings.folder, !settlements.is_empty());
    let banks: Vec<_> = banks.iter().map(bank).collect();
    let vehicles = car_sections.read(top, &zones, surroundings, gate_groups.is_any_given);
    if let Some(vehicles) = &vehicles {
        let read = takers.iter().map(|(_, section)| section).zip(&recipients);
        agreement::refuse_idle_agencies(read, vehicles);
    }
    recipients.extend(tariffs);
    recipients.sort_by(|one, other| named_so(one).cmp(&named_so(other)));
    let gates_read = || gates.iter().filter_map(|read| read.config.as_ref());
    let are_plates_read = gates_read().any(|gate| !gate.members.is_empty());
    let link = link(&top.section("link"), surroundings.folder, are_plates_read);
    let policy = policy(&top.section("policy"));
    let guard = guard(&top.section("guard"));
    let notify = notify::read(&top.section("notify"), surroundings);
    let banks: Option<Vec<_>> = banks.into_iter().collect();
    let books = banks.map(|banks| Books { settlements, banks, opens_with });
    if books.iter().flat_map(Books::spools).any(|(_, spool)| is_sealed(&spool.name.1)) {
        seal::must_open(&seal_section);
    }
    seal_section.finish();
    let report_section = top.section("report");
    let report = report_files(&report_section, surroundings.folder);
    top.finish();
    zones.finish(
        top,
        (is_about_members || !is_about_others) && (sources.is_empty() || devices.is_empty()),
    );
    agreement::refuse_same_organisation(&sources);
    let places = devices.iter().map(|read| (&read.section, &read.place));
    agreement::refuse_same_place(places);
    agreement::refuse_same_place(gates.iter().map(|read| (&read.section, &read.place)));
    agreement::refuse_idle_roles(&sources, &devices);
    agreement::refuse_unknown_organisations(&sources, &devices);
    let gates = gates::settle(gates, &sources, vehicles.as_ref());
    let config = Config {
        path: path.to_owned(),
        club,
        invocation: Invocation::default(),
        state: absolute(surroundings.folder, &state),
        time_zone: zones.default(),
        computer: computer(surroundings.environment),
        sources: sources.into_iter().map(|read| read.config).collect::<Option<_>>()?,
        devices: devices.into_iter().map(|read| read.config).collect::<Option<_>>()?,
        gates,
        link,
        policy,
        guard,
        notify: notify?,
        report,
        vehicles: vehicles?,
        recipients: recipients.into_iter().collect::<Option<_>>()?,
        books: books?,
        secret_files: surroundings.secret_files.take(),
        warnings: Vec::new(),
    };
    refuse_own_files(&report_section, &config);
    car_sections.refuse_own_files(&config);
    Some(config)
}

fn named_so(config: &Option<RecipientConfig>) -> Option<&SourceName> {
    config.as_ref().map(|config| &config.name)
}

/// The groups of sections of all kinds of one side.
#[derive(Default)]
struct Groups {
    /// The first kind, with the name of its sample section.
    first: Option<(&'static str, &'static str)>,
    is_any_given: bool,
}

impl Groups {
    fn read<'a>(
        &mut self,
        top: &Section<'a>,
        kind: &'static str,
        example: &'static str,
    ) -> Vec<Section<'a>> {
        self.first.get_or_insert((kind, example));
        let (sections, is_given) = top.named(kind, example);
        self.is_any_given |= is_given;
        sections
    }

    /// Notes that no kind has a section.
    fn refuse_none(&self, top: &Section<'_>, without: &str) {
        if let (Some((kind, example)), false) = (self.first, self.is_any_given) {
            let wrong = Wrong::new(format!("is missing: {without}"));
            top.section(kind).wrong_section(wrong.hint(format!("write [{kind}.{example}]")));
        }
    }
}

/// Windows names the computer in every process; other systems, if at all, under another name.
fn computer(environment: &super::Environment) -> Option<String> {
    let names = ["COMPUTERNAME", "HOSTNAME"].into_iter();
    names.filter_map(|name| environment.get(name)).find(|name| !name.is_empty()).map(str::to_owned)
}

/// `[KIND.NAME]` of a source.
fn source<'a>(
    kind: &'static dyn SourceKind,
    section: Section<'a>,
    zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> SourceRead<'a> {
    let name = section.settle_name(SourceName::new(section.name()));
    let common = Common { name: name.clone(), time_zone: zones.zone_of(&section) };
    let SourceParts { settings, account } = kind.read(&section, &common, surroundings);
    let roles = roles(&section, &[kind]);
    let full_every =
        section.text("full_every", |text| value::interval(text, FULL_EVERY_DAYS_MAX)).or(HOUR);
    let sentinel =
        section.integer("sentinel", |number| value::id(HolderNumber::whole(number))).optional();
    section.finish();
    let roles = roles.map(without_origins);
    let (listed, read) = (roles.clone(), account.clone());
    let config = (|| {
        Some(SourceConfig {
            name: name?,
            kind,
            settings: settings?,
            account: account?,
            roles,
            full_every,
            sentinel,
            time_zone: common.time_zone,
        })
    })();
    SourceRead { section, account: read, roles: listed, config }
}

/// `[KIND.NAME]` of a target.
fn device<'a>(
    kind: &'static dyn TargetKind,
    source_kinds: &[&dyn SourceKind],
    section: Section<'a>,
    zones: &Zones,
    surroundings: &Surroundings<'_>,
) -> TargetRead<'a> {
    let name = section.settle_name(TargetName::new(section.name()));
    let common = Common { name: name.clone(), time_zone: zones.zone_of(&section) };
    let TargetParts { settings, login, place } = kind.read(&section, &common, surroundings);
    let mode = section.text("mode", value::mode).or(Mode::Full);
    let roles = roles(&section, source_kinds);
    let organisations = organisations(&section);
    let protect = section.list("protect", protected);
    let audit_every =
        section.text("audit_every", |text| value::interval(text, AUDIT_EVERY_DAYS_MAX)).or(HOUR);
    section.finish();
    let placed_roles = roles.clone().unwrap_or_default();
    let placed_organisations = organisations.clone().unwrap_or_default();
    let config = (|| {
        Some(TargetConfig {
            name: name?,
            kind,
            settings: settings?,
            login: login?,
            mode,
            roles: roles.map(without_origins),
            organisations: organisations.map(without_origins),
            protect: protect.map(without_origins).unwrap_or_default(),
            audit_every,
            time_zone: common.time_zone,
        })
    })();
    TargetRead { section, place, config, roles: placed_roles, organisations: placed_organisations }
}

/// The organisations whose members a device lets in; `None` for all of them.
fn organisations(section: &Section<'_>) -> Option<Vec<(Origin, SourceName)>> {
    let names = section.list("organisations", |item| value::id(SourceName::new(text(item)?)));
    section.refuse_repeats("organisations", names.as_deref().unwrap_or_default());
    if is_empty_list(section, "organisations") {
        let wrong = Wrong::new("is empty, so that no member would be let in");
        section.wrong("organisations", wrong.hint("leave the key out to mean all of them"));
    }
    names
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

/// `[link]`; of its files more may be read than links.
fn link(section: &Section<'_>, folder: &Path, are_plates_read: bool) -> LinkConfig {
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
    if !files.is_empty() && !by.contains(&LinkRule::File) && !are_plates_read {
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

/// The role list of an organisation or device, as one of these kinds of sources spells them; `None` for
/// every role.
pub(super) fn roles(
    section: &Section<'_>,
    kinds: &[&dyn SourceKind],
) -> Option<Vec<(Origin, RightCode)>> {
    let roles = section.list("roles", |item| {
        let read = kinds.iter().map(|kind| kind.right_code(item));
        read.reduce(|first, next| first.or_else(|wrong| next.map_err(|_| wrong)))
            .unwrap_or_else(|| Err(Wrong::new("is a right of no source")))
    });
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

pub(super) fn without_origins<T: Ord>(items: Vec<(Origin, T)>) -> BTreeSet<T> {
    items.into_iter().map(|(_, item)| item).collect()
}
