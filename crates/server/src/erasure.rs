//! People's wishes, told to vendors: who asks to be forgotten here is forgotten there as well, where the owner
//! switched that on.
//!
//! A vendor is told nothing that the very request did not prove. What it fails to register is not kept to be tried
//! again: it would be kept about somebody who has just asked that nothing is. Whoever asked still has the proof,
//! hears that it failed, and asks again.

use std::sync::Arc;

use datafly_core::id::PipelineKey;
use datafly_core::linking_key::Identifiers;
use datafly_core::visitor::Binding;
use datafly_provider::{Erasure, ProviderError};

use crate::metrics::Metrics;

/// Where one integration's requests are registered.
pub struct VendorErasure {
    /// Its name on the wire and in the page.
    pub name: Arc<str>,
    /// Whether a page's request to be forgotten is registered as well.
    pub on_request: bool,
    /// The vendor.
    pub vendor: Arc<dyn Erasure>,
}

/// Has every vendor that is told of it forget whom the proof names; answers whether all of them have registered it.
/// It is carried through also where nobody waits for the answer any more.
pub async fn forget(
    vendors: &[VendorErasure],
    proof: Binding,
    pipeline: &PipelineKey,
    metrics: &Arc<Metrics>,
) -> bool {
    let told = vendors.iter().filter(|vendor| vendor.on_request);
    let told: Vec<_> = told.map(|it| (Arc::clone(&it.name), Arc::clone(&it.vendor))).collect();
    if told.is_empty() {
        return true;
    }
    let Binding { user_id, email, phone, .. } = proof;
    let who = Identifiers { user_id: Some(user_id), email, phone, ..Identifiers::default() };
    let (pipeline, metrics) = (pipeline.clone(), Arc::clone(metrics));
    let work = tokio::spawn(async move {
        let mut is_registered = true;
        for (name, vendor) in told {
            let outcome = vendor.forget(&who).await;
            metrics.erased(&pipeline, &name, outcome_of(&outcome));
            match outcome {
                Ok(requests) => tracing::info!(
                    pipeline.key = %pipeline,
                    provider.name = %name,
                    requests,
                    "registered that somebody is to be forgotten"
                ),
                Err(error) => {
                    is_registered = false;
                    tracing::error!(
                        pipeline.key = %pipeline,
                        provider.name = %name,
                        %error,
                        "failed to register that somebody is to be forgotten: they were told to ask again"
                    );
                }
            }
        }
        is_registered
    });
    work.await.unwrap_or(false)
}

fn outcome_of(outcome: &Result<usize, ProviderError>) -> &'static str {
    match outcome {
        Ok(0) => "nobody",
        Ok(_) => "registered",
        Err(error) => error.as_str(),
    }
}
