//! The return: decrypted with age itself, read, imported again, and compared.

use std::io::{Cursor, Read};

use gallra::catalog::further::Further;
use gallra::catalog::types::Channel;
use gallra::catalog::write::{ContactChange, MessageChange, NewAttachment};
use gallra::catalog::{Catalog, TenantRef};
use gallra::ingest::{Options, import_gallra};
use gallra::offboarding::export::ExportKey;
use gallra::offboarding::rules::State;
use gallra::offboarding::{Export, OffboardingError};
use gallra::receipts::body::Choice;
use gallra::receipts::render::html;
use gallra::vocabulary::{AttachmentId, Clock, ContactId, Lang};
use sha2::{Digest, Sha256};

use crate::both_engines;
use crate::support::house::{external_id, message};
use crate::world::World;

/// A zip archive in memory.
type Zip = zip::ZipArchive<Cursor<Vec<u8>>>;

async fn exported(world: &World, key: ExportKey) -> (Export, Vec<u8>) {
    let mut out = Cursor::new(Vec::new());
    let export = world
        .room
        .export(&world.client, key, &mut out)
        .await
        .expect("it is exported");
    (export, out.into_inner())
}

fn decrypted(file: &[u8], identity: &dyn age::Identity) -> Zip {
    let decryptor = age::Decryptor::new(file).expect("an age file");
    let mut plain = Vec::new();
    let mut reader = decryptor
        .decrypt(std::iter::once(identity))
        .expect("it opens");
    reader.read_to_end(&mut plain).expect("it is whole");
    zip::ZipArchive::new(Cursor::new(plain)).expect("a zip archive")
}

fn text(zip: &mut Zip, name: &str) -> String {
    let mut text = String::new();
    zip.by_name(name)
        .expect(name)
        .read_to_string(&mut text)
        .expect("text");
    text
}

/// A message with files: an image of bytes that are no text, and one that is empty and has no name.
async fn with_files(world: &World) {
    let files = vec![
        NewAttachment {
            name: Some("kvitto å.png".into()),
            media_type: "image/png".into(),
            content: (0..=255u8).cycle().take(70_000).collect(),
        },
        NewAttachment {
            name: None,
            media_type: "text/plain".into(),
            content: Vec::new(),
        },
    ];
    let message = MessageChange {
        attachments: files,
        body: "Se bilagan.\nFrom here on it is my own text, \"quoted\"; åäö 🎿".into(),
        author: Some("Kim\r\nBcc: x@example.se".into()),
        channel: Channel::Klarna,
        ..message(2, 8, world.house.clock.now())
    };
    world
        .house
        .catalog
        .record_message(&world.tenant, message)
        .await
        .expect("a message");
}

/// The first of the two people has a second address, number and id.
async fn with_further_identifiers(world: &World) {
    let change = ContactChange {
        external_id: Some(external_id(1)),
        further: Further {
            emails: vec!["anna.privat@example.se".into()],
            phones: vec!["070-174 06 98".into()],
            external_ids: vec!["shop-77".into()],
        },
        ..ContactChange::default()
    };
    let changed = world
        .house
        .catalog
        .upsert_contact(&world.tenant, change)
        .await;
    assert!(!changed.expect("a contact").created);
}

/// Everything that is held of a client, in words that two installations would share: no ids of ours.
async fn everything(catalog: &Catalog, tenant: &TenantRef) -> Vec<String> {
    let mut all = Vec::new();
    let mut after = Some(ContactId([0; 16]));
    while let Some(from) = after {
        let page = catalog.list_contacts(tenant, from, 100).await.unwrap();
        for contact in &page.items {
            let record = catalog.access(tenant, contact.id).await.unwrap();
            let mut value = serde_json::to_value((&record.profile, &record.cases)).unwrap();
            forget_ids(&mut value);
            let mut files = Vec::new();
            for file in record
                .cases
                .iter()
                .flat_map(|it| &it.messages)
                .flat_map(|it| &it.attachments)
            {
                files.push(content(catalog, tenant, contact.id, file.id).await);
            }
            files.sort(); // They come by their ids, which are drawn anew.
            all.push(format!("{value}\n{}", files.join("\n")));
        }
        after = page.next;
    }
    all.sort();
    all
}

async fn content(
    catalog: &Catalog,
    tenant: &TenantRef,
    contact: ContactId,
    file: AttachmentId,
) -> String {
    let content = catalog
        .attachment(tenant, contact, file)
        .await
        .unwrap()
        .unwrap();
    hex::encode(Sha256::digest(&content))
}

fn forget_ids(value: &mut serde_json::Value) {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            for name in [
                "id",
                "requester",
                "created_at",
                "updated_at",
                "version",
                "message",
            ] {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget_ids);
        }
        Value::Array(values) => {
            values.iter_mut().for_each(forget_ids);
            values.sort_by_key(Value::to_string);
        }
        _ => {}
    }
}

both_engines! {
    async fn what_is_returned_can_be_taken_in_again_and_is_the_same(bench) {
        let world = World::new(bench).await;
        with_files(&world).await;
        with_further_identifiers(&world).await;
        world.forward_to("Second line AB").await;
        world.begin(Choice::Return, "2026-01-31", 0).await;
        world.both_approve().await;
        assert_eq!(world.in_the_way().await, ["not_returned"]);

        let identity = age::x25519::Identity::generate();
        let key = ExportKey::recipient(&identity.to_public().to_string()).unwrap();
        let (export, file) = exported(&world, key).await;
        assert_eq!(export.returned.sha256, hex::encode(Sha256::digest(&file)));
        assert_eq!(export.returned.bytes, file.len() as u64);
        let counts: Vec<_> = export.returned.records.iter()
            .map(|it| (it.category.as_str(), it.records)).collect();
        let expected = [("contact", 2), ("case", 2), ("message", 4), ("forwarding", 1), ("attachment", 2)];
        assert_eq!(counts, expected);
        for secret in ["Anna", "example.se", "Se bilagan"] {
            let found = file.windows(secret.len()).any(|part| part == secret.as_bytes());
            assert!(!found, "{secret} can be read in the encrypted file");
        }

        let mut zip = decrypted(&file, &identity);
        let names = zip.file_names().map(|name| name.expect("a name").into_owned());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, ["READ_ME.txt", "attachments.csv", "cases.csv", "contacts.csv", "data.ndjson",
            "forwardings.csv", "messages.csv", "messages.mbox"]);
        let lines = text(&mut zip, "data.ndjson");
        let other = world.house.tenant("hattar").await;
        let (catalog, options) = (&world.house.catalog, Options::default());
        let report = import_gallra(catalog, &other, lines.as_bytes(), options, |_| {}).await.unwrap();
        assert_eq!(report.quarantined.values().sum::<u64>(), 0, "{report:?}");
        let before = everything(catalog, &world.tenant).await;
        assert_eq!(everything(catalog, &other).await, before);
        assert!(before.len() == 2 && before.iter().any(|it| it.contains("Se bilagan")), "{before:?}");
        assert!(before.iter().any(|it| it.contains("anna.privat@example.se")), "{before:?}");
        let table = text(&mut zip, "contacts.csv");
        assert!(table.contains("anna.privat@example.se") && table.contains("shop-77"), "{table}");

        for (name, rows) in [("contacts.csv", 2), ("cases.csv", 2), ("messages.csv", 4),
            ("forwardings.csv", 1), ("attachments.csv", 2)] {
            let table = text(&mut zip, name);
            let mut table = csv::Reader::from_reader(table.as_bytes());
            let read: Result<Vec<_>, _> = table.records().collect();
            assert_eq!(read.expect("whole rows").len(), rows, "{name}");
        }
        mails(&text(&mut zip, "messages.mbox"));

        let receipt = world.receipt(world.execute().await.unwrap()).await;
        let returned = receipt.ending.unwrap().returned.unwrap();
        assert_eq!(returned, export.returned, "the receipt names the very file");
    }

    async fn what_comes_after_the_return_is_returned_too(bench) {
        let world = World::new(bench).await;
        world.begin(Choice::Return, "2026-01-31", 0).await;
        let phrase = || ExportKey::passphrase("korrekt häst batteri\n".to_owned()).unwrap();
        let (first, file) = exported(&world, phrase()).await;
        let identity = age::scrypt::Identity::new("korrekt häst batteri".to_owned().into());
        assert!(text(&mut decrypted(&file, &identity), "contacts.csv").contains("Anna Exempelsson 1"));
        assert_eq!(world.room.status(&world.client).await.unwrap().state, State::Exported);
        world.message_by(Channel::Email, 9).await;
        world.both_approve().await;
        assert_eq!(world.in_the_way().await, ["returned_before"]);
        let (second, _) = exported(&world, phrase()).await;
        let receipt = world.receipt(world.execute().await.unwrap()).await;
        let ending = receipt.ending.as_ref().unwrap();
        assert_eq!(ending.returned, Some(second.returned), "the last");
        assert_eq!(ending.returned_before, std::slice::from_ref(&first.returned), "and what may have been handed over");
        let page = html::page(&receipt, Lang::Sv, &[]);
        assert!(page.contains(&first.returned.sha256), "{page}");
    }

    async fn a_broken_export_is_not_on_record(bench) {
        struct Full(usize);
        impl tokio::io::AsyncWrite for Full {
            fn poll_write(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>, bytes: &[u8])
                -> std::task::Poll<std::io::Result<usize>> {
                let taken = bytes.len().min(self.0);
                self.0 -= taken;
                std::task::Poll::Ready(match taken {
                    0 => Err(std::io::Error::other("the disk is full")),
                    taken => Ok(taken),
                })
            }
            fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>)
                -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }
            fn poll_shutdown(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>)
                -> std::task::Poll<std::io::Result<()>> {
                std::task::Poll::Ready(Ok(()))
            }
        }
        let world = World::new(bench).await;
        world.begin(Choice::Return, "2026-01-31", 0).await;
        let identity = age::x25519::Identity::generate();
        for room in [0, 100, 1_000] {
            let key = ExportKey::recipient(&identity.to_public().to_string()).unwrap();
            let broken = world.room.export(&world.client, key, Full(room)).await;
            assert!(matches!(broken, Err(OffboardingError::Export(_))), "{room}");
        }
        assert!(world.room.status(&world.client).await.unwrap().export.is_none());
        for bad in ["", "age1", "AGE-SECRET-KEY-1", "anna@example.se"] {
            assert!(matches!(ExportKey::recipient(bad), Err(OffboardingError::Recipient)), "{bad}");
        }
        assert!(matches!(ExportKey::passphrase("kort".into()), Err(OffboardingError::Passphrase)));
    }
}

/// A mail program reads four mails, one with two files, and no header that somebody smuggled in.
fn mails(mbox: &str) {
    let mails = mail_parser::mailbox::mbox::MessageIterator::new(mbox.as_bytes());
    let mails: Vec<_> = mails
        .map(|mail| mail.expect("a mail").unwrap_contents())
        .collect();
    assert_eq!(mails.len(), 4);
    let parser = mail_parser::MessageParser::default();
    let mut files = Vec::new();
    for mail in &mails {
        let mail = parser.parse(mail).expect("a mail");
        assert!(mail.bcc().is_none(), "nobody adds a header");
        assert_eq!(mail.subject(), Some("Var är mitt paket?"));
        let body = mail.body_text(0).expect("a text");
        assert!(
            body.contains("paket") || body.contains("From here on it is my own text"),
            "{body}"
        );
        for file in mail.attachments() {
            use mail_parser::MimeHeaders;
            files.push((
                file.attachment_name().map(str::to_owned),
                file.contents().len(),
            ));
        }
    }
    files.sort();
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(files[1], (Some("kvitto å.png".to_owned()), 70_000));
}
