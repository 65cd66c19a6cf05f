//! The texts of `help TOPIC`, which lie beside the program as Markdown in `src/help`.
//!
//! Pure.

/// Something to be explained.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// What is typed.
    pub name: &'static str,
    /// What it is about, in one line.
    pub about: &'static str,
    /// Markdown, with its heading.
    pub text: &'static str,
}

macro_rules! topics {
    ($($name:literal: $about:literal,)+) => {
        [$(Topic {
            name: $name,
            about: $about,
            text: include_str!(concat!("../help/", $name, ".md")),
        }),+]
    };
}

/// In the order in which a newcomer needs them.
pub const TOPICS: [Topic; 19] = topics! {
    "install": "how to install it, what belongs where, what stays behind",
    "config": "every key of the configuration, and where passwords go",
    "tls": "certificates of doors and servers",
    "links": "who is who: link rules and link files",
    "vehicles": "who may park where: spreadsheets and services of rights, an officer's question, lists",
    "gates": "cars at a barrier: members' plates, permits, and what is never touched",
    "money": "refunds and other documents that leave once, and books that must agree",
    "access": "what a membership opens, and until when",
    "safety": "what is never done, and what waits for a person",
    "commands": "every command, with what it prints; the words used here",
    "schedules": "cron, systemd, Task Scheduler, Kubernetes; two runs at once",
    "alarms": "e-mail, webhook and heartbeat",
    "trouble": "what went wrong, and what to do",
    "exit-codes": "what the code says that a run ends with",
    "json": "the documents of --json, and their schema",
    "state": "the state file: what it holds, backups, reports of your own by SQL",
    "privacy": "whose data is where, who can see it, and for how long",
    "many-clubs": "forty clubs on one computer; upgrades and backups",
    "systems": "what is known of the outside systems, and what is only believed",
};

/// The topic of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Topic> {
    const ALL: &[Topic] = &TOPICS;
    ALL.iter().find(|topic| topic.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_is_one_whole_text() {
        for Topic { name, about, text } in TOPICS {
            let mut lines = text.lines();
            assert!(lines.next().is_some_and(|line| line.starts_with("# ")), "{name}");
            assert!(!lines.any(|line| line.starts_with("# ")), "{name} has one heading");
            assert!(text.lines().count() > 5 && text.ends_with('\n'), "{name}");
            assert_eq!(text.matches("```").count() % 2, 0, "{name}: a block of code is cut");
            assert!(!about.is_empty() && about.len() < 90, "{name}");
        }
        assert!(find("links").is_some() && find("weather").is_none());
    }

    /// A text that the program prints leads nowhere else: there is no page to click on.
    #[test]
    fn a_topic_points_at_topics() {
        for Topic { name, text, .. } in TOPICS {
            assert!(!text.contains("]("), "{name} has a link");
            for (at, start) in text.match_indices("ivms-sync help ") {
                let rest = &text[at + start.len()..];
                let end = rest.find(|c: char| !c.is_ascii_lowercase() && c != '-');
                let named = &rest[..end.unwrap_or(rest.len())];
                assert!(
                    named.is_empty() || named == "man" || find(named).is_some(),
                    "{name}: {named}"
                );
            }
        }
    }
}
