//! A house whose client leaves.

use std::time::Duration;

use chrono::NaiveDate;
use gallra::catalog::TenantRef;
use gallra::catalog::types::Channel;
use gallra::catalog::write::{ForwardingChange, MessageChange};
use gallra::offboarding::{Begin, Client, Offboarder, OffboardingError, Person, Status};
use gallra::receipts::Body;
use gallra::receipts::body::Choice;
use gallra::vocabulary::{Clock, ErasureId};

use crate::support::Bench;
use crate::support::house::{House, external_id, message};

/// The house, its offboarding room, and the client `skor` with two people.
pub struct World {
    pub house: House,
    pub tenant: TenantRef,
    pub client: Client,
    pub room: Offboarder,
}

impl World {
    pub async fn new(bench: &Bench) -> World {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        house.person(&tenant, 1, 2).await;
        house.person(&tenant, 2, 1).await;
        let room = Offboarder {
            eraser: house.eraser.clone(),
            approvals: 2,
        };
        let client = room.client("skor").await.expect("the client is there");
        World {
            house,
            tenant,
            client,
            room,
        }
    }

    /// The client as it is now.
    pub async fn again(&self) -> Client {
        self.room.client("skor").await.expect("the client is known")
    }

    pub async fn begin(&self, choice: Choice, ends: &str, grace: u16) -> Status {
        let begin = order(choice, ends, grace);
        self.room
            .begin(&self.client, begin)
            .await
            .expect("it begins")
    }

    pub async fn approve(&self, name: &str) -> Result<Status, OffboardingError> {
        self.room.approve(&self.client, person(name)).await
    }

    pub async fn both_approve(&self) {
        for name in ["Anna Berg", "Lars Ek"] {
            self.approve(name).await.expect("somebody approves");
        }
    }

    pub async fn execute(&self) -> Result<ErasureId, OffboardingError> {
        let client = self.again().await;
        let done = self.room.execute(&client, "skor AB".to_owned()).await?;
        Ok(done.erasure)
    }

    /// The words of what stands in the way.
    pub async fn in_the_way(&self) -> Vec<&'static str> {
        let status = self.room.status(&self.client).await.expect("a status");
        status.obstacles.iter().map(|it| it.kind).collect()
    }

    pub async fn receipt(&self, id: ErasureId) -> Body {
        let receipt = self.house.eraser.log.find(id).await.expect("a receipt");
        receipt.body().expect("it reads")
    }

    /// Records one more message of person 1 by this channel.
    pub async fn message_by(&self, channel: Channel, at: usize) {
        let message = MessageChange {
            channel,
            ..message(1, at, self.house.clock.now())
        };
        let recorded = self.house.catalog.record_message(&self.tenant, message);
        recorded.await.expect("a message");
    }

    pub async fn forward_to(&self, recipient: &str) {
        let forwarding = ForwardingChange {
            case: "fall-1".into(),
            recipient: recipient.to_owned(),
            reason: None,
            at: self.house.clock.now(),
            message: None,
        };
        let recorded = self
            .house
            .catalog
            .record_forwarding(&self.tenant, forwarding);
        recorded.await.expect("a forwarding");
    }

    /// Lets days pass.
    pub fn days(&self, days: u64) {
        self.house
            .clock
            .advance(Duration::from_secs(days * 24 * 60 * 60));
    }

    /// Whether person 1 is found.
    pub async fn is_held(&self) -> bool {
        let identifier = gallra::catalog::Identifier::ExternalId(external_id(1));
        let found = self.house.catalog.find(&identifier, None).await;
        !found.expect("a search").matches.is_empty()
    }
}

pub fn order(choice: Choice, ends: &str, grace: u16) -> Begin {
    Begin {
        choice,
        contract_ends: Some(ends.parse::<NaiveDate>().expect("a date")),
        grace_days: Some(grace),
        instruction: "AVTAL-7".to_owned(),
    }
}

pub fn person(name: &str) -> Person {
    Person {
        name: name.to_owned(),
        known_by: "a test".to_owned(),
    }
}
