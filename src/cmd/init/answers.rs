//! What is asked: taken from the flags, or from a person at a terminal.

use std::io;
use std::path::Path;

use crate::cli::{InitArgs, NewDoor};
use crate::config::first::{Answer, First, FirstError, FirstKey, FirstSection, Form};
use crate::config::reading::{Wrong, fits_a_file, value};
use crate::config::{Kinds, Nouns, Secret};
use crate::error::Error;
use crate::model::TargetName;
use crate::report::init;
use crate::stop::Stop;
use crate::term::ask;

/// What the section of the source is called.
const SOURCE: &str = "club";
/// What the first door is called where nobody says otherwise.
const DOOR: &str = "front-door";

/// Who is asked.
#[derive(Debug)]
pub(super) struct Asker {
    can_ask: bool,
    /// `--yes`.
    is_agreed: bool,
    stop: Stop,
    /// Flags that are missing, where nobody can be asked.
    missing: Vec<&'static str>,
}

impl Asker {
    pub(super) fn new(is_agreed: bool, stop: Stop) -> Self {
        Self { can_ask: ask::can_ask(), is_agreed, stop, missing: Vec::new() }
    }

    /// Whether somebody agrees, or has beforehand.
    pub(super) fn agrees(&self, question: &str) -> Result<bool, Error> {
        if self.is_agreed || !self.can_ask {
            return Ok(self.is_agreed);
        }
        let answer = heard(ask::line(&format!("{question} [y/N]: ")))?;
        Ok(matches!(answer.to_lowercase().as_str(), "y" | "yes"))
    }

    /// One answer: as given by a flag, by a person, or by default.
    fn text(
        &mut self,
        (question, flag): (&str, &'static str),
        given: Option<&str>,
        default: Option<&str>,
        check: &dyn Fn(&str) -> Result<(), Wrong>,
    ) -> Result<String, Error> {
        if let Some(given) = given {
            check(given).map_err(|wrong| FirstError::Wrong { flag, wrong })?;
            return Ok(given.to_owned());
        }
        if !self.can_ask || self.is_agreed && default.is_some() {
            if default.is_none() {
                self.misses(flag);
            }
            return Ok(default.unwrap_or_default().to_owned());
        }
        let shown = default.filter(|default| !default.is_empty());
        let shown = shown.map(|default| format!(" [{default}]")).unwrap_or_default();
        loop {
            let answer = heard(ask::line(&format!("{question}{shown}: ")))?;
            let answer = match default {
                Some(default) if answer.is_empty() => default.to_owned(),
                _ => answer,
            };
            match check(&answer) {
                Ok(()) => return Ok(answer),
                Err(wrong) => tell(&wrong)?,
            }
        }
    }

    fn password(&mut self, key: &'static FirstKey, about: &str) -> Result<Secret, Error> {
        if !self.can_ask {
            self.misses(key.flag);
            return Ok(Secret::new(String::new()));
        }
        // Ctrl-C must not end the process before the terminal shows again what is typed.
        let _held = self.stop.writing();
        loop {
            let answer = heard(ask::password(&format!("{about}{}: ", key.question)))?;
            match (key.check)(&answer).and_then(|()| fits_a_file(&answer)) {
                Ok(()) => return Ok(Secret::new(answer)),
                Err(wrong) => tell(&wrong)?,
            }
        }
    }

    fn misses(&mut self, flag: &'static str) {
        if !self.missing.contains(&flag) {
            self.missing.push(flag);
        }
    }
}

/// What was typed; an end of the input ends the command.
fn heard(answer: io::Result<Option<String>>) -> Result<String, Error> {
    match answer {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) | Err(_) => Err(FirstError::NotAnswered.into()),
    }
}

fn tell(Wrong { message, hint }: &Wrong) -> Result<(), Error> {
    let hint = hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    ask::say(&format!("  it {message}{hint}\n")).map_err(|_| FirstError::NotAnswered.into())
}

/// Asks for everything that has to be known before the systems can be tried.
pub(super) fn gather(
    asker: &mut Asker,
    working_dir: &Path,
    path: &Path,
    args: &InitArgs,
    kinds: Kinds,
) -> Result<First, Error> {
    let zone = iana_time_zone::get_timezone().ok();
    let zone = zone.as_deref().filter(|zone| value::time_zone(zone).is_ok());
    let question = ("The club's time zone", "--time-zone");
    let check = |text: &str| value::time_zone(text).map(drop);
    let time_zone = asker.text(question, args.time_zone.as_deref(), zone, &check)?;
    let to_file = |given: &Path| as_written(working_dir, path, given);
    let source = kinds.sources.iter().find(|kind| !kind.first().is_empty());
    let target = kinds.targets.iter().find(|kind| !kind.first().is_empty());
    let (Some(source), Some(target)) = (source, target) else {
        return Err(FirstError::NotAnswered.into());
    };
    let new =
        New { kind: source.name(), nouns: source.nouns(), name: SOURCE, keys: source.first() };
    let source = new.section(asker, source.name(), &|key| match key {
        "--url" => args.url.clone(),
        "--organisation" => args.organisation.clone(),
        "--username" => args.username.clone(),
        "--password-file" => args.password_file.as_deref().map(to_file),
        _ => None,
    })?;
    let password_files = &args.door_password_file;
    if password_files.len() > 1 && password_files.len() != args.doors.len() {
        let wrong = "is given neither once nor once for each --door";
        return Err(
            FirstError::Wrong { flag: "--door-password-file", wrong: Wrong::new(wrong) }.into()
        );
    }
    let mut targets: Vec<FirstSection> = Vec::new();
    let mut add = |asker: &mut Asker, door: &NewDoor| -> Result<(), Error> {
        if targets.iter().any(|other| other.name == door.name.as_str()) {
            let wrong = Wrong::new(format!("{} is the name of two doors", door.name));
            return Err(FirstError::Wrong { flag: "--door", wrong }.into());
        }
        let password_file = password_files.get(targets.len()).or(password_files.first());
        let name = door.name.as_str();
        let new = New { kind: target.name(), nouns: target.nouns(), name, keys: target.first() };
        targets.push(new.section(asker, name, &|flag| match flag {
            "--door" => Some(door.url.clone()).filter(|url| !url.is_empty()),
            "--door-username" => args.door_username.clone(),
            "--door-password-file" => password_file.map(|path| to_file(path)),
            _ => None,
        })?);
        Ok(())
    };
    for door in &args.doors {
        add(asker, door)?;
    }
    if args.doors.is_empty() {
        let mut default = Some(DOOR);
        while let Some(name) = door_name(asker, target.nouns(), default)? {
            default = None;
            add(asker, &NewDoor { name, url: String::new() })?;
            if !asker.can_ask {
                break;
            }
        }
    }
    let persons = args.persons.as_deref().map(|path| path.to_string_lossy().into_owned());
    let question = ("The list of persons, XLSX or CSV, with person id and e-mail", "--persons");
    let check = |text: &str| value::path(text).map(drop);
    let persons = asker.text(question, persons.as_deref(), None, &check)?;
    if !asker.missing.is_empty() {
        return Err(FirstError::Missing(std::mem::take(&mut asker.missing)).into());
    }
    let persons = to_file(Path::new(&persons));
    let (roles, seen) = (args.roles.clone(), Default::default());
    Ok(First { time_zone, source, targets, roles, seen, persons })
}

/// Asks which roles open the doors, where nobody said so.
pub(super) fn roles(asker: &mut Asker, first: &mut First) -> Result<(), Error> {
    if !first.roles.is_empty() || first.seen.is_empty() || !asker.can_ask || asker.is_agreed {
        return Ok(());
    }
    let said = ask::say(&format!("The roles:\n{}", init::roles(&first.seen)));
    said.map_err(|_| FirstError::NotAnswered)?;
    let is_known = |word: &str| first.seen.keys().any(|id| id.to_string() == word);
    let check = |text: &str| match words(text).find(|word| !is_known(word)) {
        Some(_) => Err(Wrong::new("names a role that is not listed")),
        None => Ok(()),
    };
    let question = ("Ids of those that open the doors, nothing for every role", "--role");
    let answer = asker.text(question, None, Some(""), &check)?;
    first.roles = words(&answer).map(str::to_owned).collect();
    Ok(())
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|word| !word.is_empty())
}

/// The name of one more door; none where there is none.
fn door_name(
    asker: &mut Asker,
    nouns: Nouns,
    default: Option<&str>,
) -> Result<Option<TargetName>, Error> {
    let question = match default {
        Some(_) => format!("A name for the first {}", nouns.one),
        None => format!("A name for the next {}, nothing for no more", nouns.one),
    };
    let check = |text: &str| match TargetName::new(text) {
        Err(_) if text.is_empty() && default.is_none() => Ok(()),
        named => value::id(named).map(drop),
    };
    let default = Some(default.unwrap_or_default());
    let name = asker.text((&question, "--door"), None, default, &check)?;
    Ok(TargetName::new(&name).ok())
}

/// A section to be asked for.
struct New<'a> {
    kind: &'static str,
    nouns: Nouns,
    name: &'a str,
    keys: &'static [FirstKey],
}

impl New<'_> {
    /// Asks for every key that `given` does not give by its flag; `stem` begins the name of the file for the
    /// password.
    fn section(
        &self,
        asker: &mut Asker,
        stem: &str,
        given: &dyn Fn(&str) -> Option<String>,
    ) -> Result<FirstSection, Error> {
        let about = format!("{}: ", self.name);
        let mut keys = Vec::new();
        for key in self.keys {
            let given = given(key.flag);
            let answer = match (key.form, given) {
                (Form::Password, None) => {
                    let secret = asker.password(key, &about)?;
                    Answer::Typed { secret, file: format!("{stem}-password.txt") }
                }
                (_, given) => {
                    let question = (&*format!("{about}{}", key.question), key.flag);
                    let given = given.as_deref();
                    Answer::Given(asker.text(question, given, key.default, &key.check)?)
                }
            };
            keys.push((key, answer));
        }
        let (kind, nouns, name) = (self.kind, self.nouns, self.name.to_owned());
        Ok(FirstSection { kind, nouns, name, keys, pin: None })
    }
}

/// A path of the command line as the configuration has it: relative to its folder where it lies below that.
fn as_written(working_dir: &Path, config: &Path, given: &Path) -> String {
    let whole = crate::files::resolved(&working_dir.join(given));
    let below = config.parent().and_then(|folder| whole.strip_prefix(folder).ok());
    below.unwrap_or(&whole).to_string_lossy().into_owned()
}
