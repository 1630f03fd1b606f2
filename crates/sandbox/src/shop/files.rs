//! The site's files.
//!
//! A path names a file below the configured folder, or a folder whose `index.html` is meant. Segments
//! that climb are refused before the file system is asked, and links that lead out after.

use std::io;
use std::path::{Component, Path as FsPath, PathBuf};

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::html;
use crate::config::ShopConfig;
use crate::refusal::Refusal;
use crate::sandbox::Sandbox;

const HTML: &str = "text/html; charset=utf-8";

pub(super) async fn index(State(sandbox): State<Sandbox>) -> Result<Response, Refusal> {
    serve(sandbox.shop(), String::new()).await
}

pub(super) async fn file(
    State(sandbox): State<Sandbox>,
    Path(path): Path<String>,
) -> Result<Response, Refusal> {
    serve(sandbox.shop(), path).await
}

async fn serve(shop: ShopConfig, path: String) -> Result<Response, Refusal> {
    let missing = || Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", "no such file");
    let root = shop.static_dir.clone().ok_or_else(missing)?;
    // Any failure to read is the same to a visitor: there is no such page.
    let read = tokio::task::spawn_blocking(move || read(&root, &path)).await;
    let (file, bytes) = read.ok().and_then(Result::ok).ok_or_else(missing)?;
    let content_type = content_type(&file);
    if content_type == HTML {
        let page = html::fill(&String::from_utf8_lossy(&bytes), &shop);
        return Ok(([(header::CONTENT_TYPE, HTML)], page).into_response());
    }
    Ok(([(header::CONTENT_TYPE, content_type)], bytes).into_response())
}

fn read(root: &FsPath, path: &str) -> io::Result<(PathBuf, Vec<u8>)> {
    let not_found = || io::Error::from(io::ErrorKind::NotFound);
    let relative = FsPath::new(path);
    let plain = relative.components().all(|part| matches!(part, Component::Normal(_)));
    if !plain || path.contains(['\\', '\0']) {
        return Err(not_found());
    }
    let root = root.canonicalize()?;
    let mut file = root.join(relative).canonicalize()?;
    if file.is_dir() {
        file = file.join("index.html").canonicalize()?;
    }
    if !file.starts_with(&root) {
        return Err(not_found());
    }
    let bytes = std::fs::read(&file)?;
    Ok((file, bytes))
}

fn content_type(file: &FsPath) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => HTML,
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("webp") => "image/webp",
        Some("gif") => "image/gif",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
