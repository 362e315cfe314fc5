//! The installation of the demo: made as a person would make one, by the same calls.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::super::failure::{Exit, Failure};
use super::super::output::Text;
use super::pages::{self, Page};
use crate::app::{App, Purpose};
use crate::catalog::NewTenant;
use crate::config::{Flags, Settings};
use crate::ingest::{Options, import_gallra};
use crate::staff::{NewToken, Role};
use crate::web;

/// The clients: slug, name, registration number, and what their old support system exported.
pub const CLIENTS: [(&str, &str, &str, &str); 3] = [
    (
        "norrsken",
        "Norrsken Sport AB",
        "556677-8899",
        include_str!("norrsken.ndjson"),
    ),
    (
        "brygga",
        "Brygga Kaffe AB",
        "559012-3450",
        include_str!("brygga.ndjson"),
    ),
    (
        "lykta",
        "Lykta Belysning AB",
        "556123-4567",
        include_str!("lykta.ndjson"),
    ),
];

/// An installation that is being served.
pub struct House {
    /// Its settings, to open it again after a restore.
    pub settings: Settings,
    /// The open house.
    pub app: Arc<App>,
    /// A token of the data protection officer.
    pub token: String,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
}

impl House {
    /// Makes the installation and serves it.
    pub async fn build(directory: &Path, listen: &str) -> Result<Self, Failure> {
        let settings = settings(directory, listen)?;
        App::init(&settings).await?;
        let app = App::open(settings.clone(), Purpose::Server).await?;
        for (slug, name, org_no, export) in CLIENTS {
            add(&app, slug, name, org_no, export).await?;
        }
        let new = NewToken {
            name: "demo".to_owned(),
            role: Role::Admin,
            tenant: None,
            expires_at: None,
        };
        let token = app.create_token(new).await?.1.expose().to_owned();
        Self::serve(settings, app, token).await
    }

    /// Opens the house again, as `gallra serve` would, and serves it at the same address.
    pub async fn open(settings: Settings, token: String) -> Result<Self, Failure> {
        let (app, _) = App::open_and_settle(settings.clone(), Purpose::Server).await?;
        Self::serve(settings, app, token).await
    }

    async fn serve(mut settings: Settings, app: App, token: String) -> Result<Self, Failure> {
        let listener = TcpListener::bind(&settings.listen).await.map_err(|error| {
            let message = format!(
                "{}: {error}: choose another --listen address",
                settings.listen
            );
            Failure::new(Exit::Failed, message)
        })?;
        let failed = |error| Failure::from_error(Exit::Failed, &error);
        settings.listen = listener.local_addr().map_err(failed)?.to_string();
        let app = Arc::new(app);
        let (stop, stopped) = oneshot::channel();
        let ended = async move {
            let _ = stopped.await; // A house that is dropped ends as well.
        };
        let served = tokio::spawn(web::serve(listener, app.clone(), ended));
        Ok(Self {
            settings,
            app,
            token,
            stop,
            served,
        })
    }

    /// Ends the server and closes the stores, as Ctrl-C would.
    pub async fn close(self) -> Result<(Settings, String), Failure> {
        let _ = self.stop.send(()); // It may have ended by itself; what it says comes next.
        let ended = self.served.await;
        ended.map_err(|panic| Failure::from_error(Exit::Failed, &panic))?;
        self.app.close().await?;
        Ok((self.settings, self.token))
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("http://{}", self.settings.listen)
    }

    /// Where it is served, and how to ask it.
    pub fn welcome(&self, pages: &[Page]) -> String {
        let address = self.address();
        Text::line("")
            .and(format!("Gallra is served at {address}"))
            .gap()
            .and(pages::shown(pages))
            .and("What is about people takes a token. Give this one to your shell:")
            .and(format!("  TOKEN={}", self.token))
            .and("Who is held of a client, and where somebody is held (at two clients, until the drill):")
            .and(asked(""))
            .and(format!("    {address}/api/v1/tenants/norrsken/contacts"))
            .and(asked("-H 'Content-Type: application/json' "))
            .and(r#"    -d '{"email":"asa.oberg@example.se"}' \"#)
            .and(format!("    {address}/api/v1/contacts:lookup"))
            .to_string()
    }
}

/// A call with the token, but for its address.
pub fn asked(with: &str) -> String {
    format!("  curl -H \"Authorization: Bearer $TOKEN\" {with}\\")
}

fn settings(directory: &Path, listen: &str) -> Result<Settings, Failure> {
    let flags = Flags {
        data_dir: Some(directory.join("gallra-data")),
        other: vec![
            ("listen", listen.to_owned()),
            ("operator", "Exempel Support AB".to_owned()),
            ("operator_org_no", "556000-0001".to_owned()),
        ],
        ..Flags::default()
    };
    // Nothing of this machine's own installation: no variable is read.
    Ok(Settings::resolve(&flags, &|_| None)?)
}

async fn add(app: &App, slug: &str, name: &str, org_no: &str, export: &str) -> Result<(), Failure> {
    let new = NewTenant {
        slug: slug.to_owned(),
        name: name.to_owned(),
        org_no: org_no.to_owned(),
        email: format!("kundtjanst@{slug}.example.se").into(),
        country: "SE".to_owned(),
        languages: vec!["sv".to_owned(), "en".to_owned()],
        timezone: "Europe/Stockholm".to_owned(),
    };
    app.catalog.add_tenant(new).await?;
    let tenant = app.catalog.tenant_ref(slug).await?;
    let options = Options {
        patience: Duration::ZERO,
        ..Options::default()
    };
    import_gallra(&app.catalog, &tenant, export.as_bytes(), options, |_| {}).await?;
    Ok(())
}
