//! A backup from before a rehousing: what was removed stays unreadable, what was kept is counted and
//! named as being in newer backups only, and nothing else is lost.
//!
//! ```text
//! backup 0 · Anna's part of case 1: a message is dropped, two are kept under a new key · restore 0
//!            Anna's profile: the address is replaced                                    · restore 0
//! ```
//!
//! Backup 0 has the kept values only under the destroyed keys. Without more care reconciling would
//! take the whole contact for erased, with cases whose keys are all there.

use gallra::catalog::Identifier;
use gallra::catalog::rehouse::{Choice, Fate, ProfileChoice};
use gallra::catalog::write::MessageChange;
use gallra::erasure::Standing;
use gallra::erasure::rehouse::RehousedUnit;
use gallra::receipts::body::Kind;
use gallra::store::Role;
use gallra::vocabulary::Clock;

use crate::both_engines;
use crate::rehouse::{case_of, rehouse, without};
use crate::restore::put_back;
use crate::support::house::{House, email, external_id, message};

fn new_address() -> ProfileChoice {
    ProfileChoice {
        email: Fate::Replace("ratt@example.se".into()),
        ..Default::default()
    }
}

both_engines! {
    async fn an_old_backup_names_what_was_kept_and_loses_nothing_else(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 3).await;
        let (home, ids) = case_of(&house.catalog, &tenant, anna).await;
        let other_case = MessageChange { case: "fall-2".into(), ..message(1, 7, house.clock.now()) };
        house.catalog.record_message(&tenant, other_case).await.unwrap();
        let bo = house.person(&tenant, 2, 2).await;
        let before = house.catalog.access(&tenant, anna).await.unwrap();
        let of_bo = house.catalog.access(&tenant, bo).await.unwrap();
        let (old, new) = (bench.directory().join("old"), bench.directory().join("new"));
        house.eraser.backup(&bench.url(Role::Data), &old).await.unwrap();

        let redacted = rehouse(&house, &tenant, Choice::Part(home, without(ids[1]))).await.unwrap();
        let corrected = rehouse(&house, &tenant, Choice::Profile(anna, new_address())).await.unwrap();
        let after = house.catalog.access(&tenant, anna).await.unwrap();
        house.eraser.backup(&bench.url(Role::Data), &new).await.unwrap();

        let house = put_back(bench, house, &old).await;
        let report = house.eraser.settle().await.unwrap();
        let part = RehousedUnit { contact: anna, case: Some(home.case), kept: 4 };
        let profile = RehousedUnit { contact: anna, case: None, kept: 4 };
        assert_eq!(report.rehoused, [part, profile], "{report:?}");
        assert_eq!(report.erased_again, 2, "{report:?}");
        let receipts = house.eraser.log.list(None, 0, 10).await.unwrap();
        let again = receipts.iter().map(|it| it.body().unwrap());
        let again: Vec<_> = again.filter(|it| it.kind == Kind::ReErasure).collect();
        let of: Vec<_> = again.iter().map(|it| it.again.clone().unwrap().of).collect();
        assert_eq!(of, [redacted.erasure, corrected.erasure]);

        let found = house.catalog.find(&Identifier::Email(email(1)), None).await.unwrap();
        assert!(found.matches.is_empty(), "the wrong address does not come back");
        let access = house.catalog.access(&tenant, anna).await.unwrap();
        assert_eq!((&access.profile.name, &access.profile.external_id), (&None, &None));
        let untouched = before.cases.iter().find(|it| it.case.id != home.case).unwrap();
        let kept = std::slice::from_ref(untouched);
        assert_eq!(access.cases, kept, "a case under a key of its own stays");
        let mut bo_now = house.catalog.access(&tenant, bo).await.unwrap();
        bo_now.read_at = of_bo.read_at;
        assert_eq!(bo_now, of_bo);
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        assert_eq!(house.eraser.settle_fully().await.unwrap().keys_missing, 0);

        // The newer backup has everything that was kept.
        let house = put_back(bench, house, &new).await;
        let report = house.eraser.settle().await.unwrap();
        assert!(report.rehoused.is_empty(), "{report:?}");
        let mut now = house.catalog.access(&tenant, anna).await.unwrap();
        now.read_at = after.read_at;
        assert_eq!(now, after);
    }

    /// backup · profile rehoused to key 2 · erased with key 2 · restore: the profile stands under key
    /// 1, which the erasure does not name, and an empty profile would stay behind.
    async fn who_was_rehoused_and_then_erased_does_not_come_back(bench) {
        let house = House::new(bench).await;
        let tenant = house.tenant("skor").await;
        let anna = house.person(&tenant, 1, 2).await;
        let (home, ids) = case_of(&house.catalog, &tenant, anna).await;
        let backup = bench.directory().join("backup");
        house.eraser.backup(&bench.url(Role::Data), &backup).await.unwrap();
        rehouse(&house, &tenant, Choice::Profile(anna, new_address())).await.unwrap();
        rehouse(&house, &tenant, Choice::Part(home, without(ids[0]))).await.unwrap();
        house.erase(&tenant, anna, false).await;

        let mut house = put_back(bench, house, &backup).await;
        for table in ["contact", "unit", "message", "support_case"] {
            if table == "contact" {
                house.eraser.settle().await.unwrap();
            }
            let sql: &'static str = match table {
                "contact" => "SELECT COUNT(*) FROM contact",
                "unit" => "SELECT COUNT(*) FROM unit WHERE contact IS NOT NULL",
                "message" => "SELECT COUNT(*) FROM message",
                _ => "SELECT COUNT(*) FROM support_case",
            };
            let left = house.catalog.data.fetch_one(sql, vec![]).await.unwrap();
            assert_eq!(left.i64(0).unwrap(), 0, "{table}");
        }
        // And so with a tenant that was purged after.
        let bo = house.person(&tenant, 2, 1).await;
        let second = bench.directory().join("second");
        house.eraser.backup(&bench.url(Role::Data), &second).await.unwrap();
        rehouse(&house, &tenant, Choice::Profile(bo, new_address())).await.unwrap();
        house.purge(&tenant).await;
        house = put_back(bench, house, &second).await;
        let report = house.eraser.settle().await.unwrap();
        assert_eq!(report.unfinished, [""; 0], "{report:?}");
        assert_eq!(house.eraser.standing().await.unwrap(), Standing::Settled);
        assert!(house.units(&tenant).await.is_empty());
        let found = house.catalog.find(&Identifier::ExternalId(external_id(2)), None).await.unwrap();
        assert!(found.matches.is_empty());
    }
}
