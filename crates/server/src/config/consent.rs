//! `cookie` and `[pipelines.consent]`: what a visitor has to allow, and for what.

use datafly_core::consent::Consent;
use datafly_settings::Section;
use serde::Deserialize;

/// The categories an owner asks for. One that is absent is not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConsentConfig {
    /// Without it nobody is looked up.
    pub enrich: Option<String>,
    /// Without it a browser gets no cookie, and nothing is kept of its visitor.
    pub cookie: Option<String>,
}

impl ConsentConfig {
    /// Whether somebody who said this of consent, or nothing, may be looked up.
    pub fn may_look_up(&self, said: Option<&Consent>) -> bool {
        grants(self.enrich.as_deref(), said)
    }

    /// Whether a visitor who said this of consent, or nothing, may be kept.
    pub fn may_keep(&self, said: Option<&Consent>) -> bool {
        grants(self.cookie.as_deref(), said)
    }

    /// All that a visitor has to allow before a profile can be shown.
    pub fn for_profiles(&self) -> Vec<String> {
        let mut all: Vec<_> = self.cookie.iter().chain(&self.enrich).cloned().collect();
        all.dedup();
        all
    }

    /// What a visitor has to allow before the browser stores anything, unless the owner says it.
    pub(super) fn for_storage(&self) -> Option<String> {
        self.cookie.clone().or_else(|| self.enrich.clone())
    }

    /// Of a pipeline's section.
    pub(super) fn read(pipeline: &mut Section<'_>) -> Self {
        let when = pipeline.optional::<CookieWhen>("cookie").unwrap_or_default();
        let asked_for = pipeline.section("consent").map(Self::categories).unwrap_or_default();
        match (when, &asked_for.cookie) {
            (CookieWhen::AfterConsent, None) => pipeline.refuse(
                "cookie",
                "which consent? Write the category as well, for example `[pipelines.consent] cookie = \"functional\"`",
            ),
            (CookieWhen::Always, Some(_)) => pipeline.refuse(
                "consent.cookie",
                "cookies are set without asking: write `cookie = \"after_consent\"` in the pipeline, or drop this",
            ),
            _ => {}
        }
        asked_for
    }

    fn categories(mut section: Section<'_>) -> Self {
        let mut category = |key| {
            let category = section.optional::<String>(key);
            if category.as_ref().is_some_and(|category| category.trim().is_empty()) {
                let hint = "write a category such as `personalization`, or a code of your consent platform";
                section.refuse_value(key, "", hint);
            }
            category
        };
        let asked_for = Self { enrich: category("enrich"), cookie: category("cookie") };
        section.end();
        asked_for
    }
}

/// When a browser gets its cookie.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum CookieWhen {
    #[default]
    Always,
    AfterConsent,
}

fn grants(category: Option<&str>, said: Option<&Consent>) -> bool {
    category.is_none_or(|category| said.is_some_and(|said| said.grants(category)))
}
