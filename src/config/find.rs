//! Which file is the configuration.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{ConfigError, Environment, problem::Wrong};
use crate::files;

/// The name of the file in every folder that is searched.
pub const FILE_NAME: &str = "ivms-sync.toml";

/// The variable that names the file.
const VARIABLE: &str = "IVMS_SYNC_CONFIG";

/// Finds the configuration file: `--config`, `IVMS_SYNC_CONFIG`, the working folder, the user's
/// configuration folder, `/etc/ivms-sync`. The first that exists is the one; layers are not joined. On
/// Windows nothing is searched below `\`, where any user may make a folder: who plants a file there would
/// be sent the secrets of whoever runs the program.
///
/// # Errors
/// When the file named by flag or variable does not exist (another file is never taken in its
/// place), or when none exists; the problem then names every place that was searched.
pub fn find(
    flag: Option<&Path>,
    environment: &Environment,
    working_dir: &Path,
) -> Result<PathBuf, ConfigError> {
    if let Some(path) = flag {
        return named(working_dir.join(path), "--config");
    }
    if environment.is_unreadable(VARIABLE) {
        let wrong = Wrong::new(format!("{VARIABLE} is set, but is not UTF-8 text"));
        return Err(ConfigError::of_file(FILE_NAME.into(), wrong));
    }
    match environment.get(VARIABLE) {
        Some("") => {
            let wrong = Wrong::new(format!("{VARIABLE} is set, but is empty"))
                .hint("name the file there, or remove the variable");
            Err(ConfigError::of_file(FILE_NAME.into(), wrong))
        }
        Some(path) => named(working_dir.join(path), VARIABLE),
        None => searched(&places(environment, working_dir)),
    }
}

/// Whether more than one configuration is named, or a folder of them.
#[must_use]
pub fn are_several(named: &[PathBuf], working_dir: &Path) -> bool {
    named.len() > 1 || named.iter().any(|path| working_dir.join(path).is_dir())
}

/// The configurations that are named, each once; of a folder each `*.toml` in it, by name.
///
/// # Errors
/// When a folder cannot be read or holds none: then nobody knows which are missing.
pub fn several(named: &[PathBuf], working_dir: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for path in named.iter().map(|path| working_dir.join(path)) {
        let here = if path.is_dir() { of_folder(&path)? } else { vec![path] };
        for path in here {
            if seen.insert(files::real(&path)) {
                found.push(path);
            }
        }
    }
    Ok(found)
}

fn of_folder(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let of_it = |wrong| ConfigError::of_file(folder.to_owned(), wrong);
    let entries = std::fs::read_dir(folder).and_then(|all| all.collect::<Result<Vec<_>, _>>());
    let entries = entries.map_err(|error| of_it(Wrong::new(format!("cannot be read: {error}"))))?;
    // What an editor is at work on begins with a dot.
    let is_config = |path: &PathBuf| {
        let is_hidden = path.file_name().is_some_and(|it| it.as_encoded_bytes().starts_with(b"."));
        !is_hidden && path.extension().is_some_and(|end| end == "toml")
    };
    let paths = entries.into_iter().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = paths.filter(is_config).collect();
    if found.is_empty() {
        return Err(of_it(Wrong::new("holds no configuration, which would be a file *.toml")));
    }
    found.sort();
    Ok(found)
}

/// A file that somebody asked for by name.
fn named(path: PathBuf, by: &str) -> Result<PathBuf, ConfigError> {
    match path.try_exists() {
        Ok(true) => Ok(path),
        Ok(false) => {
            let wrong = Wrong::new(format!("does not exist, but is named by {by}"))
                .hint("correct the name; no other file is read in its place");
            Err(ConfigError::of_file(path, wrong))
        }
        Err(error) => {
            let wrong = Wrong::new(format!("cannot be reached ({error}), but is named by {by}"));
            Err(ConfigError::of_file(path, wrong))
        }
    }
}

/// The first file that exists.
fn searched(places: &[PathBuf]) -> Result<PathBuf, ConfigError> {
    let mut looked_at = Vec::new();
    for place in places {
        match place.try_exists() {
            Ok(true) => return Ok(place.clone()),
            Ok(false) => looked_at.push(place.display().to_string()),
            Err(error) => looked_at.push(format!("{} ({error})", place.display())),
        }
    }
    let wrong = Wrong::new(format!("no configuration file; searched {}", looked_at.join(", ")))
        .hint("copy examples/ivms-sync.toml to one of these places and fill it in, or name a file with --config");
    Err(ConfigError::of_file(FILE_NAME.into(), wrong))
}

/// Where to look when nobody named a file, best first.
fn places(environment: &Environment, working_dir: &Path) -> Vec<PathBuf> {
    // The XDG base directory specification has relative and empty paths ignored.
    let folder =
        |name: &str| environment.get(name).map(Path::new).filter(|path| path.is_absolute());
    let user = if cfg!(windows) {
        folder("APPDATA").map(Path::to_owned)
    } else {
        folder("XDG_CONFIG_HOME")
            .map(Path::to_owned)
            .or_else(|| folder("HOME").map(|home| home.join(".config")))
    };
    let mut places = vec![working_dir.join(FILE_NAME)];
    places.extend(user.map(|folder| folder.join("ivms-sync").join(FILE_NAME)));
    if cfg!(not(windows)) {
        places.push(Path::new("/etc/ivms-sync").join(FILE_NAME));
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) -> PathBuf {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
        path.to_owned()
    }

    #[test]
    fn the_strongest_that_exists_wins() {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        let home = folder.path().join("home");
        let set = |variables: &[(&str, &str)]| {
            let home = home.to_str().unwrap();
            let mut pairs = vec![("HOME", home), ("APPDATA", home)];
            pairs.extend(variables);
            Environment::from_pairs(pairs)
        };
        let user = if cfg!(windows) { home.clone() } else { home.join(".config") };

        let in_home = touch(&user.join("ivms-sync").join(FILE_NAME));
        assert_eq!(find(None, &set(&[]), &work).unwrap(), in_home);
        assert_eq!(find(None, &set(&[("XDG_CONFIG_HOME", "relative")]), &work).unwrap(), in_home);
        if cfg!(not(windows)) {
            let in_xdg = touch(&folder.path().join("xdg/ivms-sync").join(FILE_NAME));
            let xdg = folder.path().join("xdg");
            let variables = [("XDG_CONFIG_HOME", xdg.to_str().unwrap())];
            assert_eq!(find(None, &set(&variables), &work).unwrap(), in_xdg);
        }
        let in_work = touch(&work.join(FILE_NAME));
        assert_eq!(find(None, &set(&[]), &work).unwrap(), in_work);
        let by_variable = touch(&work.join("variable.toml"));
        let variables = [(VARIABLE, "variable.toml")];
        assert_eq!(find(None, &set(&variables), &work).unwrap(), by_variable);
        let by_flag = touch(&folder.path().join("flag.toml"));
        assert_eq!(find(Some(&by_flag), &set(&variables), &work).unwrap(), by_flag);
    }

    #[test]
    fn a_named_file_never_falls_through() {
        let folder = tempfile::tempdir().unwrap();
        touch(&folder.path().join(FILE_NAME));
        let nothing = Environment::default();
        let error = find(Some(Path::new("gone.toml")), &nothing, folder.path()).unwrap_err();
        assert_eq!(error.path, folder.path().join("gone.toml"));
        assert!(error.to_string().contains("named by --config"), "{error}");
        for (value, expected) in [("gone.toml", "named by IVMS_SYNC_CONFIG"), ("", "is empty")] {
            let environment = Environment::from_pairs([(VARIABLE, value)]);
            let error = find(None, &environment, folder.path()).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }

    /// Mutant: a path that begins with `/` is searched on Windows.
    #[test]
    fn nothing_is_searched_where_anybody_may_write() {
        let home = if cfg!(windows) { "C:\\Users\\ana" } else { "/home/ana" };
        let environment = Environment::from_pairs([("HOME", home), ("APPDATA", home)]);
        let found = places(&environment, Path::new(home));
        assert_eq!(found.len(), if cfg!(windows) { 2 } else { 3 }, "{found:?}");
        let is_own = |place: &PathBuf| place.starts_with(home) || place.starts_with("/etc");
        assert!(found.iter().all(is_own), "{found:?}");
        assert_eq!(found.iter().any(|place| place.starts_with("/etc")), cfg!(not(windows)));
    }

    #[test]
    fn every_place_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let environment = Environment::from_pairs([("HOME", home), ("APPDATA", home)]);
        let error = find(None, &environment, &folder.path().join("w")).unwrap_err().to_string();
        for place in places(&environment, &folder.path().join("w")) {
            assert!(error.contains(place.to_str().unwrap()), "{error}");
        }
        assert!(error.contains("--config"), "{error}");
    }
}
