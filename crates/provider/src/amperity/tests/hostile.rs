//! A vendor that does what vendors should not.

use super::*;

#[tokio::test]
async fn a_redirect_is_not_followed_and_the_token_stays_here() {
    use std::sync::atomic::{AtomicU32, Ordering};

    let asked = Arc::new(AtomicU32::new(0));
    let elsewhere = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/", elsewhere.local_addr().unwrap());
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while elsewhere.accept().await.is_ok() {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    });
    let redirect = move || async move { axum::response::Redirect::temporary(&target) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(redirect);
    tokio::spawn(async move { axum::serve(listener, router).await });

    let vendor = Vendor::start().await;
    let client = vendor.client_with(&[("base_url", &format!("'http://{address}'"))]);
    let error = client.look_up(&email("alice@example.com")).await.unwrap_err();
    assert_eq!(error, ProviderError::Unexpected { status: 307 });
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_compressed_answer_is_not_unpacked() {
    use std::io::Write;

    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b' '; 16 * 1024 * 1024]).unwrap();
    let bomb = bomb.finish().unwrap();
    assert!(bomb.len() < 64 * 1024, "small enough to pass the cap as it is");
    let answer = move || async move { ([("content-encoding", "gzip")], bomb) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, router).await });

    let vendor = Vendor::start().await;
    let client = vendor.client_with(&[("base_url", &format!("'http://{address}'"))]);
    let error = client.look_up(&email("alice@example.com")).await.unwrap_err();
    assert!(matches!(error, ProviderError::BadAnswer { reason } if reason.contains("compressed")));
}
