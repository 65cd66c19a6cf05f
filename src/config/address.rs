//! Addresses in the configuration. Pure; no message quotes the address, which may hold a password.

use std::net::Ipv4Addr;

use url::{Host, Url};

use super::problem::Wrong;
use super::value::is_ip;

/// The address of a device: `http` or `https`, a host, perhaps a port, and nothing else.
pub fn device(text: &str) -> Result<Url, Wrong> {
    let url = checked(text, &["https", "http"], "write https://192.168.1.100")?;
    if url.path() != "/" {
        return Err(Wrong::new("has a path").hint("write only the address, up to the host or port"));
    }
    Ok(url)
}

/// An `http` or `https` address to which a path can be appended.
pub fn web(text: &str) -> Result<Url, Wrong> {
    checked(text, &["https", "http"], "write the whole address, https:// and all")
}

/// The same of something that is sent money or a token: nobody may listen on the way, except on this machine.
pub fn safe_web(text: &str) -> Result<Url, Wrong> {
    let url = web(text)?;
    match url.scheme() == "https" || is_loopback(&url) {
        true => Ok(url),
        false => Err(Wrong::new("is plain http, which would show the secret to the network")
            .hint("write https://")),
    }
}

/// The address of a webhook: like [`web`], but many a service puts its key behind a `?`.
pub fn webhook(text: &str) -> Result<Url, Wrong> {
    let bare = text.split_once('?').map_or(text, |(bare, _)| bare);
    let url = web(bare)?;
    if text.contains('#') {
        return Err(Wrong::new("has something after #").hint("leave that part out"));
    }
    Ok(Url::parse(text).unwrap_or(url))
}

/// The address of a mail server.
pub fn mail_server(text: &str) -> Result<Url, Wrong> {
    let url = checked(text, &["smtps", "smtp"], "write smtps://mail.example:465")?;
    if !matches!(url.path(), "" | "/") {
        return Err(Wrong::new("has a path").hint("write only the address, up to the host or port"));
    }
    Ok(url)
}

/// Whether a host is this machine, so that nobody can listen on the way.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // Behind smtp:// every host is a name to the parser, also one that is a number.
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name.ends_with(".localhost")
                || name.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What all addresses have in common; the first of `schemes` is the advised one.
fn checked(text: &str, schemes: &[&str], example: &str) -> Result<Url, Wrong> {
    let example = match schemes.first() {
        Some(scheme) if is_ip(text) => format!("write {scheme}://{text}"),
        _ => example.to_owned(),
    };
    let Ok(url) = Url::parse(text) else {
        return Err(Wrong::new("is not an address").hint(example));
    };
    if !schemes.contains(&url.scheme()) {
        let wanted: Vec<String> = schemes.iter().map(|scheme| format!("{scheme}://")).collect();
        let message = format!("is not an address that starts with {}", wanted.join(" or "));
        return Err(Wrong::new(message).hint(example));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Wrong::new("holds a user name or password")
            .hint("write them in the keys username and password of this section"));
    }
    if url.host_str().unwrap_or_default().is_empty() || url.port() == Some(0) {
        return Err(Wrong::new("is not an address").hint(example));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(Wrong::new("has something after ? or #").hint("leave that part out"));
    }
    // `192.168.1.010` is read as octal, and `192.168.1` as `192.168.0.1`: not what anybody meant.
    if let Some(Host::Ipv4(address)) = url.host()
        && !text.contains(&address.to_string())
    {
        return Err(Wrong::new("holds an unusual spelling of an IP address")
            .hint("write four numbers without leading zeros"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn device_addresses() {
        for good in [
            "https://192.168.1.100",
            "http://192.168.1.100:8080/",
            "https://door.club.example",
            "https://[fe80::1]:8443",
        ] {
            assert!(device(good).is_ok(), "{good}");
        }
        for (bad, message) in [
            ("", "is not an address"),
            ("192.168.1.100", "is not an address"),
            ("door.local:8080", "that starts with https:// or http://"),
            ("ftp://door", "that starts with https:// or http://"),
            ("https://", "is not an address"),
            ("https://door:0", "is not an address"),
            ("https://admin:hunter2@door", "user name or password"),
            ("https://admin@door", "user name or password"),
            ("https://door/ISAPI", "has a path"),
            ("https://door/?a=b", "after ?"),
            ("https://door/#a", "after ?"),
            ("https://192.168.1.010", "unusual spelling"),
            ("https://192.168.1", "unusual spelling"),
        ] {
            let wrong = device(bad).unwrap_err();
            assert!(wrong.message.contains(message), "{bad}: {wrong:?}");
            assert!(!format!("{wrong:?}").contains("hunter2"));
        }
        let hint = |text| device(text).unwrap_err().hint.unwrap();
        assert_eq!(hint("10.0.0.7"), "write https://10.0.0.7");
        assert_eq!(hint("10.0.0.7:8443"), "write https://10.0.0.7:8443");
        assert_eq!(hint("hunter2"), "write https://192.168.1.100");
    }

    #[test]
    fn other_addresses() {
        assert_eq!(web("https://hc.example/ping/abc").unwrap().path(), "/ping/abc");
        assert!(mail_server("smtps://mail.example:465").is_ok());
        assert_eq!(webhook("https://hook.example/a?key=b").unwrap().query(), Some("key=b"));
        for bad in ["https://hook.example/a#b", "https://u:hunter2@hook.example/", "hook.example"] {
            assert!(webhook(bad).is_err(), "{bad}");
        }
        assert!(mail_server("smtp://mail.example").is_ok());
        for bad in [
            "smtp:mail.example",
            "smtp://",
            "https://mail.example",
            "smtp://mail/x",
            "smtp://a:b@mail",
        ] {
            assert!(mail_server(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback() {
        for (address, expected) in [
            ("http://localhost:80", true),
            ("http://127.0.0.2", true),
            ("http://[::1]", true),
            ("smtp://127.0.0.1:25", true),
            ("smtp://[::1]:25", true),
            ("smtp://192.168.1.1", false),
            ("http://192.168.1.1", false),
            ("http://localhost.example", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(address).unwrap()), expected, "{address}");
        }
    }
}
