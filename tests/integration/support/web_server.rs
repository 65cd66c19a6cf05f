//! Real web servers in front of the program, with the files of `cron/cgi`.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;

/// Processes that end with the test.
pub struct Running(Vec<Child>);

impl Drop for Running {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A server that listens, and what its scripts are called there.
pub struct WebServer {
    port: u16,
    prefix: &'static str,
    _running: Running,
}

/// A file of `cron/cgi`.
fn of_cron(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("cron/cgi").join(name);
    fs::read_to_string(path).unwrap()
}

fn is_there(program: &str) -> bool {
    let known = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"];
    let found = known.iter().any(|folder| Path::new(folder).join(program).exists());
    if !found {
        println!("left out: {program} is not installed");
    }
    found
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Both scripts of `cron/cgi` for a town and a minute, in a folder of their own.
fn scripts(home: &Path, environment: &[(&str, &str)]) -> PathBuf {
    let folder = home.join("cgi-bin");
    fs::create_dir_all(&folder).unwrap();
    let binary = cargo_bin("ivms-sync");
    let config = home.join("ivms-sync.toml");
    let exports: Vec<_> =
        environment.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
    for name in ["officer", "events"] {
        let text = of_cron(name);
        assert!(text.contains("/usr/bin/ivms-sync --config /etc/ivms-sync/ivms-sync.toml"));
        let text = text
            .replace("/usr/bin/ivms-sync", binary.to_str().unwrap())
            .replace("/etc/ivms-sync/ivms-sync.toml", config.to_str().unwrap())
            .replace("\nexec ", &format!("\n{}exec ", exports.concat()));
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

fn start(program: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"))
}

fn wait_until(is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody listens");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl WebServer {
    fn new(port: u16, prefix: &'static str, processes: Vec<Child>) -> Self {
        let running = Running(processes);
        wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { port, prefix, _running: running }
    }

    /// busybox's `httpd`; nothing where it is not installed.
    pub fn busybox(home: &Path, environment: &[(&str, &str)]) -> Option<Self> {
        is_there("busybox").then(|| {
            scripts(home, environment);
            let port = free_port();
            let address = format!("127.0.0.1:{port}");
            let folder = home.to_str().unwrap();
            let server = start("busybox", &["httpd", "-f", "-p", &address, "-h", folder]);
            Self::new(port, "/cgi-bin", vec![server])
        })
    }

    pub fn lighttpd(home: &Path, environment: &[(&str, &str)]) -> Option<Self> {
        is_there("lighttpd").then(|| {
            let folder = scripts(home, environment);
            let port = free_port();
            let own = of_cron("lighttpd.conf");
            assert!(own.contains("/usr/lib/cgi-bin/"));
            let config = format!(
                "server.port = {port}\nserver.bind = \"127.0.0.1\"\nserver.document-root = \"{}\"\n{}",
                home.display(),
                own.replace("/usr/lib/cgi-bin", folder.to_str().unwrap())
            );
            let path = home.join("lighttpd.conf");
            fs::write(&path, config).unwrap();
            let server = start("lighttpd", &["-D", "-f", path.to_str().unwrap()]);
            Self::new(port, "", vec![server])
        })
    }

    pub fn nginx(home: &Path, environment: &[(&str, &str)]) -> Option<Self> {
        (is_there("nginx") && is_there("fcgiwrap")).then(|| {
            let scripts = scripts(home, environment);
            let port = free_port();
            let folder = home.display();
            let socket = format!("unix:{folder}/fcgi.socket");
            let own = of_cron("nginx.conf");
            assert!(own.contains("/usr/lib/cgi-bin/") && own.contains("unix:/run/fcgiwrap.socket"));
            let own = own
                .replace("/usr/lib/cgi-bin", scripts.to_str().unwrap())
                .replace("unix:/run/fcgiwrap.socket", &socket);
            let config = format!(
                "daemon off;\nmaster_process off;\nerror_log {folder}/nginx.log;\n\
                 pid {folder}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n\
                 client_body_temp_path {folder}/body;\nproxy_temp_path {folder}/proxy;\n\
                 fastcgi_temp_path {folder}/fastcgi;\nuwsgi_temp_path {folder}/uwsgi;\n\
                 scgi_temp_path {folder}/scgi;\nserver {{\nlisten 127.0.0.1:{port};\n{own}}}\n}}\n"
            );
            let path = home.join("nginx.conf");
            fs::write(&path, config).unwrap();
            let processes = vec![
                start("fcgiwrap", &["-c", "4", "-s", &socket]),
                start("nginx", &["-e", "stderr", "-c", path.to_str().unwrap()]),
            ];
            let server = Self::new(port, "", processes);
            wait_until(|| home.join("fcgi.socket").exists());
            server
        })
    }

    /// Status and document of an answer to a request for `/officer…` or `/events…`.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> (u16, Value) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut head = format!("{method} {}{path} HTTP/1.0\r\nHost: localhost\r\n", self.prefix);
        if method != "GET" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
        let (_, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let body = body.find('{').and_then(|at| serde_json::from_str(&body[at..]).ok());
        (status.unwrap_or_else(|| panic!("{answer}")), body.unwrap_or(Value::Null))
    }
}
