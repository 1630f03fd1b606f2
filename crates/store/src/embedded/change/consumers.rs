//! Consumers come and go.

use datafly_core::id::PipelineKey;

use super::super::pipeline::Lane;
use super::Change;
use crate::queue::{Consumer, DestinationName};

impl Change<'_> {
    pub(in super::super) fn open_consumers(
        &mut self,
        key: &PipelineKey,
        destinations: &[DestinationName],
    ) -> Vec<DestinationName> {
        for destination in destinations {
            if let Some(lane) = self.pipeline(key).lanes.get_mut(destination) {
                lane.until = None;
                continue;
            }
            let number = self.number();
            let pipeline = self.pipeline(key);
            let lane = Lane::new(number, pipeline.enriched);
            pipeline.lanes.insert(destination.clone(), lane);
        }
        let lanes = self.known(key).map(|pipeline| pipeline.lanes.keys());
        let unnamed = |lane: &&DestinationName| !destinations.contains(lane);
        lanes.into_iter().flatten().filter(unnamed).cloned().collect()
    }

    pub(in super::super) fn drain(&mut self, consumer: &Consumer) {
        let Some(pipeline) = self.known(&consumer.pipeline) else { return };
        let enriched = pipeline.enriched;
        if let Some(lane) = pipeline.lanes.get_mut(&consumer.destination) {
            lane.until.get_or_insert(enriched);
            pipeline.drop_drained();
        }
    }

    /// What the lane held is garbage from now on, since no lane has its number.
    pub(in super::super) fn purge(&mut self, consumer: &Consumer) {
        if let Some(pipeline) = self.known(&consumer.pipeline) {
            pipeline.lanes.remove(&consumer.destination);
        }
    }
}
