//! The receipt log as c2sp.org/tlog-tiles serves it, for anyone.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use serde_json::{Value, json};

use super::Problem;
use crate::app::App;
use crate::receipts::ReceiptError;
use crate::receipts::tiles::TilePath;

/// The newest signed checkpoint. It changes with every receipt.
pub async fn checkpoint(State(app): State<Arc<App>>) -> Result<impl IntoResponse, Problem> {
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    Ok((headers, app.log.checkpoint().await?))
}

/// A tile. One that is served never changes, whatever its width.
pub async fn tile(
    State(app): State<Arc<App>>,
    Path(path): Path<String>,
) -> Result<impl IntoResponse, Problem> {
    let path: TilePath = format!("tile/{path}")
        .parse()
        .map_err(|_| ReceiptError::NoSuchTile)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    Ok((headers, app.log.tile(path).await?))
}

/// Which log this is, and the key to check it with.
pub async fn description(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "origin": app.log.origin(),
        "keys": [app.log.verifier().to_string()],
        "checkpoint": "/log/checkpoint",
        "tiles": "/log/tile/",
    }))
}
