//! Telling other systems that a request came in, that it is soon to be answered, and that it is late.

use super::deadlines::local_day;
use super::{RequestError, Requests, rows};
use crate::store::{Tx, args};
use crate::vocabulary::{Day, RequestId, TenantId};
use crate::webhooks::{self, Event, Kind};

/// How many days ahead a request is due soon.
const SOON: i64 = 7;
/// Requests that are told of in one go; the others are told of in the next.
const MOST: i64 = 500;

impl Requests {
    /// Tells of one request, in the transaction in which it happens.
    pub(super) async fn announce(
        &self,
        tx: &mut Tx,
        kind: Kind,
        tenant: TenantId,
        id: RequestId,
    ) -> Result<(), RequestError> {
        let catalog = self.catalog();
        let event = Event {
            kind,
            tenant,
            object: id.0,
        };
        let (clock, random) = (catalog.clock.as_ref(), catalog.random.as_ref());
        Ok(webhooks::announce(tx, event, clock, random).await?)
    }

    /// Tells of requests whose day has come: once of each. Says of how many.
    pub async fn announce_due(&self) -> Result<u64, RequestError> {
        let soon = |today: Day, due: Day, _: Day| due <= today.plus(SOON);
        let late = |today: Day, _: Day, legal: Day| legal < today;
        Ok(self.tell(Kind::RequestDueSoon, SOON, soon).await?
            + self.tell(Kind::RequestOverdue, 0, late).await?)
    }

    async fn tell(
        &self,
        kind: Kind,
        ahead: i64,
        is_it: impl Fn(Day, Day, Day) -> bool,
    ) -> Result<u64, RequestError> {
        let catalog = self.catalog();
        let now = catalog.clock.now();
        // A day on: it is tomorrow somewhere already.
        let until = local_day(now, "UTC").plus(ahead + 1);
        let untold = args![until.stored(), kind.word(), MOST];
        let mut told = 0;
        for row in catalog.data.fetch_all(rows::UNTOLD, untold).await? {
            let today = local_day(now, &row.text(2)?);
            let day = |column| row.i64(column).map(Day::from_stored);
            if is_it(today, day(3)?, day(4)?) {
                let mut tx = catalog.data.begin().await?;
                self.announce(&mut tx, kind, row.id(1)?, row.id(0)?).await?;
                tx.commit().await?;
                told += 1;
            }
        }
        Ok(told)
    }
}
