//! Runs the stages and workers of all pipelines, as the configuration of the moment has them.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use datafly_core::id::PipelineKey;
use datafly_store::queue::{Consumer, DestinationName};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::stage::{self, Step};
use super::worker::Worker;
use crate::app::App;

/// After the store has failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Of a stage that has heard of nothing new: what was appended while it was not listening is found by this.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Upkeep goes on at once while it has more to do.
const UPKEEP_EVERY: Duration = Duration::from_mins(5);

/// Runs until `until_stopped` is done; then each part ends what it has in hand.
pub async fn run(app: Arc<App>, mut until_stopped: watch::Receiver<()>) {
    let mut upkeep = JoinSet::new();
    upkeep.spawn(keep_up(Arc::clone(&app), until_stopped.clone()));
    loop {
        let reconfigured = app.reconfigured();
        let (stop, stopped) = watch::channel(());
        let mut parts = start(&app, &stopped).await;
        let ends = tokio::select! {
            _ = until_stopped.changed() => true,
            () = reconfigured => false,
        };
        drop(stop);
        while parts.join_next().await.is_some() {}
        if ends {
            while upkeep.join_next().await.is_some() {}
            return;
        }
    }
}

/// Starts everything that the configuration of the moment asks for.
async fn start(app: &Arc<App>, stopped: &watch::Receiver<()>) -> JoinSet<()> {
    let mut parts = JoinSet::new();
    app.outbox.late.clear();
    let configured = app.configured();
    for pipeline in configured.pipelines.iter() {
        open_consumers(app, &pipeline.key, pipeline.recipients.iter().map(|it| it.name.clone()))
            .await;
        parts.spawn(run_stage(Arc::clone(app), pipeline.key.clone(), stopped.clone()));
        for recipient in &pipeline.recipients {
            let worker = Worker::new(Arc::clone(app), pipeline.key.clone(), Arc::clone(recipient));
            parts.spawn(run_worker(Arc::clone(app), worker, stopped.clone()));
        }
    }
    parts
}

/// A destination that is new starts now; one that is gone is let go of what it has.
async fn open_consumers(
    app: &App,
    pipeline: &PipelineKey,
    names: impl Iterator<Item = DestinationName>,
) {
    let names: Vec<_> = names.collect();
    let queue = &app.outbox.queue;
    let gone = match queue.open_consumers(pipeline, &names).await {
        Ok(gone) => gone,
        Err(error) => {
            tracing::error!(%error, pipeline.key = %pipeline, "failed to open the destinations' queues");
            return;
        }
    };
    for destination in gone {
        let consumer = Consumer { pipeline: pipeline.clone(), destination };
        tracing::warn!(
            pipeline.key = %pipeline,
            destination.name = %consumer.destination,
            "a destination is no longer configured: what waits for it is kept, and goes on if it comes back"
        );
        if let Err(error) = queue.drain(&consumer).await {
            tracing::error!(%error, pipeline.key = %pipeline, "failed to close a destination's queue");
        }
    }
}

async fn run_stage(app: Arc<App>, key: PipelineKey, mut stopped: watch::Receiver<()>) {
    loop {
        // Before looking: what happens from here on wakes it.
        let (accepted, settled) = (app.outbox.accepted.notified(), app.outbox.settled.notified());
        let goes_on = match stage::step(&app, &key).await {
            Ok(Step::Enriched) => go_on(Duration::ZERO, pending(), &mut stopped).await,
            Ok(Step::Idle) => go_on(LOOK_AGAIN, accepted, &mut stopped).await,
            Ok(Step::Ahead) => go_on(LOOK_AGAIN, settled, &mut stopped).await,
            Err(error) => {
                tracing::error!(%error, pipeline.key = %key, "failed to enrich events");
                go_on(AFTER_FAILURE, pending(), &mut stopped).await
            }
        };
        if !goes_on {
            return;
        }
    }
}

async fn run_worker(app: Arc<App>, mut worker: Worker, mut stopped: watch::Receiver<()>) {
    loop {
        let more = app.outbox.enriched.notified();
        let wait = match worker.step(&stopped).await {
            Ok(wait) => wait.unwrap_or_default(),
            Err(error) => {
                tracing::error!(%error, "failed to deliver events");
                AFTER_FAILURE
            }
        };
        if !go_on(wait, more, &mut stopped).await {
            return;
        }
    }
}

/// Waits for more, at most so long. Whether to go on.
async fn go_on(
    wait: Duration,
    more: impl Future<Output = ()>,
    stopped: &mut watch::Receiver<()>,
) -> bool {
    if wait.is_zero() {
        return stopped.has_changed().is_ok();
    }
    tokio::select! {
        _ = stopped.changed() => false,
        () = more => true,
        () = tokio::time::sleep(wait) => true,
    }
}

/// Keeps the disk from growing without end.
async fn keep_up(app: Arc<App>, mut until_stopped: watch::Receiver<()>) {
    loop {
        let wait = match app.outbox.queue.upkeep(app.clock.now()).await {
            Ok(true) => Duration::from_millis(10),
            Ok(false) => UPKEEP_EVERY,
            Err(error) => {
                tracing::warn!(%error, "failed to keep the outbox's files small");
                UPKEEP_EVERY
            }
        };
        tokio::select! {
            _ = until_stopped.changed() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}
