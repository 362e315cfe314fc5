//! What must not be taken in at all, not even into quarantine: password hashes, tokens, and links
//! that open a file to whoever has them.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is reported as dropped.
pub(super) const PASSWORDS: &str = "password hashes";
/// The same.
pub(super) const TOKENS: &str = "tokens and keys to other systems";
/// The same.
pub(super) const LINKS: &str = "links that open a file to whoever has them";

/// Fields that hold one, in lower case without `_` and `-`.
const FIELDS: &[(&str, &str)] = &[
    ("password", PASSWORDS),
    ("userpassword", PASSWORDS),
    ("userpw", PASSWORDS),
    ("passwordhash", PASSWORDS),
    ("passwordsalt", PASSWORDS),
    ("cryptedpassword", PASSWORDS),
    ("encryptedpassword", PASSWORDS),
    ("lösenord", PASSWORDS),
    ("token", TOKENS),
    ("accesstoken", TOKENS),
    ("apitoken", TOKENS),
    ("apikey", TOKENS),
    ("authtoken", TOKENS),
    ("authenticitytoken", TOKENS),
    ("refreshtoken", TOKENS),
    ("pubsubtoken", TOKENS),
    ("singleaccesstoken", TOKENS),
    ("perishabletoken", TOKENS),
    ("secret", TOKENS),
    ("hmac", TOKENS),
    ("hmacidentifier", TOKENS),
    ("sessionid", TOKENS),
    ("contenturl", LINKS),
    ("mappedcontenturl", LINKS),
    ("attachmenturl", LINKS),
    ("dataurl", LINKS),
    ("thumburl", LINKS),
    ("downloadurl", LINKS),
    ("remotephotourl", LINKS),
];

/// Parts of an address that grant access.
const GRANTS: &[&str] = &[
    "/attachments/token/",
    "x-amz-signature=",
    "x-goog-signature=",
    "signature=",
    "access_token=",
    "auth_token=",
    "token=",
    "&sig=",
    "?sig=",
];

/// Takes secrets out of a record and counts them.
pub(super) fn strip(value: &mut Value, dropped: &mut BTreeMap<&'static str, u64>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|it| strip(it, dropped)),
        Value::Object(fields) => fields.retain(|name, value| match secret(name, value) {
            Some(kind) => {
                *dropped.entry(kind).or_default() += 1;
                false
            }
            None => {
                strip(value, dropped);
                true
            }
        }),
        _ => {}
    }
}

/// What kind of secret a field holds, if any. An empty one is none.
fn secret(name: &str, value: &Value) -> Option<&'static str> {
    let text = match value {
        Value::String(text) if !text.is_empty() => text,
        _ => return None,
    };
    let name: String = name
        .chars()
        .filter(|it| !matches!(it, '_' | '-' | ' '))
        .collect();
    let name = name.to_lowercase();
    let field = FIELDS.iter().find(|(field, _)| *field == name);
    field.map(|(_, kind)| *kind).or_else(|| {
        let is_link = text.len() < 8_192
            && (text.starts_with("https://") || text.starts_with("http://"))
            && !text.contains(char::is_whitespace);
        let link = is_link.then(|| text.to_ascii_lowercase())?;
        GRANTS.iter().any(|it| link.contains(it)).then_some(LINKS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_rest_stays() {
        let mut value = serde_json::json!({
            "UserPassword": "f8be19af", "name": "Anna", "token": "", "api_token": "x",
            "list": [{"content_url": "https://a.example/f", "url": "https://a.example/1?token=z"}],
            "body": "see https://a.example/?token=z now", "page": "https://a.example/",
        });
        let mut dropped = BTreeMap::new();
        strip(&mut value, &mut dropped);
        let left = serde_json::json!({
            "name": "Anna", "token": "", "list": [{}],
            "body": "see https://a.example/?token=z now", "page": "https://a.example/",
        });
        assert_eq!(value, left);
        let expected = [(LINKS, 2), (PASSWORDS, 1), (TOKENS, 1)];
        assert_eq!(dropped, BTreeMap::from(expected));
    }
}
