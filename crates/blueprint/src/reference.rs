//! The language's reference page, written from the tables that the parser reads by.

use std::fmt::Write;

use datafly_core::path::MAX_BYTES as MAX_PATH_BYTES;

use crate::language::{CASE, DEFAULTS, EVENT, FILE, GLOBAL, Key, MAPPING, ROOTS, VISITOR};
use crate::shipped;
use crate::transform::{FORMATS, TRANSFORMS};
use crate::yaml::{MAX_BYTES, MAX_DEPTH};

const INTRODUCTION: &str = "\
# Blueprints

<!-- Written by `cargo run -p datafly-blueprint --example reference`. -->

A blueprint says what a destination gets of an event. It is a YAML file:

```yaml
version: 2
extends: retail
global:
  mappings:
    - { source: partner_attrs.amperity.LifetimeTier, target: user_tier }
events:
  Gift Card Bought:
    vendor_event_name: gift_card
    mappings:
      - { source: properties.amount, target: value, transform: number }
```

An event meets the mappings of `global` and then those of its section, the section of its own name or of an alias;
the name of a track event is its `event`, of any other its `type`. A later mapping to the same target wins. Names are
exact.

Every mistake in a file is told at once, each with its line and column. An unknown key is a mistake.
";

const IDENTITY: &str = "
## Identity fields

A destination names the fields that tell a person apart at the vendor, for example `email`, `user_data.em`, and every
linking key. Such a field is filled only from `visitor.…`, which is what the server knows to be true, and from constants
and parameters. A value from anywhere else that would land there, also hashed, also inside of an object that is copied,
also by pass-through, lands beside it as `unverified_<name>`. With `identity.verification = \"off\"` it lands where it
is told to.

```yaml
- { source: [visitor.email, traits.email], target: email }
```

sends `email` of a visitor whose token has proven the address, and `unverified_email` of one who only said so.

Some fields are the owner's (Amperity's `source` and `type`): they are filled from constants, parameters and
`event_name` alone, under every verification.

Under `visitor`:

";

const PASS_THROUGH: &str = "
## Pass-through

With `defaults.action: pass_through` every property and trait that no mapping names is sent under its own name, and so
are the envelope's `name`, `user_id`, `anonymous_id`, `group_id`, `previous_id`, `message_id` and `timestamp`. A mapping
that names `properties.price` has taken the price, whatever its target; one that names `properties.cart.total` has not
taken the cart. What a mapping has written stays. `context` and the attributes of profiles are sent only where a mapping
names them. Members called `__proto__`, `constructor` and `prototype` never leave.

## Consent

A destination that takes the visitor's consent gets it with every event, as `consent`, whatever the blueprint says:
`analytics`, `marketing` and `functional`, the consent platform's own codes in `categories`, and Google's Consent
Mode in `google`. A visitor who was never asked has none.
";

/// The page, in Markdown.
pub fn markdown() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, keys) in [
        ("## The file", FILE),
        ("### `global`", GLOBAL),
        ("### `defaults`", DEFAULTS),
        ("### A section of `events`", EVENT),
        ("## Mappings", MAPPING),
    ] {
        section(&mut page, title, keys);
    }
    section(&mut page, "## Sources", ROOTS);
    page.push_str(
        "\nA path is names separated by dots, each optionally followed by `[n]`. Names of the envelope and under \
         `context`\nmay be written in snake_case or camelCase.\n",
    );
    page.push_str(
        "\n## Transforms\n\n| name | what it does | of | it makes |\n|---|---|---|---|\n",
    );
    for transform in TRANSFORMS {
        let (before, after) = transform.example;
        line(&mut page, &[&code(transform.name), transform.says, &code(before), &code(after)]);
    }
    page.push_str(
        "\nOf a list every entry is transformed, except by `list`, `join` and `count`.\n",
    );
    page.push_str("\n## Formats\n\n| name | `2026-04-17T15:37:10.484Z` becomes |\n|---|---|\n");
    for row in FORMATS {
        line(&mut page, &[&code(row.name), &code(row.example)]);
    }
    page.push_str(IDENTITY);
    table(&mut page, VISITOR);
    page.push_str(PASS_THROUGH);
    page.push_str(
        "\n## Cases\n\nA case is a YAML or JSON file with an event and what must come of it.\n",
    );
    page.push('\n');
    table(&mut page, CASE);
    page.push_str("\n## Shipped blueprints\n\nTo be named by `extends`: ");
    let names: Vec<_> = shipped::names().map(code).collect();
    page.push_str(&names.join(", "));
    let _ = write!(
        page,
        ".\n\n## Limits\n\nA file has at most {} KB and {MAX_DEPTH} levels, a path {MAX_PATH_BYTES} bytes. Anchors, \
         aliases and tags of YAML are not supported.\n",
        MAX_BYTES / 1024
    );
    page
}

fn section(page: &mut String, title: &str, keys: &[Key]) {
    let _ = write!(page, "\n{title}\n\n");
    table(page, keys);
}

fn table(page: &mut String, keys: &[Key]) {
    page.push_str("| name | written as | what it does |\n|---|---|---|\n");
    for key in keys {
        line(page, &[&code(key.name), key.shape, key.says]);
    }
}

fn line(page: &mut String, cells: &[&str]) {
    let _ = writeln!(page, "| {} |", cells.join(" | "));
}

fn code(text: &str) -> String {
    format!("`{text}`")
}
