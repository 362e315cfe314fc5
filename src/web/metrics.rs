//! `/metrics`: how the server is, in Prometheus' text. Routes stand in it as templates; it holds counts and
//! times, and nothing about anybody.
//!
//! It is served where everything else is, to a token that may read who did what and is bound to no client.
//! An exception for calls from this machine would be one for the whole world behind a proxy that runs here.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use metrics::{counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::{Caller, Problem};
use crate::app::{App, Standing};
use crate::staff::Act;

/// Where the counts of answer times lie, in seconds.
const TIMES: [f64; 11] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// What was counted since the server began. Cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<PrometheusRecorder>);

impl Default for Metrics {
    fn default() -> Self {
        let with_times = PrometheusBuilder::new().set_buckets(&TIMES);
        let builder = with_times.unwrap_or_else(|_| PrometheusBuilder::new());
        Self(Arc::new(builder.build_recorder()))
    }
}

impl Metrics {
    /// Counts an answer. `route` is a template.
    pub fn answered(&self, method: &Method, route: &str, status: u16, seconds: f64) {
        // What somebody made up as a method would be a new row for each.
        let known = ["GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"];
        let method = known.into_iter().find(|it| *it == method.as_str());
        let labels = [
            ("method", method.unwrap_or("other").to_owned()),
            ("route", route.to_owned()),
        ];
        let of_status = [&labels[..], &[("status", status.to_string())]].concat();
        with_local_recorder(self.0.as_ref(), || {
            counter!("gallra_http_requests_total", &of_status).increment(1);
            histogram!("gallra_http_request_seconds", &labels).record(seconds);
        });
    }

    fn render(&self, standing: &Standing) -> String {
        let truth = |it: bool| f64::from(u8::from(it));
        with_local_recorder(self.0.as_ref(), || {
            let version = env!("CARGO_PKG_VERSION");
            gauge!("gallra_build_info", "version" => version).set(1.0);
            gauge!("gallra_lease_valid").set(truth(standing.lease_valid));
            gauge!("gallra_data_reconciled").set(truth(standing.reconciled));
            gauge!("gallra_mirrors_followed").set(standing.mirrors as f64);
            gauge!("gallra_erasures_unfinished").set(standing.erasures_unfinished as f64);
            gauge!("gallra_receipts_due").set(standing.receipts_due as f64);
            gauge!("gallra_queue_paused").set(truth(standing.queue_paused));
            for (state, jobs) in [
                ("waiting", standing.queue.waiting),
                ("running", standing.queue.running),
                ("failed", standing.queue.failed),
            ] {
                gauge!("gallra_jobs", "state" => state).set(jobs as f64);
            }
            gauge!("gallra_job_oldest_due_seconds").set(standing.oldest_due.as_secs_f64());
        });
        self.0.handle().render()
    }
}

/// How the server is.
pub async fn show(
    State(app): State<Arc<App>>,
    metrics: axum::Extension<Metrics>,
    caller: Caller,
) -> Result<Response, Problem> {
    caller.may_everywhere(Act::ReadAudit)?;
    let text = metrics.render(&app.standing().await?);
    let kind = [(
        header::CONTENT_TYPE,
        "text/plain; version=0.0.4; charset=utf-8",
    )];
    Ok((kind, text).into_response())
}
