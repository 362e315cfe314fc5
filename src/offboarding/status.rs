//! How far a contract's end has come, and what stands in the way of the purge.

use chrono::NaiveDate;
use serde::Serialize;

use super::hooks::Waiting;
use super::record::{Approval, Export, Task};
use super::rules::{self, Situation, State};
use super::store::Stored;
use super::{Client, Offboarder, OffboardingError, rows, tasks};
use crate::erasure::Preview;
use crate::receipts::Body;
use crate::receipts::body::{Choice, Kind};
use crate::receipts::render::html::Since;
use crate::store::args;
use crate::vocabulary::{ErasureId, OffboardingId, TenantId, Timestamp};

/// An offboarding as everybody sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Status {
    /// Its id.
    pub id: OffboardingId,
    /// Of which client.
    pub tenant: String,
    /// How far it has come.
    pub state: State,
    /// What the client chose; nothing while only an event announced the end.
    pub choice: Option<Choice>,
    /// The contract's last day.
    #[schema(value_type = String, format = Date)]
    pub contract_ends: NaiveDate,
    /// Days waited after it.
    pub grace_days: u16,
    /// From when on a purge is possible.
    pub grace_ends: Timestamp,
    /// The client's instruction.
    pub instruction: Option<String>,
    /// Who began it.
    pub begun_by: String,
    /// When it began.
    pub begun_at: Timestamp,
    /// What is held and would be purged.
    pub counts: Preview,
    /// Approvals, also those of other counts, which do not stand any more.
    pub approvals: Vec<Approval>,
    /// How many approvals stand.
    pub approved: u64,
    /// How many are needed.
    pub approvals_needed: u64,
    /// What was handed over last.
    pub export: Option<Export>,
    /// What was made for handing over before that.
    pub exports_before: Vec<Export>,
    /// Copies elsewhere.
    pub tasks: Vec<Task>,
    /// What stands in the way of the purge; nothing: it may be executed.
    pub obstacles: Vec<InTheWay>,
    /// Why it was called off.
    pub cancelled: Option<String>,
    /// The purge's receipt.
    pub receipt_id: Option<ErasureId>,
}

/// What stands in the way, and what to do about it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct InTheWay {
    /// A word for programs.
    pub kind: &'static str,
    /// For people.
    pub detail: String,
}

impl Offboarder {
    /// How far a client's offboarding has come: the newest one, when there were several.
    pub async fn status(&self, client: &Client) -> Result<Status, OffboardingError> {
        let stored = self.newest(client.id).await?;
        let waiting = self.waiting_for_a_person().await?;
        let waiting = waiting.into_iter().find(|it| it.tenant == client.slug);
        let Some(stored) = stored else {
            let slug = client.slug.clone();
            return Err(match waiting {
                Some(Waiting { event, .. }) => OffboardingError::NeedsAPerson { slug, event },
                None => OffboardingError::NotBegun(slug),
            });
        };
        let purged = self.eraser.catalog.keyring.purge_of(client.id).await?;
        let holds = self.holds(client).await?;
        let counts = self.eraser.count_tenant(client.id).await?;
        let situation = Situation {
            record: &stored.record,
            timezone: &client.timezone,
            now: self.eraser.catalog.clock.now(),
            holds: &holds,
            counts,
            approvals: self.approvals,
        };
        let state = match purged {
            Some(_) => State::Purged,
            None => rules::state(&situation),
        };
        let obstacles = match state {
            State::Purged | State::Purging | State::Cancelled => Vec::new(),
            _ => rules::obstacles(&situation),
        };
        let obstacles = obstacles.iter().map(|it| InTheWay {
            kind: it.word(),
            detail: it.remedy(&client.slug),
        });
        let obstacles = obstacles.collect();
        let approved = rules::standing(&stored.record, &counts).count() as u64;
        Ok(self.view(
            client,
            stored,
            (state, obstacles),
            (counts, approved),
            purged,
        ))
    }

    fn view(
        &self,
        client: &Client,
        stored: Stored,
        (state, obstacles): (State, Vec<InTheWay>),
        (counts, approved): (Preview, u64),
        receipt_id: Option<ErasureId>,
    ) -> Status {
        let it = stored.record;
        Status {
            id: stored.id,
            tenant: client.slug.clone(),
            state,
            choice: it.choice,
            contract_ends: it.contract_ends,
            grace_days: it.grace_days,
            grace_ends: rules::end_of(it.contract_ends, it.grace_days, &client.timezone),
            instruction: it.instruction,
            begun_by: it.begun_by,
            begun_at: stored.begun_at,
            counts,
            approvals: it.approvals,
            approved,
            approvals_needed: self.approvals as u64,
            export: it.export,
            exports_before: it.exports_before,
            tasks: it.tasks,
            obstacles,
            cancelled: it.cancelled,
            receipt_id,
        }
    }

    /// Clients whose contract end is recorded and not called off, the purged among them.
    pub async fn under_way(&self) -> Result<Vec<Client>, OffboardingError> {
        let mut tx = self.eraser.catalog.keyring.snapshot_vault().await?;
        let open = tx.fetch_all(rows::vault::OPEN, args![]).await?;
        tx.rollback().await?;
        let mut clients = Vec::with_capacity(open.len());
        for row in &open {
            let tenant: TenantId = row.id(0)?;
            clients.extend(self.client_of(tenant).await?);
        }
        Ok(clients)
    }

    /// What others confirmed since a receipt was signed, for its certificate.
    pub async fn confirmed_since(&self, body: &Body) -> Result<Vec<Since>, OffboardingError> {
        if body.kind != Kind::TenantPurge {
            return Ok(Vec::new());
        }
        let stored = self.newest(body.tenant.id).await?;
        let tasks = stored.map(|it| it.record.tasks).unwrap_or_default();
        let confirmed = tasks.iter().filter_map(|task| {
            let evidence = tasks::words(task.confirmed.as_ref()?);
            let place = task.place.clone();
            Some(Since { place, evidence })
        });
        Ok(confirmed.collect())
    }
}
