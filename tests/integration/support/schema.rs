//! Every JSON document against the schema that `help json --schema` prints.

use std::sync::LazyLock;

use ivms_sync::help::manual::SCHEMA;
use jsonschema::{Validator, draft202012};
use serde_json::{Value, json};

/// The schema as data.
pub static PARSED: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap());

/// What each document is called in the schema, with its validator: a document that is one of many says
/// little of what is wrong with it.
static EACH: LazyLock<Vec<(String, Validator)>> = LazyLock::new(|| {
    let refs = PARSED["oneOf"].as_array().unwrap().iter();
    let names = refs.map(|one| one["$ref"].as_str().unwrap().trim_start_matches("#/$defs/"));
    let of = |name: &str| {
        let schema = json!({"$ref": format!("#/$defs/{name}"), "$defs": PARSED["$defs"]});
        (name.to_owned(), draft202012::new(&schema).unwrap())
    };
    names.map(of).collect()
});

static WHOLE: LazyLock<Validator> = LazyLock::new(|| draft202012::new(&PARSED).unwrap());

/// Whether the schema as it is published takes a document.
pub fn takes(document: &Value) -> bool {
    WHOLE.is_valid(document)
}

/// Which documents of the schema it is.
pub fn kinds(document: &Value) -> Vec<&'static str> {
    let each = EACH.iter().filter(|(_, validator)| validator.is_valid(document));
    each.map(|(name, _)| name.as_str()).collect()
}

/// A document is one that the schema knows.
#[track_caller]
pub fn assert_valid(document: &Value) {
    if kinds(document).len() == 1 {
        return;
    }
    // What its own definition has against it.
    let command = document["command"].as_str().unwrap_or("no command");
    let is_short = document.get("findings").is_none() && document.get("problems").is_some();
    let own = match command {
        _ if document.get("conditions").is_some() => "alarm",
        "diff" if document.get("sha256").is_some() => "plan_file",
        "sync" | "diff" | "apply" => command,
        _ if is_short => "broken_off",
        _ => command,
    };
    let (_, validator) =
        EACH.iter().find(|(name, _)| name == own).unwrap_or_else(|| panic!("{document:#}"));
    let against = validator.iter_errors(document);
    let against: Vec<String> =
        against.map(|error| format!("{}: {error}", error.instance_path())).collect();
    panic!("not as the schema says:\n{}\n{document:#}", against.join("\n"));
}
