//! HTTP towards vendors: a port for the sockets, and what holds whatever is behind it.
//!
//! [`Transport`] sends one request; [`Network`] is the real one, a test's may be a router in the same
//! process. Every call goes through [`send`], which sets its deadline, and every transport reads its
//! answer with [`Answer::read`], which caps the body and refuses one that is compressed. A request to a host
//! that is not a vendor's says so with [`Reach::Public`].

mod answer;
mod network;
mod reach;
mod resolver;
mod retry_after;
mod transport;

use std::time::Duration;

use ::http::Request;
pub use answer::Answer;
use bytes::Bytes;
pub use network::Network;
pub use reach::Reach;
pub use transport::{HttpError, Transport};

/// Sends the request and reads the answer, all within `deadline`, the body up to `max_bytes`.
pub async fn send(
    transport: &dyn Transport,
    request: Request<Bytes>,
    deadline: Duration,
    max_bytes: usize,
) -> Result<Answer, HttpError> {
    let exchange = transport.send(request, max_bytes);
    tokio::time::timeout(deadline, exchange).await.map_err(|_| HttpError::Deadline)?
}
