//! What `datafly check` says of a configuration that can be served, but perhaps should not be.

use std::fmt;

use datafly_core::visitor::Verification;
use url::Url;

use crate::app::{Configured, Pipeline};

/// Parts of names that attributes with personal data usually have.
const PERSONAL: [&str; 12] = [
    "email", "mail", "phone", "address", "birth", "surname", "lastname", "fullname", "password",
    "postcode", "iban", "ssn",
];

/// One thing to think about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// The key it is about.
    pub key: String,
    /// What is the matter, and what to do.
    pub text: String,
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.key, self.text)
    }
}

/// All advice, in the order of the file.
pub fn of(configured: &Configured) -> Vec<Advice> {
    let host =
        Url::parse(&configured.public_url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_default();
    configured.pipelines.iter().flat_map(|pipeline| of_pipeline(pipeline, &host)).collect()
}

fn of_pipeline(pipeline: &Pipeline, host: &str) -> Vec<Advice> {
    let mut all = Vec::new();
    let mut say = |key: &str, text: String| {
        all.push(Advice { key: format!("pipelines[{}].{key}", pipeline.key), text });
    };
    let mut origins: Vec<_> = pipeline.origins.iter().collect();
    origins.sort();
    for origin in origins {
        if !is_same_site(origin, host) {
            let text = format!(
                "`{origin}` is another site than the server's host `{host}`: browsers send no cookies from \
                 its pages; give it a server under its own domain"
            );
            say("origins", text);
        }
    }
    if pipeline.verification == Verification::Off {
        let text = "`off` lets any page look up anybody's allowed attributes by claiming to be them: sign \
                    identities and write `required`";
        say("identity.verification", text.to_owned());
    }
    for enrichment in &pipeline.enrichments {
        let name = &enrichment.name;
        for attribute in enrichment.allowlist().names().filter(|name| looks_personal(name)) {
            let text = format!(
                "the attribute `{attribute}` looks like personal data, and every script of the page can read \
                 it: allow a derived value instead"
            );
            say(&format!("{name}.browser_attribute_allowlist"), text);
        }
        for mapping in enrichment.context.iter().filter(|mapping| mapping.looks_high_entropy()) {
            let text = format!(
                "`{}` differs with nearly every event, and every value is a call to the vendor: map a \
                 coarser one",
                mapping.source
            );
            say(&format!("{name}.personalisation_context_mappings"), text);
        }
    }
    all
}

fn looks_personal(attribute: &str) -> bool {
    let name = attribute.replace(['_', '-', ' '], "").to_lowercase();
    PERSONAL.iter().any(|part| name.contains(part))
}

/// Whether cookies of the host are sent from the origin's pages: both under one registrable domain.
fn is_same_site(origin: &str, host: &str) -> bool {
    let Some(page) = Url::parse(origin).ok().and_then(|url| url.host_str().map(str::to_owned))
    else {
        return false;
    };
    page == host || psl::domain_str(&page).is_some_and(|site| Some(site) == psl::domain_str(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_told_apart_by_the_public_suffix_list() {
        assert!(is_same_site("https://www.example.co.uk", "id.example.co.uk"));
        assert!(is_same_site("http://localhost:8080", "localhost"));
        assert!(!is_same_site("https://www.other.co.uk", "id.example.co.uk"));
        assert!(!is_same_site("https://a.github.io", "b.github.io"));
    }

    #[test]
    fn personal_names_are_seen_in_any_spelling() {
        for name in ["Email", "primary_phone", "Last Name", "HomeAddress"] {
            assert!(looks_personal(name), "{name}");
        }
        for name in ["Persona", "FavoriteBrand", "LifetimeTier"] {
            assert!(!looks_personal(name), "{name}");
        }
    }
}
