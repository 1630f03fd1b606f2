//! What a mapping may do to a value.
//!
//! Every transform is a row of [`TRANSFORMS`]: its name, what it says in the reference, an example that a test
//! holds it to, and its function. A transform that cannot make anything of a value answers `None`, and the target
//! is left out. Of a list every entry is transformed, except by those that are about the list itself.

mod text;
mod time;

use serde_json::{Number, Value};

pub(crate) use time::{FORMATS, Format};

/// A row of the table.
pub(crate) struct Transform {
    pub(crate) name: &'static str,
    /// What it does, in Markdown.
    pub(crate) says: &'static str,
    /// An example of it, as JSON: a value and what comes of it.
    pub(crate) example: (&'static str, &'static str),
    pub(crate) work: Work,
}

/// How a transform works.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// On a value, and on every entry of a list.
    Value(fn(&Value) -> Option<Value>),
    /// On the value as it is, list or not.
    Whole(fn(&Value) -> Option<Value>),
    /// On a value, as the mapping's `format` says.
    Date,
}

/// All of them, in the order of the reference.
pub(crate) const TRANSFORMS: &[Transform] = &[
    Transform {
        name: "string",
        says: "A number or boolean as text.",
        example: ("12.5", "\"12.5\""),
        work: Work::Value(text::string),
    },
    Transform {
        name: "number",
        says: "A text as number.",
        example: ("\" 12.50 \"", "12.5"),
        work: Work::Value(number),
    },
    Transform {
        name: "integer",
        says: "A number without its fraction.",
        example: ("\"12.9\"", "12"),
        work: Work::Value(integer),
    },
    Transform {
        name: "boolean",
        says: "`true`, `yes` and `1` as `true`; `false`, `no` and `0` as `false`.",
        example: ("\"Yes\"", "true"),
        work: Work::Value(boolean),
    },
    Transform {
        name: "trim",
        says: "Without the white space around it.",
        example: ("\" a b \"", "\"a b\""),
        work: Work::Value(text::trim),
    },
    Transform {
        name: "lowercase",
        says: "In small letters.",
        example: ("\"GBP\"", "\"gbp\""),
        work: Work::Value(text::lowercase),
    },
    Transform {
        name: "uppercase",
        says: "In capital letters.",
        example: ("\"gbp\"", "\"GBP\""),
        work: Work::Value(text::uppercase),
    },
    Transform {
        name: "alphanumeric",
        says: "Its letters and digits alone, of any script.",
        example: ("\"St. Mary's 2\"", "\"StMarys2\""),
        work: Work::Value(text::alphanumeric),
    },
    Transform {
        name: "digits",
        says: "Its digits alone.",
        example: ("\"SW1A 2AA\"", "\"12\""),
        work: Work::Value(text::digits),
    },
    Transform {
        name: "phone",
        says: "A phone number with its country code as digits alone, without leading zeros: what Meta hashes.",
        example: ("\"+44 (0)7700 900-123\"", "\"447700900123\""),
        work: Work::Value(text::phone),
    },
    Transform {
        name: "phone_e164",
        says: "The same behind a `+`, of at most 15 digits: what TikTok hashes.",
        example: ("\"0044 7700 900123\"", "\"+447700900123\""),
        work: Work::Value(text::phone_e164),
    },
    Transform {
        name: "sha256",
        says: "Trimmed, in small letters, SHA-256, in hexadecimal. What is such a hash already stays one.",
        example: (
            "\" John_Smith@gmail.com \"",
            "\"62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f\"",
        ),
        work: Work::Value(text::sha256),
    },
    Transform {
        name: "date_format",
        says: "A time in the mapping's `format`. Read are ISO 8601 (without an offset it is UTC) and Unix times in \
               seconds, milliseconds or microseconds.",
        example: ("\"2026-04-17T15:37:10.484Z\"", "1776440230"),
        work: Work::Date,
    },
    Transform {
        name: "ga_client_id",
        says: "The client id in a `_ga` cookie. Any other text stays as it is.",
        example: ("\"GA1.2.1234567890.1700000000\"", "\"1234567890.1700000000\""),
        work: Work::Value(text::ga_client_id),
    },
    Transform {
        name: "list",
        says: "A single value as a list of one.",
        example: ("\"sku-1\"", "[\"sku-1\"]"),
        work: Work::Whole(|value| match value {
            Value::Array(_) => Some(value.clone()),
            value => Some(vec![value.clone()].into()),
        }),
    },
    Transform {
        name: "join",
        says: "The texts, numbers and booleans of a list, with commas between.",
        example: ("[\"a\", 2]", "\"a,2\""),
        work: Work::Whole(text::join),
    },
    Transform {
        name: "count",
        says: "How many entries a list has.",
        example: ("[\"a\", \"b\"]", "2"),
        work: Work::Whole(|value| Some(value.as_array()?.len().into())),
    },
];

/// Finds a transform by its name.
pub(crate) fn find(name: &str) -> Option<&'static Transform> {
    TRANSFORMS.iter().find(|transform| transform.name == name)
}

impl Transform {
    /// What comes of a value; `None` where it does not fit.
    pub(crate) fn apply(&self, value: &Value, format: Option<Format>) -> Option<Value> {
        match self.work {
            Work::Whole(work) => work(value),
            Work::Value(work) => each(value, work),
            Work::Date => {
                let format = format?;
                each(value, |value| time::date(value, format))
            }
        }
    }
}

fn each(value: &Value, work: impl Fn(&Value) -> Option<Value>) -> Option<Value> {
    match value {
        Value::Array(list) => {
            let list: Vec<Value> = list.iter().filter_map(work).collect();
            (!list.is_empty()).then(|| list.into())
        }
        value => work(value),
    }
}

fn number(value: &Value) -> Option<Value> {
    match value {
        Value::Number(_) => Some(value.clone()),
        Value::String(text) => Some(text.trim().parse::<Number>().ok()?.into()),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<Value> {
    let number = number(value)?;
    if number.is_i64() || number.is_u64() {
        return Some(number);
    }
    // By way of text, because a cast would turn what is out of range into something else.
    Some(format!("{:.0}", number.as_f64()?.trunc()).parse::<i64>().ok()?.into())
}

fn boolean(value: &Value) -> Option<Value> {
    let text = text::of(value)?;
    let is = |words: [&str; 3]| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    match () {
        () if is(["true", "yes", "1"]) => Some(true.into()),
        () if is(["false", "no", "0"]) => Some(false.into()),
        () => None,
    }
}

/// The text of a scalar, for value maps.
pub(crate) use text::of as text_of;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn run(name: &str, value: &Value) -> Option<Value> {
        find(name).unwrap().apply(value, Some(Format::EpochSeconds))
    }

    #[test]
    fn every_example_of_the_reference_is_true() {
        for transform in TRANSFORMS {
            let (before, after) = transform.example;
            let [before, after]: [Value; 2] =
                [before, after].map(|text| serde_json::from_str(text).unwrap());
            assert_eq!(run(transform.name, &before), Some(after), "{}", transform.name);
        }
    }

    #[test]
    fn what_does_not_fit_is_absent() {
        for (name, value) in [
            ("number", json!("12 GBP")),
            ("number", json!("NaN")),
            ("number", json!(true)),
            ("integer", json!("1e300")),
            ("boolean", json!("maybe")),
            ("string", json!({"a": 1})),
            ("trim", json!("  ")),
            ("phone", json!("n/a")),
            ("phone_e164", json!("1234567890123456")),
            ("sha256", json!(" ")),
            ("date_format", json!("yesterday")),
            ("count", json!("abc")),
            ("join", json!([{}])),
        ] {
            assert_eq!(run(name, &value), None, "{name} of {value}");
        }
    }

    #[test]
    fn every_entry_of_a_list_is_transformed() {
        assert_eq!(run("lowercase", &json!(["A", {}, "B"])), Some(json!(["a", "b"])));
        assert_eq!(run("lowercase", &json!([{}])), None);
        assert_eq!(run("list", &json!(["A"])), Some(json!(["A"])));
    }

    proptest! {
        #[test]
        fn no_text_or_number_breaks_a_transform(text in any::<String>(), number in any::<f64>()) {
            for transform in TRANSFORMS {
                for value in [Value::from(text.as_str()), Value::from(number)] {
                    for format in FORMATS {
                        let _ = transform.apply(&value, Some(format.format));
                    }
                }
            }
        }
    }
}
