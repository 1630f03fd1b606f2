//! What an identifier goes into: a URL's path and query, and the texts of a JSON body.

use datafly_settings::Section;
use serde_json::Value;
use url::{Url, form_urlencoded};

/// Stands for the linking key's name.
const KEY: &str = "{key}";

/// Stands for the identifier.
const VALUE: &str = "{value}";

/// Stand for the two while a URL parser looks at the rest: words that no URL has by chance.
const MARKS: [(&str, &str); 2] = [(KEY, "zzdfkeyzz"), (VALUE, "zzdfvaluezz")];

/// A URL with places for a key and a value. May hold secrets, so that only its origin is shown.
#[derive(Clone)]
pub(super) struct UrlTemplate {
    text: String,
    /// It with words in those places.
    sample: Url,
}

impl UrlTemplate {
    /// Reads the URL of that key; the origin is all that is shown of one that is refused.
    pub(super) fn read(section: &mut Section<'_>, key: &'static str) -> Option<Self> {
        let example = "https://api.example.com/customers/{value}";
        let text = section.required::<String>(key, &format!("{key} = \"{example}\""))?;
        let marked = MARKS.iter().fold(text, |text, (place, mark)| text.replace(place, mark));
        let Ok(sample) = Url::parse(&marked) else {
            section.refuse(key, format_args!("it is no URL: write for example `{example}`"));
            return None;
        };
        let reason = if !sample.username().is_empty() || sample.password().is_some() {
            "it has a user name or a password: write them as `auth_user` and `auth_secret`"
        } else if sample.fragment().is_some() {
            "it has a fragment, which is never sent: remove it"
        } else if MARKS.iter().any(|(_, mark)| sample.host_str().unwrap_or_default().contains(mark))
        {
            "its host cannot depend on an identifier: write `{value}` and `{key}` in the path or the query"
        } else if marked.contains(['{', '}']) {
            "it has braces that are neither `{value}` nor `{key}`: write `%7B` and `%7D` for those that are meant"
        } else {
            // As the parser writes it, so that nothing of it changes when a value is in it.
            let text = sample.as_str();
            let text =
                MARKS.iter().fold(text.to_owned(), |text, (place, mark)| text.replace(mark, place));
            return Some(Self { text, sample });
        };
        section.refuse(key, reason);
        None
    }

    /// Whether an identifier has a place in it.
    pub(super) fn has_value(&self) -> bool {
        self.text.contains(VALUE)
    }

    /// It with words in the places: for its host.
    pub(super) fn sample(&self) -> &Url {
        &self.sample
    }

    /// As it is written: for a digest.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The URL for this key and value; `None` where it would lead elsewhere, as `..` for a path's segment does.
    pub(super) fn of(&self, key: &str, value: &str) -> Option<Url> {
        let text = self.text.replace(KEY, &encoded(key)).replace(VALUE, &encoded(value));
        Url::parse(&text).ok().filter(|url| url.as_str() == text)
    }
}

fn encoded(text: &str) -> String {
    // A plus sign of the text is `%2B` by now.
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A JSON body with places for a key and a value inside of its texts.
#[derive(Clone)]
pub(super) struct BodyTemplate(Value);

impl BodyTemplate {
    /// Reads the JSON text.
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    /// Whether an identifier has a place in it.
    pub(super) fn has_value(&self) -> bool {
        self.0.to_string().contains(VALUE)
    }

    /// As it is written: for a digest.
    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }

    /// The body for this key and value.
    pub(super) fn of(&self, key: &str, value: &str) -> Value {
        filled(&self.0, key, value)
    }
}

fn filled(template: &Value, key: &str, value: &str) -> Value {
    // The value last, so that nothing is looked for in it.
    let fill = |text: &str| text.replace(KEY, key).replace(VALUE, value);
    match template {
        Value::String(text) => Value::String(fill(text)),
        Value::Array(list) => list.iter().map(|item| filled(item, key, value)).collect(),
        Value::Object(map) => {
            let members = map.iter().map(|(name, item)| (fill(name), filled(item, key, value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(text: &str) -> UrlTemplate {
        let sample =
            MARKS.iter().fold(text.to_owned(), |text, (place, mark)| text.replace(place, mark));
        UrlTemplate { text: text.to_owned(), sample: Url::parse(&sample).unwrap() }
    }

    #[test]
    fn a_value_stays_where_it_is_put() {
        let url = template("https://a.test/x/{value}/y?by={key}&q={value}");
        for (value, encoded) in [
            ("v", "v"),
            ("a/b?c#d", "a%2Fb%3Fc%23d"),
            ("a+b c", "a%2Bb%20c"),
            ("../../admin", "..%2F..%2Fadmin"),
            ("%2e%2e", "%252e%252e"),
            ("é@x", "%C3%A9%40x"),
            ("{key}", "%7Bkey%7D"),
        ] {
            let expected = format!("https://a.test/x/{encoded}/y?by=k&q={encoded}");
            assert_eq!(url.of("k", value).unwrap().as_str(), expected);
        }
        // What a URL parser takes for steps in the path is nobody.
        for steps in [".", ".."] {
            assert_eq!(url.of("k", steps), None, "{steps}");
            assert_eq!(template("https://a.test/x/{value}").of("k", steps), None);
            assert!(template("https://a.test/x?q={value}").of("k", steps).is_some());
        }
    }

    #[test]
    fn a_body_holds_a_value_as_text_only() {
        let body = BodyTemplate::parse(r#"{"where":[{"{key}":"is {value}"}],"limit":1}"#).unwrap();
        assert!(body.has_value());
        assert_eq!(
            body.of("email", r#""},{"x":"{key}"#),
            json!({"where": [{"email": r#"is "},{"x":"{key}"#}], "limit": 1})
        );
    }
}
