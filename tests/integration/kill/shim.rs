//! The library that stands between the program and its system calls: see `shim.c`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::support::Sandbox;

/// Which calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// Those that change the state file, its side files or the lock file.
    Files,
    /// Those that read them.
    Reads,
    /// Those on sockets.
    Net,
}

/// What happens at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Do {
    /// SIGKILL instead of it.
    Before,
    /// SIGKILL after half of its bytes.
    Half,
    /// SIGKILL after it.
    After,
    /// It fails, and all after it, as on a full disk.
    Full,
    /// It fails, and all after it, as on a broken disk.
    Broken,
    /// Nothing can be opened for writing from the beginning, as on a read-only file system.
    ReadOnly,
}

/// One call that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// What it does: `write`, `flush`, `cut`, `make`, `remove`, `read`, `send`, `recv`, `connect`.
    pub name: String,
    /// The name of the file, or `socket`.
    pub what: String,
}

/// The library, built once by the C compiler that SQLite needs too. It stays beside the build.
fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let beside = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let folder = tempfile::tempdir_in(beside).unwrap();
        let new = folder.path().join("shim.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/kill/shim.c");
        let status = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([new.as_os_str(), source.as_os_str()])
            .arg("-ldl")
            .status();
        assert!(status.expect("a C compiler").success());
        let path = beside.join("shim.so");
        // Another run of the tests may be using the one from before, and goes on doing so.
        std::fs::rename(new, &path).unwrap();
        path
    })
}

/// Puts the library between the runs of a sandbox and the system: at the `at`-th call counted, this
/// happens; without it they are only counted.
pub fn put_between(sandbox: &mut Sandbox, on: On, at: Option<(usize, Do)>) {
    let log = sandbox.path("calls.log").to_str().unwrap().to_owned();
    let word = match on {
        On::Files => "files",
        On::Reads => "reads",
        On::Net => "net",
    };
    let mut variables = vec![
        ("LD_PRELOAD", library().to_str().unwrap().to_owned()),
        ("SHIM_ON", word.to_owned()),
        ("SHIM_FILE", "ivms-sync.db".to_owned()),
        ("SHIM_LOG", log),
    ];
    if let Some((number, what)) = at {
        let what = match what {
            Do::Before => "before",
            Do::Half => "half",
            Do::After => "after",
            Do::Full => "full",
            Do::Broken => "broken",
            Do::ReadOnly => "readonly",
        };
        variables.push(("SHIM_AT", number.to_string()));
        variables.push(("SHIM_DO", what.to_owned()));
    }
    sandbox.variables =
        variables.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
}

/// Takes it away again.
pub fn take_away(sandbox: &mut Sandbox) {
    sandbox.variables.clear();
}

/// The calls counted so far, oldest first.
pub fn calls(sandbox: &Sandbox) -> Vec<Call> {
    let log = std::fs::read_to_string(sandbox.path("calls.log")).unwrap_or_default();
    let call = |line: &str| {
        let mut words = line.split(' ').map(str::to_owned);
        Call { name: words.next().unwrap_or_default(), what: words.next().unwrap_or_default() }
    };
    log.lines().map(call).collect()
}
