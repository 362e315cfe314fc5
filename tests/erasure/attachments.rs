//! A file sent along is its owner's: listed for the owner, hidden from others, gone with the owner.

use gallra::catalog::types::{AuthorKind, Category};
use gallra::catalog::write::{MessageChange, NewAttachment};
use gallra::catalog::{Catalog, Identifier, TenantRef};
use gallra::store::Role;
use gallra::vocabulary::{AttachmentId, Clock, ContactId, Timestamp};

use crate::both_engines;
use crate::canary::Canaries;
use crate::support::house::{House, email, message};

const CONTENT: &[u8] = b"%PDF-1.7 kvitto: Wilhelmina Kanarief\xc3\xa5gel";
const NAME: &str = "kvitto-kanarie.pdf";

fn with_file(number: usize, at: usize, sent_at: Timestamp) -> MessageChange {
    MessageChange {
        attachments: vec![NewAttachment {
            name: Some(NAME.into()),
            media_type: "application/pdf".into(),
            content: CONTENT.to_vec(),
        }],
        author_kind: Some(AuthorKind::Staff),
        ..message(number, at, sent_at)
    }
}

async fn first_file(catalog: &Catalog, tenant: &TenantRef, contact: ContactId) -> AttachmentId {
    let record = catalog.access(tenant, contact).await.unwrap();
    let with_file = |it: &&gallra::catalog::Message| !it.attachments.is_empty();
    let message = record.cases[0].messages.iter().find(with_file).unwrap();
    assert_eq!(message.author_kind, "staff");
    let file = &message.attachments[0];
    assert_eq!(file.name.as_ref().unwrap().expose(), NAME);
    assert_eq!(file.media_type.expose(), "application/pdf");
    assert_eq!(file.size, CONTENT.len() as u64);
    file.id
}

async fn count(house: &House) -> i64 {
    let sql = "SELECT COUNT(*) FROM attachment";
    let row = house.catalog.data.fetch_one(sql, vec![]).await.unwrap();
    row.i64(0).unwrap()
}

both_engines! {
    async fn a_file_is_listed_for_its_owner_and_gone_with_its_owner(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let (anna, bo) = (house.person(&tenant, 1, 1).await, house.person(&tenant, 2, 1).await);
        for number in [1, 2] {
            let message = with_file(number, 7, house.clock.now());
            house.catalog.record_message(&tenant, message.clone()).await.unwrap();
            house.catalog.record_message(&tenant, message).await.unwrap();
        }
        assert_eq!(count(&house).await, 2, "the same message again brings no second file");
        let annas = first_file(&house.catalog, &tenant, anna).await;
        let content = house.catalog.attachment(&tenant, anna, annas).await.unwrap();
        assert_eq!(content.unwrap().as_slice(), CONTENT);
        assert_eq!(house.catalog.attachment(&tenant, bo, annas).await.unwrap(), None);
        let found = house.catalog.find(&Identifier::Email(email(1)), None).await.unwrap();
        let held = found.matches[0].categories.iter();
        assert_eq!(held.filter(|it| it.category == Category::Attachment).count(), 1);
        let canaries = Canaries::new([NAME, "Wilhelmina Kanariefågel"], []);
        assert_eq!(canaries.in_bytes("the content", CONTENT).len(), 1, "the search can succeed");
        let mut finds = canaries.in_directory(bench.directory());
        if bench.engine() == gallra::store::Engine::Postgres {
            finds.extend(canaries.in_postgres(&bench.url(Role::Data)).await);
        }
        assert_eq!(finds, []);

        let outcome = house.erase(&tenant, anna, false).await;
        assert_eq!(count(&house).await, 1);
        let receipt = house.eraser.log.find(outcome.erasure).await.unwrap().body().unwrap();
        let files = receipt.categories.iter().find(|it| it.category == "attachment");
        assert_eq!(files.map(|it| it.records), Some(1));
        assert!(receipt.verification.iter().all(|it| it.passed));
        first_file(&house.catalog, &tenant, bo).await;

        house.purge(&tenant).await;
        assert_eq!(count(&house).await, 0);
    }
}
