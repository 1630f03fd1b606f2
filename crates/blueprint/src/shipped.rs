//! The blueprints that come with the product: data files, compiled into the binary.

/// A blueprint that comes with the product.
struct Shipped {
    name: &'static str,
    destination: &'static str,
    text: &'static str,
}

const fn amperity(name: &'static str, text: &'static str) -> Shipped {
    Shipped { name, destination: "amperity", text }
}

/// `shared` is what the seven presets for Amperity have in common.
const SHIPPED: &[Shipped] = &[
    amperity("shared", include_str!("../presets/shared.yaml")),
    amperity("retail", include_str!("../presets/retail.yaml")),
    amperity("travel", include_str!("../presets/travel.yaml")),
    amperity("finance", include_str!("../presets/finance.yaml")),
    amperity("saas", include_str!("../presets/saas.yaml")),
    amperity("media", include_str!("../presets/media.yaml")),
    amperity("gaming", include_str!("../presets/gaming.yaml")),
    amperity("publishing", include_str!("../presets/publishing.yaml")),
    Shipped {
        name: "ga4/retail",
        destination: "ga4",
        text: include_str!("../presets/ga4/retail.yaml"),
    },
    Shipped {
        name: "meta_capi/retail",
        destination: "meta_capi",
        text: include_str!("../presets/meta_capi/retail.yaml"),
    },
    Shipped {
        name: "tiktok/retail",
        destination: "tiktok",
        text: include_str!("../presets/tiktok/retail.yaml"),
    },
];

/// What can be extended.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|shipped| shipped.name)
}

/// The text of one of them.
pub fn text(name: &str) -> Option<&'static str> {
    find(name).map(|shipped| shipped.text)
}

/// The destination that one of them is for, see [`crate::destination`].
pub fn destination(name: &str) -> Option<&'static str> {
    find(name).map(|shipped| shipped.destination)
}

fn find(name: &str) -> Option<&'static Shipped> {
    SHIPPED.iter().find(|shipped| shipped.name == name)
}
