use super::*;
use crate::ingest::source::open;

async fn all(text: &str, buffer: usize) -> Vec<(String, String)> {
    let source = tokio::io::BufReader::with_capacity(buffer, text.as_bytes());
    let (beginning, source) = open(source).await.unwrap();
    let source = tokio::io::BufReader::with_capacity(buffer, source);
    let mut elements = Elements::new(&beginning, source, &["users", "tickets"]);
    let mut found = Vec::new();
    while let Some(element) = elements.next().await.unwrap() {
        let (kind, bytes) = match element {
            Element::Of(list, bytes) => (list.to_owned(), bytes),
            Element::Page(bytes) => ("page".to_owned(), bytes),
            Element::TooLong(_) => ("too long".to_owned(), Vec::new()),
            Element::CutOff(bytes) => ("cut off".to_owned(), bytes),
        };
        found.push((kind, String::from_utf8(bytes).unwrap()));
    }
    found
}

fn pairs(found: &[(String, String)]) -> Vec<(&str, &str)> {
    found
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect()
}

#[tokio::test]
async fn every_framing_gives_the_same_elements() {
    for buffer in [1, 3, 1000] {
        for (text, expected) in [
            (
                "{\"a\":1}\n\n{\"b\":\"}\\\"\"}\n",
                vec![("", "{\"a\":1}"), ("", "{\"b\":\"}\\\"\"}")],
            ),
            (
                "[{\"a\":[{}]}, {\"b\":2}]",
                vec![("", "{\"a\":[{}]}"), ("", "{\"b\":2}")],
            ),
            (
                "{\"a\":\n1}{\"b\":2}",
                vec![("", "{\"a\":\n1}"), ("", "{\"b\":2}")],
            ),
            (
                "{\"count\":2,\"users\":[{\"id\":1},{\"id\":2}],\"tickets\":[],\"x\":[1]}",
                vec![
                    ("users", "{\"id\":1}"),
                    ("users", "{\"id\":2}"),
                    (
                        "page",
                        "{\"count\":2,\"users\":[],\"tickets\":[],\"x\":[1]}",
                    ),
                ],
            ),
            (
                "{\"x\":\"users\",\"y\":[1]}",
                vec![("", "{\"x\":\"users\",\"y\":[1]}")],
            ),
            (
                "[{\"a\":1},{\"b\":",
                vec![("", "{\"a\":1}"), ("cut off", "{\"b\":")],
            ),
            (
                "{\"a\":\"open\n{\"b\":2}\n",
                vec![("", "{\"a\":\"open"), ("", "{\"b\":2}")],
            ),
            ("", vec![]),
        ] {
            assert_eq!(
                pairs(&all(text, buffer).await),
                expected,
                "{text} by {buffer}"
            );
        }
    }
}

#[tokio::test]
async fn an_element_of_too_many_values_is_cut() {
    let many = format!("[[{}],{{\"a\":1}}]", "0,".repeat(MOST_VALUES + 2));
    let found = all(&format!("[{{\"m\":{many}}}]"), 4096).await;
    assert_eq!(pairs(&found), [("too long", "")]);
}
