//! `{{NAME}}` placeholders of the site's pages.

use crate::config::ShopConfig;

/// Replaces the placeholders the configuration has a value for; others stay as they are. One pass: a
/// value that looks like a placeholder is not replaced again.
pub(super) fn fill(page: &str, shop: &ShopConfig) -> String {
    let mut filled = String::with_capacity(page.len());
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("{{") {
        filled.push_str(before);
        let named =
            after.split_once("}}").and_then(|(name, tail)| Some((value(shop, name)?, tail)));
        if let Some((value, tail)) = named {
            filled.push_str(value);
            rest = tail;
        } else {
            filled.push_str("{{");
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

fn value<'a>(shop: &'a ShopConfig, name: &str) -> Option<&'a str> {
    match name {
        "PIPELINE_KEY" => Some(&shop.pipeline_key),
        "ID_URL" => Some(&shop.id_url),
        "COLLECT_URL" => Some(&shop.collect_url),
        _ => shop.placeholders.get(name).map(String::as_str),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_filled_once_and_unknown_ones_stay() {
        let mut shop = ShopConfig { pipeline_key: "dk_test".into(), ..ShopConfig::default() };
        shop.placeholders.insert("STUB".into(), "{{ID_URL}}".into());
        assert_eq!(
            fill("<{{PIPELINE_KEY}}> {{STUB}} {{x}} { {{ }} {{PIPELINE_KEY", &shop),
            "<dk_test> {{ID_URL}} {{x}} { {{ }} {{PIPELINE_KEY"
        );
    }
}
