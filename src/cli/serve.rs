//! `gallra serve`: the server.

use std::sync::Arc;

use serde::Serialize;
use tokio::net::TcpListener;

use super::failure::{Exit, Failure};
use super::output::{Output, Text};
use super::signals;
use crate::app::{App, Purpose};
use crate::config::Settings;
use crate::web;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Address and port [env: GALLRA_LISTEN] [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

impl Arguments {
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        self.listen
            .iter()
            .map(|address| ("listen", address.clone()))
            .collect()
    }
}

#[derive(Debug, Serialize)]
struct Listening {
    listening: String,
}

pub async fn run(settings: Settings, output: Output) -> Result<(), Failure> {
    let listener = TcpListener::bind(&settings.listen).await.map_err(|error| {
        let message = format!(
            "{}: {error}: choose another --listen address",
            settings.listen
        );
        Failure::new(Exit::Failed, message)
    })?;
    let ended = signals::ended()?;
    let (app, settled) = App::open_and_settle(settings, Purpose::Server).await?;
    tracing::info!(
        restored = settled.restored,
        carried_out = settled.carried_out,
        receipts = settled.receipts,
        pending = settled.pending,
        "unfinished erasures are finished"
    );
    if let Some(warning) = app.mirror_warning().await? {
        tracing::warn!("{warning}");
    }
    let address = listener
        .local_addr()
        .map_err(|error| Failure::from_error(Exit::Failed, &error))?;
    let answer = Listening {
        listening: format!("http://{address}"),
    };
    output.give(&answer, |it| {
        Text::line(format!("Gallra listens on {}", it.listening))
    })?;
    let app = Arc::new(app);
    web::serve(listener, app.clone(), ended).await;
    tracing::info!("stopping");
    Ok(app.close().await?)
}
