//! `[pipelines.browser]`: what the SDK does by itself on the pages of a site.

use std::collections::BTreeMap;

use datafly_core::v1::BrowserConfig;
use datafly_settings::Section;

/// The consent platforms that the browser can follow.
const SOURCES: [&str; 8] =
    ["cookiebot", "cookieyes", "google", "gpc", "gpp", "onetrust", "tcf", "trustarc"];

/// What a platform's code may stand for.
const CATEGORIES: [&str; 5] =
    ["analytics", "essential", "functional", "marketing", "personalization"];

/// The parts of the context that an event goes with by itself.
const CONTEXT: [&str; 9] = [
    "campaign",
    "click_ids",
    "locale",
    "page",
    "referrer",
    "session",
    "timezone",
    "vendor_ids",
    "viewport",
];

/// Of a pipeline's section.
pub(super) fn read(mut section: Section<'_>) -> BrowserConfig {
    let otherwise = BrowserConfig::default();
    let storage = category(&mut section, "storage", "`necessary`, `never` or a consent category");
    let collect = category(&mut section, "collect", "a category such as `analytics`");
    let config = BrowserConfig {
        storage,
        collect,
        sources: names(&mut section, "sources", &SOURCES),
        mapping: mapping(&mut section),
        page: section.optional("page").unwrap_or(otherwise.page),
        session: section.optional("session").unwrap_or(otherwise.session),
        declare: section.optional("declare").unwrap_or(otherwise.declare),
        omit: names(&mut section, "omit", &CONTEXT),
    };
    section.end();
    config
}

fn category(section: &mut Section<'_>, key: &'static str, what: &str) -> Option<String> {
    let category = section.optional::<String>(key)?;
    if category.trim().is_empty() {
        section.refuse_value(key, "", format_args!("write {what}"));
    }
    Some(category)
}

fn names(section: &mut Section<'_>, key: &'static str, known: &[&str]) -> Vec<String> {
    let names = section.optional::<Vec<String>>(key).unwrap_or_default();
    for (index, name) in names.iter().enumerate() {
        if !known.contains(&name.as_str()) {
            section.refuse_value(&format!("{key}[{index}]"), name, one_of(known));
        }
    }
    names
}

fn mapping(section: &mut Section<'_>) -> BTreeMap<String, String> {
    let mapping = section.optional::<BTreeMap<String, String>>("mapping").unwrap_or_default();
    for (code, category) in &mapping {
        if !CATEGORIES.contains(&category.as_str()) {
            section.refuse_value(&format!("mapping.{code}"), category, one_of(&CATEGORIES));
        }
    }
    mapping
}

fn one_of(known: &[&str]) -> String {
    format!("write one of `{}`", known.join("`, `"))
}
