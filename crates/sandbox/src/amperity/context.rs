//! Attributes that depend on what the visitor is doing.
//!
//! The vendor says that a tenant can configure such attributes, not how context reaches it; here it
//! comes as query parameters of the profile read, with these rules:
//!
//! | parameter | effect |
//! |---|---|
//! | `pageCategory` | `RecommendedCategory` is it; `FavoriteBrand` becomes the brand that leads it, if one does |
//! | `cartValue` | `Offer` is `free-delivery` from 100 upwards, else `ten-off-over-100` |
//! | `tierHint` | `OfferTier` is it |
//!
//! Other parameters have no effect.

use serde_json::{Map, Value};

use crate::customers::leading_brand;

const FREE_DELIVERY_FROM: f64 = 100.0;

/// Applies the rules to a profile's attributes.
pub(super) fn personalise(attributes: &mut Map<String, Value>, context: &[(String, String)]) {
    for (name, value) in context {
        match name.as_str() {
            "pageCategory" => {
                attributes.insert("RecommendedCategory".into(), value.clone().into());
                if let Some(brand) = leading_brand(value) {
                    attributes.insert("FavoriteBrand".into(), brand.into());
                }
            }
            "cartValue" => {
                if let Ok(cart) = value.parse::<f64>() {
                    let free = cart >= FREE_DELIVERY_FROM;
                    let offer = if free { "free-delivery" } else { "ten-off-over-100" };
                    attributes.insert("Offer".into(), offer.into());
                }
            }
            "tierHint" => {
                attributes.insert("OfferTier".into(), value.clone().into());
            }
            _ => {}
        }
    }
}
