//! Holds: whom one is on is not erased, whatever else happens, until it is lifted.

use gallra::erasure::EraseError;
use gallra::vocabulary::HoldId;
use proptest::sample::Index;

use super::Run;
use crate::model::{Hold, Order, Who};

impl Run<'_> {
    /// Holds a person, or all of their client.
    pub(super) async fn hold(&mut self, who: Who, whole: bool) {
        self.prepare(Order::Erase(who)).await;
        let (tenant, contact) = self.model.world.subject(Order::Erase(who)).unwrap();
        let contact = contact.filter(|_| !whole);
        let id = self
            .house
            .eraser
            .add_hold(tenant, contact, "TVIST-4")
            .await
            .unwrap();
        self.model.duties.holds(Hold {
            id,
            tenant,
            contact,
        });
    }

    /// Lifts a hold, if there is one.
    pub(super) async fn lift(&mut self, at: &Index) {
        let holds = self.model.duties.in_force();
        if !holds.is_empty() {
            let id = at.get(holds).id;
            self.release([id]).await;
        }
    }

    /// Lifts whatever keeps an order from being carried out.
    pub(super) async fn release_for(&mut self, order: Order) {
        self.release(self.model.in_the_way(order)).await;
    }

    /// Lifts every hold.
    pub(super) async fn release_all(&mut self) {
        let all: Vec<HoldId> = self
            .model
            .duties
            .in_force()
            .iter()
            .map(|hold| hold.id)
            .collect();
        self.release(all).await;
    }

    async fn release(&mut self, holds: impl IntoIterator<Item = HoldId>) {
        for id in holds {
            assert!(self.house.eraser.release_hold(id).await.unwrap());
            self.model.duties.releases(id);
        }
    }

    /// Whoever is held is not erased: nothing is changed, which the next look at the house shows.
    pub(super) async fn is_refused(&self, order: Order) {
        let refused = self.order(order).await;
        assert!(matches!(refused, Err(EraseError::Held(_))), "{refused:?}");
    }
}
