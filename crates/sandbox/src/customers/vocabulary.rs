//! The words that customers are made of.

/// First names as displayed, and as written in an email address.
pub(super) const FIRST_NAMES: [(&str, &str); 24] = [
    ("Olivia", "olivia"),
    ("Liam", "liam"),
    ("Emma", "emma"),
    ("Noah", "noah"),
    ("Zoë", "zoe"),
    ("José", "jose"),
    ("Łukasz", "lukasz"),
    ("Søren", "soren"),
    ("Мария", "maria"),
    ("محمد", "mohammed"),
    ("美咲", "misaki"),
    ("Jürgen", "juergen"),
    ("Priya", "priya"),
    ("Wei", "wei"),
    ("Aoife", "aoife"),
    ("Fatima", "fatima"),
    ("Grace", "grace"),
    ("Henry", "henry"),
    ("Isla", "isla"),
    ("Kwame", "kwame"),
    ("Nguyễn", "nguyen"),
    ("Sofía", "sofia"),
    ("Theo", "theo"),
    ("Ruth", "ruth"),
];

/// Last names as displayed, and as written in an email address.
pub(super) const LAST_NAMES: [(&str, &str); 20] = [
    ("Smith", "smith"),
    ("Johnson", "johnson"),
    ("O’Brien", "obrien"),
    ("García", "garcia"),
    ("Nowak", "nowak"),
    ("Müller", "mueller"),
    ("Østergaard", "ostergaard"),
    ("Ivanova", "ivanova"),
    ("佐藤", "sato"),
    ("Okafor", "okafor"),
    ("Patel", "patel"),
    ("Kim", "kim"),
    ("Dubois", "dubois"),
    ("Rossi", "rossi"),
    ("Andersson", "andersson"),
    ("Haddad", "haddad"),
    ("Silva", "silva"),
    ("Novák", "novak"),
    ("Brown", "brown"),
    ("Campbell", "campbell"),
];

/// Personas of the collection.
pub(super) const PERSONAS: [&str; 5] =
    ["Value Hunter", "Style Seeker", "Loyal Regular", "New Parent", "Gift Giver"];

/// Categories of the shop, each with the brand that leads it.
pub(super) const CATEGORIES: [(&str, &str); 8] = [
    ("shoes", "Halden"),
    ("outerwear", "Northfold"),
    ("dresses", "Maison Lune"),
    ("denim", "Brightwater"),
    ("kids", "Tiny Acorn"),
    ("sportswear", "Veloce"),
    ("home", "Hearth & Pine"),
    ("accessories", "Ostrea"),
];

pub(super) const CHURN_RISKS: [&str; 3] = ["low", "medium", "high"];

pub(super) const STREETS: [&str; 6] =
    ["Harbour Road", "Mill Lane", "Station Street", "Elm Avenue", "Königsallee", "Rue du Marché"];

pub(super) const CITIES: [&str; 6] =
    ["Portland", "Bristol", "Galway", "Malmö", "Kraków", "Montréal"];

/// The brand that leads a category.
pub(crate) fn leading_brand(category: &str) -> Option<&'static str> {
    CATEGORIES.iter().find(|(name, _)| *name == category).map(|(_, brand)| *brand)
}
