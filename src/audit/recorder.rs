//! Group commit for readers' rows.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot::{self, error::TryRecvError};

use super::{Entry, rows};
use crate::store::{Db, StoreError, Value};
use crate::vocabulary::{Clock, Random};

/// The answer all readers of one commit share.
type Shared = Result<(), Arc<StoreError>>;

/// Writes readers' audit rows, those of all who wait in one transaction. Cheap to clone.
///
/// There is no task in the background: the first reader to get the turn writes for everybody who
/// has come by then. A reader that is cancelled takes nobody's row with it.
#[derive(Clone)]
pub struct Recorder(Arc<Inner>);

struct Inner {
    data: Db,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    waiting: Mutex<Vec<(Vec<Value>, oneshot::Sender<Shared>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl Recorder {
    /// A recorder over the data store.
    pub fn new(data: Db, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self(Arc::new(Inner {
            data,
            clock,
            random,
            waiting: Mutex::new(Vec::new()),
            turn: tokio::sync::Mutex::new(()),
        }))
    }

    /// Returns when the row is durable. Give the answer only then.
    pub async fn record(&self, entry: &Entry) -> Result<(), Arc<StoreError>> {
        let inner = &self.0;
        let row = entry.values(inner.clock.as_ref(), inner.random.as_ref());
        loop {
            let (done, mut answer) = oneshot::channel();
            self.waiting().push((row.clone(), done));
            let turn = inner.turn.lock().await;
            let mut written = answer.try_recv();
            if matches!(written, Err(TryRecvError::Empty)) {
                self.write_all().await;
                written = answer.try_recv();
            }
            drop(turn);
            match written {
                Ok(answer) => return answer,
                // Whoever wrote for us was cancelled half way: the row with its id once more.
                Err(_) => continue,
            }
        }
    }

    async fn write_all(&self) {
        let (rows, readers): (Vec<_>, Vec<_>) =
            std::mem::take(&mut *self.waiting()).into_iter().unzip();
        let answer = self.write(rows).await.map_err(Arc::new);
        for reader in readers {
            let _ = reader.send(answer.clone()); // A reader may have gone away.
        }
    }

    async fn write(&self, rows: Vec<Vec<Value>>) -> Result<(), StoreError> {
        let mut tx = self.0.data.begin().await?;
        tx.execute_many(&rows::INSERT_AUDIT, Vec::new(), rows)
            .await?;
        tx.commit().await
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(Vec<Value>, oneshot::Sender<Shared>)>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
