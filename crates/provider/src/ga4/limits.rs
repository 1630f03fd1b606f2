//! The Measurement Protocol's rules (domain facts 6.2; the longer page parameters and the reserved names are from
//! Google's pages on collection limits and reserved names).
//!
//! Texts that are too long are cut. Nothing else is changed: a name that Google does not take, a list where it
//! takes none, or more parameters than it takes is for the owner to map otherwise, and is refused with the rule.

use serde_json::{Map, Value};

use crate::destination::Refusal;

/// Most events of a request.
pub(super) const MAX_EVENTS: usize = 25;

/// Longest body of a request, in bytes: it must be under 130 kB.
pub(super) const MAX_BODY_BYTES: usize = 130_000 - 1;

const MAX_PARAMS: usize = 25;
const MAX_USER_PROPERTIES: usize = 25;
const MAX_NAME: usize = 40;
const MAX_PROPERTY_NAME: usize = 24;
const MAX_VALUE: usize = 100;
const MAX_PROPERTY_VALUE: usize = 36;
const MAX_CUSTOM_ITEM_PARAMS: usize = 10;

/// Parameters whose values may be longer.
const LONG_VALUES: [(&str, usize); 3] =
    [("page_location", 1_000), ("page_referrer", 420), ("page_title", 300)];

/// What an item may have beside its custom parameters.
const ITEM_PARAMS: [&str; 22] = [
    "affiliation",
    "coupon",
    "creative_name",
    "creative_slot",
    "currency",
    "discount",
    "index",
    "item_brand",
    "item_category",
    "item_category2",
    "item_category3",
    "item_category4",
    "item_category5",
    "item_id",
    "item_list_id",
    "item_list_name",
    "item_name",
    "item_variant",
    "location_id",
    "price",
    "promotion_id",
    "promotion_name",
];
const ITEM_QUANTITY: &str = "quantity";
const ITEMS: &str = "items";

const RESERVED_PREFIXES: [&str; 4] = ["_", "firebase_", "ga_", "google_"];
const RESERVED_NAMES: [&str; 26] = [
    "ad_activeview",
    "ad_click",
    "ad_exposure",
    "ad_query",
    "ad_reward",
    "adunit_exposure",
    "app_clear_data",
    "app_exception",
    "app_remove",
    "app_store_refund",
    "app_store_subscription_cancel",
    "app_store_subscription_convert",
    "app_store_subscription_renew",
    "app_update",
    "dynamic_link_app_open",
    "dynamic_link_first_open",
    "error",
    "first_open",
    "first_visit",
    "in_app_purchase",
    "notification_dismiss",
    "notification_open",
    "notification_receive",
    "os_update",
    "session_start",
    "user_engagement",
];

fn unfit(rule: impl Into<String>) -> Refusal {
    Refusal::Unfit(rule.into())
}

/// A letter, then letters, digits and underscores.
fn is_name(name: &str, longest: usize) -> bool {
    let legal = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    legal && name.len() <= longest && name.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// What a name that is refused looks like, for a message: a page may have chosen it.
fn shown(name: &str) -> String {
    name.chars().take(MAX_NAME).flat_map(char::escape_default).collect()
}

/// Whether an event may be called this.
pub(super) fn check_event_name(name: &str) -> Result<(), Refusal> {
    if !is_name(name, MAX_NAME) {
        return Err(unfit(format!(
            "the event's `name` must be a letter and then letters, digits and underscores, {MAX_NAME} at most"
        )));
    }
    let reserved = RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    if reserved || RESERVED_NAMES.contains(&name) {
        return Err(unfit(format!("Google reserves the event name `{}`", shown(name))));
    }
    Ok(())
}

/// An event's parameters within the rules. What is null is left out, as absent.
pub(super) fn fit_params(params: &mut Map<String, Value>) -> Result<(), Refusal> {
    params.retain(|_, value| !value.is_null());
    if params.len() > MAX_PARAMS {
        let count = params.len();
        return Err(unfit(format!("it has {count} `params`, and GA4 takes {MAX_PARAMS}")));
    }
    for (name, value) in params {
        if !is_name(name, MAX_NAME) {
            return Err(unfit(format!("`params` may not have the name `{}`", shown(name))));
        }
        match value {
            Value::Array(items) if name == ITEMS => fit_items(items)?,
            value => {
                let longest = LONG_VALUES.iter().find(|(long, _)| name == long);
                fit_value(value, longest.map_or(MAX_VALUE, |(_, longest)| *longest))
                    .map_err(|rule| unfit(format!("`params.{name}` {rule}")))?;
            }
        }
    }
    Ok(())
}

fn fit_items(items: &mut [Value]) -> Result<(), Refusal> {
    for item in items {
        let Value::Object(item) = item else {
            return Err(unfit("`params.items` must be a list of objects"));
        };
        item.retain(|_, value| !value.is_null());
        let known = |name: &str| ITEM_PARAMS.contains(&name) || name == ITEM_QUANTITY;
        let custom = item.keys().filter(|name| !known(name)).count();
        if custom > MAX_CUSTOM_ITEM_PARAMS {
            return Err(unfit(format!(
                "an item of `params.items` has {custom} parameters of its own, and GA4 takes \
                 {MAX_CUSTOM_ITEM_PARAMS}"
            )));
        }
        for value in item.values_mut() {
            fit_value(value, MAX_VALUE)
                .map_err(|rule| unfit(format!("a parameter of `params.items` {rule}")))?;
        }
    }
    Ok(())
}

/// `user_properties` within the rules: `{name: {value}}`.
pub(super) fn fit_user_properties(properties: &mut Map<String, Value>) -> Result<(), Refusal> {
    let null =
        |property: &Value| property.is_null() || property.get("value").is_some_and(Value::is_null);
    properties.retain(|_, property| !null(property));
    if properties.len() > MAX_USER_PROPERTIES {
        let count = properties.len();
        let rule = format!("it has {count} `user_properties`, and GA4 takes {MAX_USER_PROPERTIES}");
        return Err(unfit(rule));
    }
    for (name, property) in properties {
        if !is_name(name, MAX_PROPERTY_NAME) {
            let name = shown(name);
            return Err(unfit(format!("`user_properties` may not have the name `{name}`")));
        }
        let fitted = match property.get_mut("value") {
            Some(value) => fit_value(value, MAX_PROPERTY_VALUE),
            None => Err("has no `value`"),
        };
        fitted.map_err(|rule| unfit(format!("`user_properties.{name}` {rule}")))?;
    }
    Ok(())
}

/// `consent` in the protocol's own upper case: pages and consent platforms write lower case.
pub(super) fn fit_consent(consent: &mut Map<String, Value>) -> Result<(), Refusal> {
    consent.retain(|_, state| !state.is_null());
    for (name, state) in consent {
        let upper = state.as_str().map(str::to_ascii_uppercase);
        match upper {
            Some(upper) if matches!(&*upper, "GRANTED" | "DENIED") => *state = upper.into(),
            _ => {
                let name = shown(name);
                return Err(unfit(format!("`consent.{name}` is neither GRANTED nor DENIED")));
            }
        }
    }
    Ok(())
}

/// Cuts a text to its longest; lists and objects are no values.
fn fit_value(value: &mut Value, longest: usize) -> Result<(), &'static str> {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(longest) {
                text.truncate(end);
            }
            Ok(())
        }
        Value::Array(_) | Value::Object(_) => {
            Err("is a list or an object, which GA4 does not take")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}
