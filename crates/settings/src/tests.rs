use datafly_core::secret::{SecretError, SecretRef};
use secrecy::SecretString;

use crate::{Mistakes, Reader, Section};

fn none(reference: &SecretRef) -> Result<SecretString, SecretError> {
    match reference {
        SecretRef::Env(name) | SecretRef::File(name) => Err(SecretError::EnvUnset(name.clone())),
    }
}

/// What is said of a text by somebody who reads it like this.
fn said(text: &str, read: impl FnOnce(&mut Section<'_>)) -> Vec<String> {
    let reader = Reader::new(text, &none);
    let done = reader.root().map(|mut root| {
        read(&mut root);
        root.end();
    });
    let mistakes = reader.finish(done).err();
    mistakes.iter().flat_map(Mistakes::iter).map(ToString::to_string).collect()
}

#[test]
fn a_good_file_is_read_and_what_is_absent_is_no_mistake() {
    let said = said("a = 1\nbig = 1_000_000\n[b]\n[[c]]\n[[c]]\n", |root| {
        assert_eq!(root.required::<u8>("a", ""), Some(1));
        assert_eq!(root.optional::<u8>("z"), None);
        assert_eq!(root.number("big", 5, 1..=2_000_000, "hours"), Some(1_000_000));
        assert_eq!(root.number("y", 5, 1..=9, "hours"), Some(5));
        root.section("b").unwrap().end();
        assert!(root.section("x").is_none());
        assert_eq!(root.sections("c").len(), 2);
        assert!(root.sections("w").is_empty() && root.secret("v").is_none());
    });
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn every_mistake_is_found_in_the_file_s_order() {
    let text = "\nlate = 1\nhost = 7\n\n[table]\nhours = 0\nkey = 'pasted'\n\n[[list]]\nx = true\n\
                [[list]]\nx = 'no'\nsecret = { env = 'E' }\n";
    let said = said(text, |root| {
        for mut entry in root.sections("list") {
            assert_eq!(entry.required::<bool>("x", "").is_none(), entry.has("secret"));
            entry.secret("secret");
            entry.end();
        }
        let mut table = root.section("table").unwrap();
        assert_eq!(table.number("hours", 1, 1..=24, "hours"), None);
        assert_eq!(table.required::<String>("name", "name = \"n\""), None);
        assert!(table.secret("key").is_none());
        table.end();
        assert_eq!(root.optional::<String>("host"), None);
    });
    for (said, expected) in said.iter().zip([
        "line 2: `late`: unknown key: write one of `host`, `list`, `table`",
        "line 3: `host`: invalid type: integer `7`, expected a string",
        "line 5: `table.name`: it is missing: write for example `name = \"n\"`",
        "line 6: `table.hours` is `0`: write 1 to 24 hours",
        "line 7: `table.key`: expected a reference to a secret",
        "line 12: `list[1].x`: invalid type: string \"no\", expected a boolean",
        "line 13: `list[1].secret`: the environment variable `E` is not set",
    ]) {
        assert!(said.starts_with(expected), "{said} instead of {expected}");
    }
    assert_eq!(said.len(), 7, "{said:#?}");
}

#[test]
fn a_section_of_another_shape_is_said_how_to_write() {
    let said = said("a = 1\nb = 'x'\nc = [1]\n", |root| {
        assert!(root.section("a").is_none());
        assert!(root.sections("b").is_empty() && root.sections("c").is_empty());
    });
    assert_eq!(
        said,
        [
            "line 1: `a`: write it as a section, `[a]`",
            "line 2: `b`: write it as a list of sections, `[[b]]`",
            "line 3: `c`: write it as a list of sections, `[[c]]`",
        ]
    );
}

#[test]
fn what_is_no_toml_says_where_and_nothing_of_the_text() {
    let said = said("good = 1\nsecret = 'canary\nx = = 1", |_| {});
    assert!(said[0].starts_with("line 2: column "), "{said:?}");
    assert!(!said.concat().contains("canary"), "{said:?}");
}

#[test]
fn a_key_can_be_looked_at_before_it_is_read_and_a_file_is_known_by_its_path() {
    let said = said("name = 'a'\nhours = 7\nnothing = 'missing'\n", |root| {
        assert_eq!(
            (root.peek("name"), root.peek("hours"), root.peek("other")),
            (Some("a"), None, None)
        );
        assert_eq!(root.optional::<String>("name").as_deref(), Some("a"));
        assert_eq!(root.peek("name"), None);
        root.know(&["hours"]);
        assert!(root.file_at("nothing", "").is_none());
    });
    assert!(said.len() == 1 && said[0].starts_with("line 3: `nothing`"), "{said:?}");
}

#[test]
fn something_stands_in_for_a_key_that_is_not_written() {
    let read = |text: &str, stand_in: Result<String, String>, ask: bool| {
        let reader = Reader::new(text, &none);
        let value = reader.root().and_then(|mut section| {
            section.stand_in("place", stand_in);
            let value = if ask { section.optional::<String>("place") } else { Some(String::new()) };
            section.end();
            value
        });
        reader.finish(value).map_err(|mistakes| mistakes.to_string())
    };
    let there = || Ok("there".to_owned());
    let missing = || Err("it is missing".to_owned());
    assert_eq!(read("", there(), true).as_deref(), Ok("there"));
    assert_eq!(read("place = 'here'", there(), true).as_deref(), Ok("here"));
    assert_eq!(read("place = 'here'", missing(), true).as_deref(), Ok("here"));
    assert!(read("", missing(), true).unwrap_err().contains("`place`: it is missing"));
    // Nobody has such a key: nothing stands in for it, and nothing is missing.
    assert_eq!(read("", there(), false).as_deref(), Ok(""));
    assert_eq!(read("", missing(), false).as_deref(), Ok(""));
}
