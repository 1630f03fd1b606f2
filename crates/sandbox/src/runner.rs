//! What the `datafly sandbox` command runs: both listeners, one shutdown.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::config::SandboxConfig;
use crate::sandbox::Sandbox;

/// Where to listen. Port 0 takes a free one.
#[derive(Debug, Clone, Copy)]
pub struct Addresses {
    /// The vendor, the control routes and the page. They keep other sites' pages out and nobody else: keep it on
    /// loopback.
    pub vendor: SocketAddr,
    /// The shop; none for no shop.
    pub shop: Option<SocketAddr>,
}

/// A sandbox whose addresses are taken, so that connections already queue.
pub struct Bound {
    sandbox: Sandbox,
    vendor: (TcpListener, SocketAddr),
    shop: Option<(TcpListener, SocketAddr)>,
}

/// Makes the sandbox and takes its addresses. Prints nothing.
pub async fn bind(config: SandboxConfig, clock: Clock, addresses: Addresses) -> io::Result<Bound> {
    let vendor = listen(addresses.vendor).await?;
    let shop = match addresses.shop {
        Some(address) => Some(listen(address).await?),
        None => None,
    };
    Ok(Bound { sandbox: Sandbox::new(config, clock), vendor, shop })
}

async fn listen(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    Ok((listener, bound))
}

impl Bound {
    /// A handle to the sandbox.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Where the vendor listens. A provider's `base_url` is `http://{this}/amperity`.
    pub fn vendor_addr(&self) -> SocketAddr {
        self.vendor.1
    }

    /// Where the shop listens.
    pub fn shop_addr(&self) -> Option<SocketAddr> {
        self.shop.as_ref().map(|(_, address)| *address)
    }

    /// Serves until `shutdown` completes and open requests are answered.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> io::Result<()> {
        let (running, ended) = watch::channel(());
        let until_end = move || {
            let mut ended = ended.clone();
            // An error means that the sender is gone, which is the signal.
            async move { drop(ended.changed().await) }
        };
        let vendor = self.sandbox.clone().serve(self.vendor.0, until_end());
        let shop = async {
            match self.shop {
                Some((listener, _)) => self.sandbox.serve_shop(listener, until_end()).await,
                None => Ok(()),
            }
        };
        let wait = async {
            shutdown.await;
            drop(running);
            Ok(())
        };
        tokio::try_join!(vendor, shop, wait).map(|_| ())
    }
}
