//! What this computer calls itself to a mail server.
//!
//! Source: RFC 5321 section 4.1.4: the full name of the host, or else its address. Many servers refuse a
//! stranger who says `[127.0.0.1]` or a name without a domain.

use std::net::{IpAddr, ToSocketAddrs, UdpSocket};

use lettre::transport::smtp::extension::ClientId;

/// The name for the greeting. `computer` is the name in the environment, `server` whom it is for.
pub(super) fn name(computer: Option<&str>, server: (&str, u16)) -> ClientId {
    // Elsewhere such a path is nobody's, and anybody could make it.
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let kernel = kernel.filter(|_| cfg!(target_os = "linux"));
    let names = [kernel.as_deref(), computer];
    choose(names.into_iter().flatten().map(str::trim), address_towards(server))
}

/// The full name, else the address that the server sees, else (a server on this computer) the bare name.
fn choose<'a>(names: impl Iterator<Item = &'a str> + Clone, address: Option<IpAddr>) -> ClientId {
    let mut fit = names.filter(|name| is_name(name));
    if let Some(full) = fit.clone().find(|name| name.contains('.')) {
        return ClientId::Domain(full.to_owned());
    }
    match (address.filter(|address| !address.is_loopback()), fit.next()) {
        (Some(IpAddr::V4(address)), _) => ClientId::Ipv4(address),
        (Some(IpAddr::V6(address)), _) => ClientId::Ipv6(address),
        (None, Some(bare)) => ClientId::Domain(bare.to_owned()),
        (None, None) => ClientId::default(),
    }
}

/// Whether a mail server can take it for a name of this computer.
fn is_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let is_fit = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_fit
            && (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && !name.starts_with("localhost") && name.split('.').all(is_label)
}

/// The own address from which packets to the server go. Nothing is sent.
fn address_towards(server: (&str, u16)) -> Option<IpAddr> {
    let there = server.to_socket_addrs().ok()?.next()?;
    let any = if there.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(there).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutants: the library's `[127.0.0.1]`; a name without a domain to a server far away.
    #[test]
    fn a_full_name_or_an_address() {
        let far = Some("192.168.1.5");
        for (names, address, want) in [
            (&["gym.club.example"][..], far, "gym.club.example"),
            (&["gym", "gym.club.example"], far, "gym.club.example"),
            (&["gym"], far, "[192.168.1.5]"),
            (&["gym"], Some("fd00::7"), "[IPv6:fd00::7]"),
            (&["gym"], Some("127.0.0.1"), "gym"),
            (&["gym"], Some("::1"), "gym"),
            (&["gym"], None, "gym"),
            (&["localhost.localdomain"], far, "[192.168.1.5]"),
            (&["gym pc.club.example", "-x.y", "a..b", "", "trăn.example"], far, "[192.168.1.5]"),
            (&["DESKTOP-7\r\nRCPT.x"], far, "[192.168.1.5]"),
            (&[], Some("127.0.0.1"), "[127.0.0.1]"),
        ] {
            let address = address.map(|text| text.parse().unwrap());
            let found = choose(names.iter().copied(), address);
            assert_eq!(found.to_string(), want, "{names:?} {address:?}");
        }
        assert_eq!(address_towards(("127.0.0.1", 9)), Some("127.0.0.1".parse().unwrap()));
    }
}
