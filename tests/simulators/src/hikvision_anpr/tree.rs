//! Reads the body of an XML call into a small tree, as strictly as a schema would: no text beside
//! elements, no document type, nothing behind the root.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// How deep a body may go; the deepest that is known has four levels.
const DEPTH_MAX: usize = 8;

/// One element, by its local name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) name: String,
    pub(super) text: String,
    pub(super) children: Vec<Node>,
}

impl Node {
    /// Reads a body.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn parse(body: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(body).map_err(|_| "not UTF-8".to_owned())?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        let mut root: Option<Self> = None;
        loop {
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) if root.is_none() && open.len() < DEPTH_MAX => {
                    open.push(Self::named(&start));
                }
                Event::Empty(start) if root.is_none() => {
                    Self::close(&mut open, &mut root, Self::named(&start))?;
                }
                Event::End(_) => {
                    let node = open.pop().ok_or("an end without a start")?;
                    Self::close(&mut open, &mut root, node)?;
                }
                Event::Text(text) if text.iter().all(u8::is_ascii_whitespace) => {}
                Event::Text(text) => {
                    let text = text.decode().map_err(|error| error.to_string())?;
                    open.last_mut().ok_or("text outside the root")?.text.push_str(&text);
                }
                Event::GeneralRef(name) => {
                    let place = open.last_mut().ok_or("text outside the root")?;
                    place.text.push_str(match &*name {
                        b"amp" => "&",
                        b"lt" => "<",
                        b"gt" => ">",
                        b"quot" => "\"",
                        b"apos" => "'",
                        _ => return Err("an unknown entity".into()),
                    });
                }
                Event::Decl(_) if root.is_none() && open.is_empty() => {}
                Event::Eof => break,
                _ => return Err("something that has no place in a call".into()),
            }
        }
        if !open.is_empty() {
            return Err("ends too early".into());
        }
        root.ok_or_else(|| "no root".to_owned())
    }

    fn named(start: &BytesStart<'_>) -> Self {
        let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
        Self { name, ..Self::default() }
    }

    fn close(open: &mut [Self], root: &mut Option<Self>, node: Self) -> Result<(), String> {
        if !node.children.is_empty() && !node.text.is_empty() {
            return Err(format!("text beside elements in {}", node.name));
        }
        match open.last_mut() {
            Some(parent) => parent.children.push(node),
            None => *root = Some(node),
        }
        Ok(())
    }

    /// The first child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of this name, without blanks around it.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.trim())
    }

    /// Children that are not among these names, or stand twice.
    pub(super) fn strange(&self, known: &[&str]) -> Vec<&str> {
        let mut seen = Vec::new();
        let mut strange = Vec::new();
        for name in self.children.iter().map(|child| child.name.as_str()) {
            if !known.contains(&name) || seen.contains(&name) {
                strange.push(name);
            }
            seen.push(name);
        }
        strange
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_without_its_namespace() {
        let text =
            "<?xml version=\"1.0\"?>\n<a:Root xmlns:a=\"x\"> <One>1 &amp; 2</One><Two/></a:Root>";
        let root = Node::parse(text.as_bytes()).unwrap();
        assert_eq!((root.name.as_str(), root.value("One")), ("Root", Some("1 & 2")));
        assert_eq!((root.value("Two"), root.value("Three")), (Some(""), None));
        assert_eq!(root.strange(&["One"]), ["Two"]);
    }

    #[test]
    fn what_is_no_call_is_refused() {
        for bad in [
            "",
            "text",
            "<a>",
            "</a>",
            "<a/><b/>",
            "<a>x<b/></a>",
            "<!DOCTYPE a><a/>",
            "<a>&x;</a>",
            "<a/>x",
            "{}",
        ] {
            assert!(Node::parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(Node::parse(&[b'<', 0xff]).is_err());
    }
}
