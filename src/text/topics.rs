//! The texts of `help TOPIC`: sections of the README, so that nothing is said in two places.
//!
//! Pure.

const README: &str = include_str!("../../README.md");

/// What can be asked for, with the heading of the section that answers, and what that is about.
pub const TOPICS: [(&str, &str, &str); 11] = [
    ("install", "## Install", "how to install it, what belongs where, what stays behind"),
    ("config", "## Configuration", "every key of the configuration"),
    ("links", "## How members are found on a door", "who is who: link rules and link files"),
    ("access", "## Who has access, and until when", "what a membership opens, and until when"),
    ("safety", "## Safety rules", "what is never done, and what waits for a person"),
    ("exit-codes", "## Exit codes", "what the code says that a run ends with"),
    ("json", "## Commands", "every command, with the JSON that it prints"),
    ("schedules", "## Scheduling", "cron, systemd, Task Scheduler, Kubernetes"),
    ("alarms", "## Alarms", "e-mail, webhook and heartbeat"),
    ("tls", "## TLS", "certificates of doors and servers"),
    ("state", "## The state file", "what it holds, backups, reports of your own by SQL"),
];

/// The section of the README about a topic, in Markdown, with its heading; `None` for what is no topic.
#[must_use]
pub fn text(topic: &str) -> Option<&'static str> {
    let (_, heading, _) = TOPICS.iter().find(|(name, _, _)| *name == topic)?;
    let (start, rest) = starts(README, |line| line == *heading)?;
    // Up to the next heading of the same rank: within a block of code a # begins a comment.
    let mut is_code = false;
    let end = starts(rest.split_once('\n').map_or("", |(_, rest)| rest), |line| {
        is_code ^= line.starts_with("```");
        !is_code && line.starts_with("## ")
    });
    let length = end.map_or(rest.len(), |(_, next)| rest.len() - next.len());
    README.get(start..start + length).map(str::trim_end)
}

/// Where the first such line begins, and the text from there on.
fn starts(text: &str, mut is_it: impl FnMut(&str) -> bool) -> Option<(usize, &str)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if is_it(line.trim_end()) {
            return text.get(at..).map(|rest| (at, rest));
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mutants: a section ends at a comment in a block of code; it runs on into the next one.
    #[test]
    fn every_topic_is_one_whole_section() {
        for (topic, heading, about) in TOPICS {
            let section = text(topic).unwrap_or_else(|| panic!("{topic}"));
            let lines = section.lines().count();
            assert!(section.starts_with(heading) && lines > 5, "{topic}: {section}");
            assert_eq!(section.matches("```").count() % 2, 0, "{topic}: a block of code is cut");
            let headings = section.lines().filter(|line| line.starts_with("## ")).count();
            assert_eq!(headings, 1, "{topic}");
            assert!(!about.is_empty());
            let next = README.split_once(section).map(|(_, rest)| rest.trim_start());
            assert!(next.is_some_and(|next| next.starts_with("## ")), "{topic}");
        }
        assert_eq!(text("weather"), None);
    }
}
