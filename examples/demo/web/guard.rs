//! Which requests are the page's own. Pure.

/// What decides about a request.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// It wants something done (POST).
    pub is_action: bool,
    /// `Host`.
    pub host: Option<String>,
    /// `Origin`, which browsers send with every POST.
    pub origin: Option<String>,
    /// `Content-Type`.
    pub content_type: Option<String>,
}

/// Whether a request may be answered. A page of somebody else may send requests here too: under a
/// name of its own that leads here, or as a form.
///
/// # Errors
/// Why not.
pub fn allow(asked: &Asked, port: u16) -> Result<(), &'static str> {
    let own = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{port}"));
    let host = asked.host.as_deref().unwrap_or_default();
    if !own.iter().any(|name| name == host) {
        return Err("this page is on this computer only, under its own address");
    }
    if !asked.is_action {
        return Ok(());
    }
    if asked.origin != Some(format!("http://{host}")) {
        return Err("only the page itself may ask for that");
    }
    if asked.content_type.as_deref() != Some("application/json") {
        return Err("an action is sent as application/json");
    }
    Ok(())
}
