//! Files that are sent in: sealed as they come, taken in by a worker, destroyed afterwards.

use std::time::Duration;

use gallra::catalog::TenantRef;
use gallra::ingest::upload::{UploadState, Uploads, Wishes};
use gallra::jobs::{Ran, Work, Worker};
use gallra::queue::{LEASE, Queue};
use gallra::receipts::body::Kind;
use gallra::vocabulary::{ImportId, SystemRandom};
use gallra::webhooks::{Networks, SystemResolver};
use tokio::io::AsyncReadExt;

use crate::both_engines;
use crate::support::house::House;

/// Two people, and a line that is none.
const EXPORT: &str = r#"{"type":"contact","external_id":"c1","name":"Hemliga Anna","email":"anna@example.se"}
{"type":"contact","external_id":"c2","name":"Bo"}
Hemligt
"#;

struct Desk {
    house: House,
    tenant: TenantRef,
    uploads: Uploads,
    worker: Worker<Work>,
}

impl Desk {
    async fn new(bench: &crate::support::Bench) -> Desk {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let uploads = Uploads {
            catalog: house.catalog.clone(),
        };
        let queue = Queue {
            data: house.catalog.data.clone(),
            clock: house.clock.clone(),
            random: std::sync::Arc::new(SystemRandom),
        };
        let resolver = std::sync::Arc::new(SystemResolver);
        let webhooks = crate::webhooks::of(&house, resolver, Networks::Public);
        let worker = Worker {
            queue,
            does: Work {
                eraser: house.eraser.clone(),
                webhooks,
            },
        };
        Desk {
            house,
            tenant,
            uploads,
            worker,
        }
    }

    async fn send(&self, file: &[u8]) -> ImportId {
        let mut receiving = self
            .uploads
            .begin(&self.tenant, "gallra", &Wishes::default())
            .await
            .expect("it begins");
        for piece in file.chunks(700_001) {
            receiving.push(piece).await.expect("it is taken");
        }
        receiving.finish().await.expect("it is whole")
    }

    async fn state(&self, id: ImportId) -> UploadState {
        self.uploads
            .find(id)
            .await
            .unwrap()
            .expect("it is known")
            .state
    }

    async fn people(&self) -> usize {
        let all = self.house.catalog.list_contacts(
            &self.tenant,
            gallra::vocabulary::ContactId([0; 16]),
            100,
        );
        all.await.unwrap().items.len()
    }

    /// The pieces as they are stored.
    async fn pieces(&self) -> Vec<Vec<u8>> {
        let rows = self
            .house
            .catalog
            .data
            .fetch_all("SELECT content FROM import_chunk", vec![])
            .await;
        rows.unwrap()
            .iter()
            .map(|row| row.blob(0).unwrap())
            .collect()
    }
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|it| it == text.as_bytes())
}

both_engines! {
    async fn a_file_is_taken_in_once_it_is_whole_and_then_destroyed(bench) {
        let desk = Desk::new(bench).await;
        let id = desk.send(EXPORT.as_bytes()).await;
        assert_eq!((desk.state(id).await, desk.people().await), (UploadState::Received, 0));
        let pieces = desk.pieces().await;
        assert_eq!(pieces.len(), 1);
        assert!(!holds(&pieces[0], "Anna") && !holds(&pieces[0], "contact"), "it is sealed");

        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done, Ran::Done]);
        assert_eq!((desk.state(id).await, desk.people().await), (UploadState::Done, 2));
        let upload = desk.uploads.find(id).await.unwrap().unwrap();
        let report = upload.report.expect("counts");
        assert_eq!((&report["contacts"]["created"], &report["lines"]), (&2.into(), &3.into()));
        let rejects = desk.uploads.rejects(id, 0, 10).await.unwrap();
        assert_eq!((rejects.len(), rejects[0].line), (1, 3));
        assert!(rejects[0].reason.contains("JSON"), "{rejects:?}");
        assert!(desk.pieces().await.is_empty());
        let receipts = desk.house.eraser.log.list(None, 0, 10).await.unwrap();
        let receipt = receipts[0].body().unwrap();
        assert_eq!((receipt.kind, receipt.keys.destroyed), (Kind::Upload, 1));
        assert_eq!(receipt.categories[0].category, "uploaded");
        assert_eq!(receipt.instruction.as_str(), format!("import-{id}"));
    }

    async fn a_file_of_many_pieces_is_read_as_it_was_sent(bench) {
        let desk = Desk::new(bench).await;
        let file: Vec<u8> = (0..3_000_000u32).map(|it| (it % 251) as u8).collect();
        let id = desk.send(&file).await;
        let upload = desk.uploads.find(id).await.unwrap().unwrap();
        assert_eq!((upload.bytes, upload.chunks), (3_000_000, 3));
        let mut read = Vec::new();
        desk.uploads.open(&upload, &|_| {}).read_to_end(&mut read).await.unwrap();
        assert!(read == file);
    }

    async fn a_silent_upload_has_broken_off_and_leaves_nothing(bench) {
        let desk = Desk::new(bench).await;
        let mut receiving = desk.uploads.begin(&desk.tenant, "gallra", &Wishes::default()).await.unwrap();
        receiving.push(&vec![b'x'; 2 << 20]).await.unwrap();
        let id = receiving.id();
        drop(receiving); // The process died.
        assert_eq!(desk.worker.run_due().await.unwrap(), []);
        desk.house.clock.advance(Duration::from_secs(600));
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done, Ran::Done]);
        assert_eq!((desk.state(id).await, desk.people().await), (UploadState::CutOff, 0));
        assert!(desk.pieces().await.is_empty());
    }

    async fn a_worker_that_dies_half_way_is_followed_by_one_that_takes_nothing_in_twice(bench) {
        let desk = Desk::new(bench).await;
        let id = desk.send(EXPORT.as_bytes()).await;
        // It wrote the first person and died before it could say anything.
        desk.worker.queue.lease().await.unwrap().expect("a worker takes it");
        let first = EXPORT.lines().next().unwrap();
        let part = gallra::ingest::import_gallra(&desk.uploads.catalog, &desk.tenant, first.as_bytes(),
            Wishes::default().options(), |_| {});
        part.await.unwrap();
        assert_eq!((desk.worker.run_due().await.unwrap(), desk.people().await), (vec![], 1));
        desk.house.clock.advance(LEASE);
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done, Ran::Done]);
        assert_eq!((desk.state(id).await, desk.people().await), (UploadState::Done, 2));
    }

    async fn what_is_no_export_fails_with_a_reason_and_is_destroyed(bench) {
        let desk = Desk::new(bench).await;
        let mut receiving = desk.uploads.begin(&desk.tenant, "auto", &Wishes::default()).await.unwrap();
        receiving.push(b"PK\x03\x04 Hemligt").await.unwrap();
        let id = receiving.finish().await.unwrap();
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done, Ran::Done]);
        let upload = desk.uploads.find(id).await.unwrap().unwrap();
        assert_eq!(upload.state, UploadState::Failed);
        assert!(upload.reason.unwrap().contains("archive: unpack it"));
        assert!(desk.pieces().await.is_empty());
    }

    async fn a_hold_is_about_what_is_taken_in_and_not_about_the_file(bench) {
        let desk = Desk::new(bench).await;
        desk.send(EXPORT.as_bytes()).await;
        desk.house.eraser.add_hold(desk.tenant.id, None, "tvist 7").await.unwrap();
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done, Ran::Done]);
        assert!(desk.pieces().await.is_empty(), "the copy is destroyed all the same");
        assert_eq!(desk.people().await, 2, "what it held is here, and held");
    }

    async fn a_purge_takes_the_file_along(bench) {
        let desk = Desk::new(bench).await;
        let id = desk.send(EXPORT.as_bytes()).await;
        let open = desk.uploads.begin(&desk.tenant, "gallra", &Wishes::default()).await.unwrap();
        desk.house.purge(&desk.tenant).await;
        assert!(desk.pieces().await.is_empty());
        assert_eq!(desk.uploads.find(id).await.unwrap(), None);
        assert!(open.finish().await.is_err(), "nothing comes in after a purge");
        desk.house.clock.advance(Duration::from_secs(3600));
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done, Ran::Done], "nothing is left to do");
    }
}
