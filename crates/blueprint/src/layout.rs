//! Where the mappings of an event write, found once for all events of that name.

use crate::mapping::Mapping;

/// The places at the top of a body. Which mapping writes to which of them is known before there is an event, but for
/// what the rule of identity gives another name: so that the body is filled by numbers and few names are compared.
#[derive(Default)]
pub(crate) struct Layout {
    /// The outermost names of all targets, in alphabetical order: a place for each.
    pub(crate) names: Vec<Box<str>>,
    /// The place of each mapping, in the order in which they are applied.
    pub(crate) places: Vec<usize>,
}

impl Layout {
    /// Of all mappings that an event meets.
    pub(crate) fn of<'m>(mappings: impl Iterator<Item = &'m Mapping> + Clone) -> Self {
        let first = |mapping: &'m Mapping| mapping.target.names().first();
        let mut names: Vec<_> = mappings.clone().filter_map(first).cloned().collect();
        names.sort();
        names.dedup();
        let place = |name| names.binary_search(name).ok();
        let places = mappings.filter_map(|mapping| place(first(mapping)?)).collect();
        Self { names, places }
    }
}
