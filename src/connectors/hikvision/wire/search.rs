//! The paged search for persons: request and answer.

use serde_json::{Map, Value, json};

use super::{Document, field, integer, list, object, text};
use crate::model::RecordId;

/// What `responseStatusStrg` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SearchWord {
    /// `OK`: the last page.
    Last,
    /// `MORE`.
    More,
    /// `NO MATCH` or `NO MATCHES`.
    NoMatch,
    /// Anything else, or nothing.
    Unknown,
}

/// One page of persons, as unread objects.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SearchPage {
    pub(crate) word: SearchWord,
    /// `totalMatches`: how many the whole search has.
    pub(crate) total: Option<usize>,
    pub(crate) persons: Vec<Value>,
    /// Whether the page held bytes that are not UTF-8.
    pub(crate) replaced: bool,
}

/// The body that asks for one page. `wanted`: exactly these numbers; empty: everybody.
pub(crate) fn search_body(
    search_id: &str,
    position: usize,
    size: usize,
    wanted: &[RecordId],
) -> Vec<u8> {
    let mut condition = json!({
        "searchID": search_id,
        "searchResultPosition": position,
        "maxResults": size,
    });
    if !wanted.is_empty()
        && let Some(condition) = condition.as_object_mut()
    {
        let numbers = wanted.iter().map(|number| json!({"employeeNo": number.as_str()})).collect();
        condition.insert("EmployeeNoList".to_owned(), Value::Array(numbers));
    }
    json!({"UserInfoSearchCond": condition}).to_string().into_bytes()
}

impl SearchPage {
    /// Reads a page in any of the known spellings.
    ///
    /// # Errors
    /// What is wrong, without quoting the answer: it holds names.
    pub(crate) fn read(document: Document) -> Result<Self, String> {
        let root = document.root;
        let search = ["UserInfoSearch", "UserInfoSearchResult"]
            .into_iter()
            .find_map(|key| object(&root, key));
        let search = search.unwrap_or(&root);
        let stated = field(search, "responseStatusStrg").and_then(text);
        let total = field(search, "totalMatches").and_then(integer);
        let persons = persons_in(search);
        if stated.is_none() && persons.is_none() {
            return Err("the answer holds no UserInfoSearch".to_owned());
        }
        let word = match stated.unwrap_or_default().trim().to_ascii_uppercase().as_str() {
            "OK" => SearchWord::Last,
            "MORE" => SearchWord::More,
            "NO MATCH" | "NO MATCHES" => SearchWord::NoMatch,
            _ => SearchWord::Unknown,
        };
        Ok(Self {
            word,
            total: total.and_then(|total| usize::try_from(total).ok()),
            persons: persons.map(<[Value]>::to_vec).unwrap_or_default(),
            replaced: document.replaced,
        })
    }
}

fn persons_in(search: &Map<String, Value>) -> Option<&[Value]> {
    let found = ["UserInfo", "UserInfoList"].into_iter().find_map(|key| field(search, key))?;
    // A `UserInfoList` may again hold its persons under `UserInfo`, as XML does.
    let inner = found.as_object().and_then(|map| field(map, "UserInfo"));
    match inner.unwrap_or(found) {
        Value::String(nothing) if nothing.trim().is_empty() => Some(&[]),
        value => Some(list(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Result<SearchPage, String> {
        SearchPage::read(Document::parse(body.as_bytes()).unwrap())
    }

    #[test]
    fn bodies() {
        assert_eq!(
            String::from_utf8(search_body("3f0c2a91", 30, 30, &[])).unwrap(),
            r#"{"UserInfoSearchCond":{"searchID":"3f0c2a91","searchResultPosition":30,"maxResults":30}}"#
        );
        let wanted = [RecordId::new("1007").unwrap(), RecordId::new("a\"b").unwrap()];
        assert_eq!(
            String::from_utf8(search_body("1", 0, 30, &wanted)).unwrap(),
            r#"{"UserInfoSearchCond":{"searchID":"1","searchResultPosition":0,"maxResults":30,"EmployeeNoList":[{"employeeNo":"1007"},{"employeeNo":"a\"b"}]}}"#
        );
    }

    #[test]
    fn pages_in_every_spelling() {
        for (body, word, total, persons) in [
            (
                r#"{"UserInfoSearch":{"searchID":"1","responseStatusStrg":"MORE","numOfMatches":2,"totalMatches":87,"UserInfo":[{"employeeNo":"1"},{"employeeNo":"2"}]}}"#,
                SearchWord::More,
                Some(87),
                2,
            ),
            (
                r#"{"UserInfoSearch":{"responseStatusStrg":"OK","totalMatches":"1","UserInfo":{"employeeNo":"1"}}}"#,
                SearchWord::Last,
                Some(1),
                1,
            ),
            (
                r#"{"UserInfoSearchResult":{"responseStatusStrg":"ok","UserInfoList":[{"employeeNo":1}]}}"#,
                SearchWord::Last,
                None,
                1,
            ),
            (
                r#"{"userinfosearch":{"ResponseStatusStrg":"OK","userInfo":[{"EmployeeNo":1}]}}"#,
                SearchWord::Last,
                None,
                1,
            ),
            (
                r#"{"UserInfoSearch":{"searchID":"1","responseStatusStrg":"NO MATCH","numOfMatches":0,"totalMatches":0}}"#,
                SearchWord::NoMatch,
                Some(0),
                0,
            ),
            (
                r#"{"UserInfoSearch":{"responseStatusStrg":"NO MATCHES","UserInfo":null}}"#,
                SearchWord::NoMatch,
                None,
                0,
            ),
            (
                r#"{"UserInfoSearch":{"responseStatusStrg":"FAILED","totalMatches":-1,"UserInfo":[]}}"#,
                SearchWord::Unknown,
                None,
                0,
            ),
            (
                r#"{"responseStatusStrg":"OK","UserInfo":[{"employeeNo":"1"}]}"#,
                SearchWord::Last,
                None,
                1,
            ),
            (
                "<UserInfoSearch><responseStatusStrg>OK</responseStatusStrg><UserInfoList><UserInfo><employeeNo>1</employeeNo></UserInfo><UserInfo><employeeNo>2</employeeNo></UserInfo></UserInfoList></UserInfoSearch>",
                SearchWord::Last,
                None,
                2,
            ),
        ] {
            let page = page(body).unwrap();
            assert_eq!(
                (page.word, page.total, page.persons.len()),
                (word, total, persons),
                "{body}"
            );
        }
    }

    #[test]
    fn an_answer_about_something_else_is_not_an_empty_list() {
        for body in [
            "{}",
            r#"{"UserInfoSearch":{}}"#,
            r#"{"UserInfoCount":{"userNumber":3}}"#,
            "<html><body/></html>",
        ] {
            assert!(page(body).is_err(), "{body}");
        }
    }
}
