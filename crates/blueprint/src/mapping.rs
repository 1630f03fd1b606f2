//! One mapping: how a value is found, turned, and where it goes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::contract::Origin;
use crate::mistake::Place;
use crate::source::{Scope, Source};
use crate::target::Target;
use crate::trace::Skip;
use crate::transform::{Format, Transform, text_of};

/// Which mapping of a blueprint it is: its position among all of them.
pub(crate) type MappingId = usize;

/// A mapping as the blueprint says it, ready to be applied.
pub(crate) struct Mapping {
    /// Given when the blueprint is compiled.
    pub(crate) id: MappingId,
    /// The file it is written in.
    pub(crate) file: Arc<str>,
    pub(crate) place: Place,
    pub(crate) target: Target,
    pub(crate) rule: Rule,
    pub(crate) each: Option<Each>,
}

/// How a value is found and turned.
pub(crate) struct Rule {
    /// In the order of trial; none where `constant` is.
    pub(crate) sources: Vec<Source>,
    pub(crate) constant: Option<Value>,
    pub(crate) default: Option<Value>,
    pub(crate) transforms: Vec<&'static Transform>,
    pub(crate) format: Option<Format>,
    pub(crate) value_map: Option<ValueMap>,
}

/// What every entry of a list becomes.
pub(crate) enum Each {
    Objects(Vec<Mapping>),
    Values(Box<Rule>),
}

/// Values by the text of another.
#[derive(Default)]
pub(crate) struct ValueMap {
    pub(crate) by_text: BTreeMap<String, Value>,
    pub(crate) others: Option<Value>,
}

/// A value, on its way into the body.
pub(crate) struct Made<'a> {
    pub(crate) value: Cow<'a, Value>,
    pub(crate) origin: Origin,
    /// What of the rule's sources was there; `None` for constants.
    pub(crate) source: Option<&'a Source>,
}

impl Rule {
    /// What the rule makes of what is there.
    pub(crate) fn make<'a>(&'a self, scope: &Scope<'_, 'a>) -> Result<Made<'a>, Skip> {
        if let Some(constant) = &self.constant {
            return Ok(Made::constant(constant));
        }
        match (self.found(scope), &self.default) {
            (Err(Skip::Absent | Skip::Unfit(_)), Some(default)) => Ok(Made::constant(default)),
            // What the value map leaves out was there, and is meant to be left out.
            (made, _) => made,
        }
    }

    fn found<'a>(&'a self, scope: &Scope<'_, 'a>) -> Result<Made<'a>, Skip> {
        let there = |source: &'a Source| Some((source, source.find(scope)?));
        let Some((source, (mut value, origin))) = self.sources.iter().find_map(there) else {
            return Err(Skip::Absent);
        };
        for transform in &self.transforms {
            let made = transform.apply(&value, self.format);
            value = Cow::Owned(made.ok_or(Skip::Unfit(transform.name))?);
        }
        if let Some(map) = &self.value_map {
            match map.find(&value) {
                Some(Value::Null) => return Err(Skip::MappedToNothing),
                Some(mapped) => value = Cow::Borrowed(mapped),
                None => {}
            }
        }
        Ok(Made { value, origin, source: Some(source) })
    }
}

impl<'a> Made<'a> {
    fn constant(value: &'a Value) -> Self {
        Self { value: Cow::Borrowed(value), origin: Origin::Owner, source: None }
    }
}

impl ValueMap {
    fn find(&self, value: &Value) -> Option<&Value> {
        let mapped = match text_of(value) {
            Some(text) => self.by_text.get(&*text),
            None => None,
        };
        mapped.or(self.others.as_ref())
    }
}

impl Mapping {
    /// It and the mappings inside of it.
    pub(crate) fn with_inner(&self) -> impl Iterator<Item = &Self> {
        let inner = match &self.each {
            Some(Each::Objects(inner)) => inner.as_slice(),
            Some(Each::Values(_)) | None => &[],
        };
        std::iter::once(self).chain(inner)
    }

    /// Every source in it, to be told where it looks.
    pub(crate) fn sources_mut(&mut self) -> impl Iterator<Item = &mut Source> {
        let (inner, value) = match &mut self.each {
            Some(Each::Objects(inner)) => (inner.as_mut_slice(), None),
            Some(Each::Values(rule)) => (Default::default(), Some(&mut **rule)),
            None => (Default::default(), None),
        };
        let rules = inner.iter_mut().map(|mapping| &mut mapping.rule).chain(value);
        std::iter::once(&mut self.rule).chain(rules).flat_map(|rule| &mut rule.sources)
    }

    /// Every rule in it.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        let value = match &self.each {
            Some(Each::Values(rule)) => Some(&**rule),
            Some(Each::Objects(_)) | None => None,
        };
        self.with_inner().map(|mapping| &mapping.rule).chain(value)
    }
}
