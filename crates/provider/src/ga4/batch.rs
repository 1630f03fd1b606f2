//! Which events travel together: those of one client, as many as a request takes.

use serde_json::{Map, Value};

use super::limits;
use super::wire::{self, Fitted};

/// The events of one request, and where each stands in the batch that was handed over.
#[derive(Debug)]
pub(super) struct Together {
    pub(super) client: Map<String, Value>,
    pub(super) events: Vec<Value>,
    pub(super) places: Vec<usize>,
    bytes: usize,
}

/// Sorts events into requests. Events of one client keep their order.
pub(super) fn by_client(fitted: impl IntoIterator<Item = (usize, Fitted)>) -> Vec<Together> {
    let mut requests: Vec<Together> = Vec::new();
    for (place, Fitted { client, event, bytes }) in fitted {
        // The newest of this client, so that an event never overtakes one before it.
        let newest = requests.iter_mut().rev().find(|request| request.client == client);
        if let Some(request) = newest.filter(|request| request.takes(bytes)) {
            request.events.push(event);
            request.places.push(place);
            request.bytes += bytes + 1;
        } else {
            let bytes = wire::bytes_of_client(&client) + bytes;
            requests.push(Together { client, events: vec![event], places: vec![place], bytes });
        }
    }
    requests
}

impl Together {
    fn takes(&self, bytes: usize) -> bool {
        // One more for the comma.
        self.events.len() < limits::MAX_EVENTS && self.bytes + bytes < limits::MAX_BODY_BYTES
    }
}
