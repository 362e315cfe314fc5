//! Processes that are killed inside the protocol, and others that are killed while they recover.

use gallra::catalog::TenantRef;
use gallra::vocabulary::{Clock, FixedClock};
use proptest::sample::Index;

use super::{Run, Then};
use crate::crash::{POINTS, points_of_a_person, points_of_a_purge};
use crate::model::Order;
use crate::rehousing;
use crate::support::Bench;
use crate::support::house::House;
use crate::tools::process::{FailPoint, Running};
use crate::worker::worker_at;

impl Order {
    /// What a worker is told.
    fn words(self, tenant: &TenantRef) -> String {
        match self {
            Order::Erase((_, number)) => format!("erase {number}"),
            Order::Strict((_, number)) => format!("strict {number}"),
            Order::Redact((_, number)) => format!("rehouse {number}"),
            Order::Purge(_) => format!("purge {}", tenant.slug),
        }
    }

    /// The points it passes, in order.
    fn points(self) -> Vec<&'static str> {
        match self {
            Order::Erase(_) | Order::Strict(_) => points_of_a_person().collect(),
            Order::Redact(_) => rehousing::points(),
            Order::Purge(_) => points_of_a_purge().collect(),
        }
    }
}

impl Run<'_> {
    pub(super) async fn crash(mut self, order: Order, at: &Index, then: &Then) -> Self {
        self.prepare(order).await;
        self.release_for(order).await;
        if matches!(then, Then::Restore(_)) && self.model.backups() == 0 {
            self.back_up().await;
        }
        let tenant = self.model.world.tenant(order.tenant()).cloned().unwrap();
        let subject = self.model.world.subject(order);
        let (bench, clock) = (self.bench, self.clock.clone());
        self.house.close().await;
        let mut points = order.points();
        // No receipt is composed before the mirror has followed.
        points.retain(|point| !self.mirrored || !point.starts_with("receipt:"));
        let point = points[at.index(points.len())];
        let mut command = worker_at(
            bench,
            &tenant.slug,
            clock.now(),
            [order.words(&tenant).as_str()],
        );
        FailPoint::abort(point).set(&mut command);
        let finished = Running::start(command).finish();
        assert!(
            finished.was_killed(),
            "{order:?} does not pass {point}: {finished:#?}"
        );

        let passed =
            |name| points.iter().position(|it| *it == name) <= Some(at.index(points.len()));
        let is_ordered = !matches!(order, Order::Redact(_));
        match then {
            Then::Restore(backup) => {
                let backup = backup.index(self.model.backups());
                if passed("destroy:committed") {
                    self.model.does(order);
                }
                let house = House::try_open(bench, clock.clone()).await.unwrap();
                house.put_back(bench, self.model.backup(backup)).await;
                self.model.restores(backup);
                // An order outlives a restore, if whom it is about is there then.
                if !passed("destroy:committed")
                    && is_ordered
                    && self.model.world.subject(order) == subject
                {
                    self.model.does(order);
                }
            }
            then => {
                if let Then::Crash(point) = then {
                    killed_while_settling(bench, &clock, point);
                }
                if is_ordered || passed("rehouse:changed") {
                    self.model.does(order);
                }
            }
        }
        self.house = House::try_open(bench, clock).await.unwrap();
        self.house.eraser.settle().await.unwrap();
        self.model.looks_again(&self.house).await;
        self
    }
}

/// A process that settles is killed at a point, if it passes it.
pub(super) fn killed_while_settling(bench: &Bench, clock: &FixedClock, point: &Index) {
    let (point, _) = POINTS[point.index(POINTS.len())];
    let mut command = worker_at(bench, "", clock.now(), ["settle"]);
    FailPoint::abort(point).set(&mut command);
    let finished = Running::start(command).finish();
    assert!(
        finished.was_killed() || finished.code() == Some(0),
        "{finished:#?}"
    );
}
