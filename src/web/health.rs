//! Whether the process runs, whether it can work, and what it is.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Problem;
use crate::app::App;

/// The process answers.
pub async fn process() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// Stores answer, the lease is valid, the data is reconciled.
pub async fn ready(State(app): State<Arc<App>>) -> Result<Json<Value>, Problem> {
    match app.readiness().await {
        Ok(()) => Ok(Json(json!({ "status": "ready" }))),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            let detail = "not ready; the server's log says why, `gallra doctor` what to do";
            Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "not-ready",
                detail,
            ))
        }
    }
}

/// Name and version.
pub async fn version() -> Json<Value> {
    Json(json!({ "name": "gallra", "version": env!("CARGO_PKG_VERSION") }))
}
