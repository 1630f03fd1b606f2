//! The words of the language, once: the parser accepts exactly these, its hints name them, and the reference page
//! is written from them.

/// A key of a section, as the parser knows it and the reference tells it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What is written behind it.
    pub(crate) shape: &'static str,
    /// What it does, in Markdown.
    pub(crate) says: &'static str,
}

const fn key(name: &'static str, shape: &'static str, says: &'static str) -> Key {
    Key { name, shape, says }
}

const ENRICHMENTS: Key = key(
    "enrichments",
    "empty",
    "Only `[]`: the server attaches the profiles; name an attribute as `partner_attrs.<provider>.<attribute>`.",
);
const TRANSFORMS: Key =
    key("transforms", "empty", "Only `[]`: write `transform` in the mapping that needs it.");
const MAPPINGS: Key = key("mappings", "list of mappings", "See [Mappings](#mappings).");

/// The file itself.
pub(crate) const FILE: &[Key] = &[
    key("version", "`2`", "Required: which language this is."),
    key(
        "delivery_mode",
        "`server_side`",
        "The only one there is; may be left out. A browser never talks to a vendor.",
    ),
    key(
        "extends",
        "name of a shipped blueprint",
        "Everything below is added on top of that blueprint: mappings run after its mappings, and what is said of \
         an event again counts instead.",
    ),
    key(
        "parameters",
        "names and scalars",
        "Values of the owner, used as `parameters.<name>`. The integration's configuration may set them; one that is \
         `null` and not set skips its target.",
    ),
    key("global", "section", "What is mapped of every event."),
    key("defaults", "section", "What happens to events and fields that nothing names."),
    key("events", "sections by event name", "What is mapped of one event, on top of `global`."),
];

/// `global`.
pub(crate) const GLOBAL: &[Key] = &[MAPPINGS, ENRICHMENTS, TRANSFORMS];

/// `defaults`.
pub(crate) const DEFAULTS: &[Key] = &[
    key(
        "action",
        "`drop` or `pass_through`",
        "`drop` (default): an event without a section is not sent. `pass_through`: it is sent under its own name, and \
         every event takes along the fields that no mapping names, see [Pass-through](#pass-through).",
    ),
    key("mappings", "list of mappings", "For events without a section, on top of `global`."),
];

/// One section of `events`.
pub(crate) const EVENT: &[Key] = &[
    key("aliases", "list of event names", "Other names of the same event."),
    key(
        "vendor_event_name",
        "text",
        "The vendor's name for it, the value of `event_name`; the event's own name where this is absent.",
    ),
    key("enabled", "`true` or `false`", "`false`: this event is not sent."),
    MAPPINGS,
    ENRICHMENTS,
    TRANSFORMS,
];

/// One mapping.
pub(crate) const MAPPING: &[Key] = &[
    key(
        "source",
        "path, or list of paths",
        "Where the value is found; of a list, the first that is there. `null` and an empty text count as absent. \
         Where nothing is there, the target is left out.",
    ),
    key("value", "anything", "A constant of yours, instead of `source`."),
    key(
        "target",
        "path",
        "Where the value goes; dots make nested objects. A later mapping to the same target wins.",
    ),
    key("default", "anything", "What is sent when no `source` is there or its value does not fit."),
    key(
        "transform",
        "name, or list of names",
        "What is done to the value, in that order, see [Transforms](#transforms). A value that does not fit counts \
         as absent.",
    ),
    key("format", "name", "How `date_format` writes a time, see [Formats](#formats)."),
    key(
        "value_map",
        "values by text",
        "Replaces a value, after `transform`. `'true'` and `'false'` also match booleans; `'*'` matches all others, \
         which otherwise stay as they are; `null` leaves the target out.",
    ),
    key(
        "each",
        "list of mappings, or one mapping without `target`",
        "`source` is a list, and every entry of it is mapped: by a list of mappings to an object, by one mapping to a \
         value. Their paths see the entry as `item`. A single object counts as a list of one.",
    ),
];

/// Where a path begins: every first name there is.
pub(crate) const ROOTS: &[Key] = &[
    key("properties", "`properties.<name>`", "What the event is about. Names are the site's."),
    key("traits", "`traits.<name>`", "What an `identify` or `group` says of the person."),
    key("context", "`context.page.path`, …", "Page, campaign, locale, device and so on."),
    key(
        "vendor_ids",
        "`vendor_ids.<name>`",
        "Ids that vendors' own scripts gave the browser, where the page sends them.",
    ),
    key("type", "", "`page`, `track`, `identify` …"),
    key("event", "", "The name of a track event, as sent."),
    key("name", "", "The name of a page."),
    key("user_id", "", "Whom the page says it is."),
    key("anonymous_id", "", "The id that the page's client gave itself."),
    key("group_id", "", "The group of a `group` event."),
    key("previous_id", "", "The former id of an `alias` event."),
    key("message_id", "", "The sender's id of this event, the same in every retry."),
    key("timestamp", "", "When it happened, ISO 8601."),
    key("sent_at", "", "When it was sent, by the sender's clock."),
    key("received_at", "", "When it arrived."),
    key(
        "visitor",
        "`visitor.email`, …",
        "What the server knows to be true of the visitor, see [Identity fields](#identity-fields).",
    ),
    key(
        "partner_attrs",
        "`partner_attrs.<provider>.<attribute>`",
        "An attribute of the visitor's profile at a provider; `<provider>_personalized` for the context-sensitive \
         ones. The attribute must be named: profiles are never copied as a whole.",
    ),
    key("parameters", "`parameters.<name>`", "A parameter of this blueprint."),
    key(
        "event_name",
        "",
        "The vendor's name for this event: `vendor_event_name`, or its own name.",
    ),
    key("item", "`item.<name>`, or `item`", "Inside of `each`: the entry of the list."),
];

/// The names under `visitor`.
pub(crate) const VISITOR: &[Key] = &[
    key("canonical_id", "`visitor.canonical_id`", "The browser's id, from its credential cookie."),
    key("user_id", "`visitor.user_id`", "The person a signed token has proven."),
    key("email", "`visitor.email`", "The e-mail address a signed token has proven."),
    key("phone", "`visitor.phone`", "The phone number a signed token has proven."),
    key(
        "profile_ids",
        "`visitor.profile_ids.<provider>`",
        "The id of the visitor's profile at a provider.",
    ),
];

/// A case: an event and what must come of it.
pub(crate) const CASE: &[Key] = &[
    key("event", "event", "Required: the event in the envelope's spelling."),
    key("visitor", "names and values", "What the server knows of the visitor, as under `visitor`."),
    key("partner_attrs", "attributes by provider", "The visitor's profiles."),
    key("parameters", "names and scalars", "What the integration's configuration sets."),
    key("verification", "`required`, `optional` or `off`", "`required` where it is absent."),
    key(
        "event_name",
        "text",
        "The vendor's name that the event must get; not compared where it is absent.",
    ),
    key("body", "object", "The body that must come of it, to the last field."),
    key(
        "dropped",
        "`not_listed`, `disabled` or `nameless`",
        "Instead of `body`: it must not be sent.",
    ),
];

/// The names of a table, for hints.
pub(crate) fn names(keys: &'static [Key]) -> impl Iterator<Item = &'static str> {
    keys.iter().map(|key| key.name)
}

/// Whether a name is one of a table's.
pub(crate) fn knows(keys: &'static [Key], name: &str) -> bool {
    names(keys).any(|known| known == name)
}
