//! Looking at everything, also where the house does not open: `gallra doctor`.

use std::time::Duration;

use serde::Serialize;

use super::{App, AppError, Purpose, mirror, needed, root};
use crate::config::{NO_OPERATOR, Settings};
use crate::erasure::Standing;
use crate::keyring::assurance::{self, Level};
use crate::keyring::{Keyring, KeyringError, who_is_inside};
use crate::receipts::SigningKey;
use crate::store::{Db, Engine, Role, StoreError, archive};
use crate::vocabulary::Lang;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// In order.
    Ok,
    /// It works, and something should be done.
    Warning,
    /// It does not work.
    Failed,
}

/// What was found out about one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which part.
    pub part: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found, and what to do.
    pub detail: String,
}

impl Finding {
    fn new(part: &'static str, health: Health, detail: impl Into<String>) -> Self {
        Self {
            part,
            health,
            detail: detail.into(),
        }
    }

    fn of<E: std::fmt::Display>(part: &'static str, found: Result<String, E>) -> Self {
        match found {
            Ok(detail) => Self::new(part, Health::Ok, detail),
            Err(error) => Self::new(part, Health::Failed, error.to_string()),
        }
    }
}

/// Looks at every part. Changes nothing but to run migrations.
pub async fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![operator(settings)];
    let gate = match Keyring::keep_restores_out(&root(settings), Duration::ZERO).await {
        Ok(gate) => gate,
        Err(error @ KeyringError::Restoring(_)) => {
            findings.push(Finding::new("data", Health::Failed, error.to_string()));
            return findings;
        }
        Err(_) => None, // The key tree says it below.
    };
    if let Err(error @ AppError::InitUnfinished(_)) =
        mirror::vault(settings, Purpose::Command).await
    {
        findings.push(Finding::new(
            "installation",
            Health::Failed,
            error.to_string(),
        ));
        return findings;
    }
    let mut stores = Vec::new();
    for (part, url, role) in [
        ("data", &settings.database_url, Role::Data),
        ("vault", &settings.vault_url, Role::Vault),
        ("index", &settings.index_url, Role::Index),
    ] {
        let opened = match role {
            Role::Vault => mirror::vault(settings, Purpose::Command).await,
            _ => needed(url, role, Purpose::Command).await,
        };
        match opened {
            Ok(db) => {
                findings.push(Finding::new(part, Health::Ok, db.place()));
                stores.push(db);
            }
            Err(error) => findings.push(Finding::new(part, Health::Failed, error.to_string())),
        }
    }
    if let [data, vault, index] = &stores[..] {
        findings.extend(servers(data, vault, index).await);
    }
    for store in &stores {
        findings.extend(left_over(store).await);
        store.close().await;
    }
    drop(gate);
    findings.push(root_directory(settings));
    findings.extend(processes(settings));
    findings.push(Finding::of(
        "signing key",
        SigningKey::open(&settings.signing_key()).map(|key| key.verifier().to_string()),
    ));
    findings.extend(house(settings).await);
    findings
}

fn operator(settings: &Settings) -> Finding {
    match settings.operator.as_str() {
        NO_OPERATOR => Finding::new(
            "operator",
            Health::Warning,
            "receipts do not name the operator: set operator in gallra.toml, or GALLRA_OPERATOR",
        ),
        name => Finding::new("operator", Health::Ok, name),
    }
}

fn root_directory(settings: &Settings) -> Finding {
    let (root, directory) = (root(settings), settings.root.display());
    if !root.exists() {
        let what =
            format!("{directory} holds no root: check GALLRA_ROOT, or `gallra mirror promote DIR`");
        return Finding::new("root", Health::Failed, what);
    }
    let open = match root.open_to_others() {
        Ok(open) => open,
        Err(error) => {
            return Finding::new("root", Health::Failed, format!("{directory}: {error}"));
        }
    };
    let chmods = open.iter().map(|path| {
        let mode = if path.is_dir() { 700 } else { 600 };
        let path = path.display();
        format!("{path} can be read by others: run `chmod {mode} {path}`")
    });
    match open.is_empty() {
        true => Finding::new("root", Health::Ok, directory.to_string()),
        false => {
            let what = chmods.collect::<Vec<_>>().join("; ");
            Finding::new("root", Health::Warning, what)
        }
    }
}

/// Who works here: whoever waits may wait for one of them.
fn processes(settings: &Settings) -> Option<Finding> {
    let inside = match who_is_inside(&root(settings)) {
        Ok(inside) => inside,
        Err(error) => return Some(Finding::new("processes", Health::Failed, error.to_string())),
    };
    let health = match inside.iter().any(|it| it.contains("SIGCONT")) {
        true => Health::Warning,
        false => Health::Ok,
    };
    (!inside.is_empty()).then(|| Finding::new("processes", health, inside.join("; ")))
}

/// What restores that were cut off left beside the data.
async fn left_over(store: &Db) -> Vec<Finding> {
    match archive::left_over(store).await {
        Ok(found) => {
            let warning = |what| Finding::new("left over", Health::Warning, what);
            found.into_iter().map(warning).collect()
        }
        Err(error) => vec![Finding::new(
            "left over",
            Health::Warning,
            error.to_string(),
        )],
    }
}

/// On PostgreSQL: what its copies keep is out of our reach, so they must not keep the wrong things.
async fn servers(data: &Db, vault: &Db, index: &Db) -> Option<Finding> {
    if [data, vault, index]
        .iter()
        .all(|db| db.engine() == Engine::Sqlite)
    {
        return None;
    }
    Some(match look_at_servers(data, vault, index).await {
        Ok(None) => Finding::new("servers", Health::Ok, "the index has a cluster of its own"),
        Ok(Some((health, what))) => Finding::new("servers", health, what),
        Err(error) => Finding::new("servers", Health::Warning, error.to_string()),
    })
}

async fn look_at_servers(
    data: &Db,
    vault: &Db,
    index: &Db,
) -> Result<Option<(Health, &'static str)>, StoreError> {
    let (data, vault, index) = (
        data.server().await?,
        vault.server().await?,
        index.server().await?,
    );
    if vault
        .as_ref()
        .is_some_and(|it| it.asynchronous_standbys > 0)
    {
        return Ok(Some((
            Health::Failed,
            "the vault has an asynchronous standby: after failing over to it, erasures would be \
             undone; make it synchronous (synchronous_standby_names) or remove it",
        )));
    }
    let cluster = |server: &Option<crate::store::Server>| server.clone().map(|it| it.cluster);
    let shared = [&data, &vault]
        .iter()
        .any(|it| it.is_some() && cluster(it) == cluster(&index));
    Ok(shared.then_some((
        Health::Warning,
        "the index shares a cluster with data or vault: its tokens are in that cluster's \
         write-ahead log and archive; give INDEX_URL a cluster that is not archived",
    )))
}

/// What shows only in the open house.
async fn house(settings: &Settings) -> Vec<Finding> {
    let app = match App::open_unsettled(settings.clone(), Purpose::Command).await {
        Ok(app) => app,
        Err(error) => return vec![Finding::new("key tree", Health::Failed, error.to_string())],
    };
    let mut findings = vec![
        Finding::of("key tree", key_tree(&app).await),
        standing(&app).await,
        mirrors(&app).await,
        reach(settings),
    ];
    findings.extend(imports(&app).await);
    findings.extend(receipts(&app).await);
    if let Err(error) = app.close().await {
        findings.push(Finding::new("key tree", Health::Failed, error.to_string()));
    }
    findings
}

/// Clients whose imports wait, because the index does not know everybody who was erased.
async fn imports(app: &App) -> Option<Finding> {
    match app.catalog.waiting_for_confirmation().await {
        Ok(waiting) if waiting.is_empty() => None,
        Ok(waiting) => Some(Finding::new(
            "imports",
            Health::Warning,
            format!(
                "the search index was lost or is not the one of today, and with it whom imports must \
                 not bring back: imports of {} client(s) wait for `gallra tenant allow-imports SLUG`",
                waiting.len()
            ),
        )),
        Err(error) => Some(Finding::new("imports", Health::Failed, error.to_string())),
    }
}

/// Erasures that only their receipts tell of: a late mirror became the vault, and the data does not know
/// them either.
async fn receipts(app: &App) -> Option<Finding> {
    let forgotten = match app.eraser.forgotten_by_promotion().await {
        Ok(forgotten) if forgotten.is_empty() => return None,
        Ok(forgotten) => forgotten,
        Err(error) => return Some(Finding::new("receipts", Health::Failed, error.to_string())),
    };
    let each = forgotten.iter().map(|it| {
        let (seq, tenant, instruction) = (it.seq, &it.tenant, &it.instruction);
        format!("number {seq} of {tenant} (instruction {instruction})")
    });
    let detail = format!(
        "signed for the vault that was lost, of erasures that the promoted mirror had not heard of, and \
         that nothing here knows: {}; have each given again, and carry it out",
        each.collect::<Vec<_>>().join(", ")
    );
    Some(Finding::new("receipts", Health::Warning, detail))
}

async fn key_tree(app: &App) -> Result<String, AppError> {
    let head = app.keyring.head().await?;
    let erasures = app.keyring.erasures().await?;
    Ok(format!(
        "epoch {}, {erasures} erasures in the ledger",
        head.epoch
    ))
}

async fn standing(app: &App) -> Finding {
    let (health, detail) = match app.eraser.standing().await {
        Ok(Standing::Settled) => match app.eraser.waits_for_mirrors().await {
            Ok(None) => (Health::Ok, "the data agrees with the vault".to_owned()),
            Ok(Some(late)) => (Health::Warning, waiting(&late)),
            Err(error) => (Health::Failed, error.to_string()),
        },
        Ok(Standing::Behind) => (
            Health::Warning,
            match app.eraser.waits_for_mirrors().await {
                Ok(Some(late)) => waiting(&late),
                _ => "erasures or receipts are unfinished: run `gallra reconcile`".to_owned(),
            },
        ),
        Ok(Standing::Restored) => (
            Health::Warning,
            "the data was restored: run `gallra reconcile` before anything is served".to_owned(),
        ),
        Err(error) => (Health::Failed, error.to_string()),
    };
    Finding::new("standing", health, detail)
}

fn waiting(late: &str) -> String {
    format!("receipts wait for mirror {late}: start it, then run `gallra reconcile`")
}

/// Which mirrors follow, and which are late.
async fn mirrors(app: &App) -> Finding {
    let found = match app.mirror_warning().await {
        Ok(Some(warning)) => return Finding::new("mirrors", Health::Warning, warning),
        Ok(None) => app.keyring.mirrors().await.map_err(AppError::from),
        Err(error) => Err(error),
    };
    Finding::of(
        "mirrors",
        found.map(|mirrors| {
            let each = mirrors.iter().map(|it| {
                format!(
                    "{} holds everything up to change {}, heard of at {}",
                    it.name,
                    it.version,
                    it.acknowledged_at.to_utc().format("%H:%M:%S UTC")
                )
            });
            each.collect::<Vec<_>>().join("; ")
        }),
    )
}

/// The level with its reasons, so that it is known what would raise it.
fn reach(settings: &Settings) -> Finding {
    let judged = assurance::of_root(&root(settings));
    let level = match judged.level {
        Level::A => "A, old copies of the data are dead",
        Level::B => "B, old copies of data and vault are dead",
        Level::C => "C, old copies of data, vault and whole disks are dead",
    };
    let health = if judged.level == Level::A {
        Health::Warning
    } else {
        Health::Ok
    };
    // Each reason is a sentence.
    let detail = format!("{level}. {}", judged.words(Lang::En).join(" "));
    Finding::new("assurance", health, detail.trim_end())
}
