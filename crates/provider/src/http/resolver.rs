//! The resolver behind [`Reach::Public`](super::Reach::Public): it answers with public addresses only.

use std::net::SocketAddr;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use super::reach::is_public;

/// Every address of the name is a special one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the host has no public address")]
pub(super) struct NotPublic;

/// Asks the operating system, and keeps what is public. A connection is made to nothing else, so what the
/// name says at another time does not matter.
pub(super) struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|found| is_public(found.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}
