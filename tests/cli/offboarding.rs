//! `gallra offboard` and `gallra hook`: what a person at the terminal sees and is refused.

use crate::both_engines;
use crate::desk::{Desk, text};

both_engines! {
    async fn a_client_leaves_with_its_data(bench) {
        let desk = Desk::with_people(bench);
        let purge = ["purge", "brygga", "--confirm", "Brygga Kaffe AB"];
        let begin = ["offboard", "brygga", "--choice", "return", "--ends", "2026-01-31", "--grace", "0"];
        assert_eq!(desk.json(begin)["state"], "notice_given");
        assert_eq!(desk.json(["offboard", "status"])["items"][0]["tenant"], "brygga");
        desk.json(["offboard", "approve", "brygga", "--by", "Anna Berg"]);
        let again = desk.refused(3, ["offboard", "approve", "brygga", "--by", "anna  berg "]);
        assert!(text(&again["message"]).contains("a second person"), "{again}");
        desk.json(["offboard", "approve", "brygga", "--by", "Lars Ek"]);
        let refused = desk.refused(3, purge);
        assert!(text(&refused["message"]).contains("gallra offboard export brygga"), "{refused}");

        let phrase = desk.file("phrase", "korrekt häst batteri\n");
        let out = desk.path("return.zip.age");
        let export = ["offboard", "export", "brygga", "--passphrase-file", &phrase, "--out", &out];
        let exported = desk.json(export);
        assert_eq!(std::fs::metadata(&out).unwrap().len(), exported["bytes"].as_u64().unwrap());
        let error = desk.refused(1, export);
        assert!(text(&error["message"]).contains("name a new file"), "{error}");
        let short = desk.file("short", "kort");
        let other = desk.path("other.age");
        desk.refused(2, ["offboard", "export", "brygga", "--passphrase-file", &short, "--out", &other]);
        desk.refused(2, ["offboard", "export", "brygga", "--recipient", "age1x", "--out", &other]);
        assert!(!std::path::Path::new(&other).exists(), "half an archive is left to nobody");

        desk.json(["offboard", "hold", "brygga", "--reason", "TVIST-3"]);
        desk.refused(3, purge);
        desk.json(["offboard", "release", "brygga"]);
        let tasks = desk.json(["offboard", "task", "list", "brygga"]);
        let first = text(&tasks["items"][0]["id"]);
        desk.json(["offboard", "task", "confirm", "brygga", &first, "--by", "Kim Alm", "--evidence", "MEJL-4"]);
        let purged = desk.json(purge);
        let receipt = text(&purged["receipt_id"]);
        let show = |lang: &str| desk.text(["receipt", "show", &receipt, "--format", "html", "--lang", lang]);
        let swedish = show("sv");
        assert!(swedish.contains("avtalets slut") && !swedish.contains("end of contract"), "{swedish}");
        for words in ["Intyg om radering", "återlämna och sedan radera", "Kim Alm, MEJL-4", "Anna Berg",
            "inte bekräftad som raderad", &text(&exported["sha256"])] {
            assert!(swedish.contains(words), "{words} in {swedish}");
        }
        assert!(!swedish.contains("fullständig"), "one copy is open");
        let second = text(&tasks["items"][1]["id"]);
        desk.json(["offboard", "task", "confirm", "brygga", &second, "--by", "Kim Alm"]);
        assert!(show("en").contains("The erasure is complete"));
        assert_eq!(desk.text(["receipt", "show", &receipt, "--lang", "en"]).matches("end of contract").count(), 1);
        let status = desk.text(["offboard", "status", "brygga"]);
        assert!(status.contains("purged") && status.contains(&receipt), "{status}");
        desk.refused(2, ["receipt", "show", &receipt, "--format", "html"]);
        let lacking = desk.refused(2, ["receipt", "show", &receipt, "--format", "pdf"]);
        assert!(text(&lacking["message"]).contains("take html"), "{lacking}");
    }

    async fn what_is_too_early_is_refused_with_the_time(bench) {
        let desk = Desk::with_people(bench);
        desk.json(["offboard", "brygga", "--choice", "delete", "--ends", "2099-12-31"]);
        for name in ["Anna Berg", "Lars Ek"] {
            desk.json(["offboard", "approve", "brygga", "--by", name]);
        }
        let purge = ["purge", "brygga", "--confirm", "Brygga Kaffe AB"];
        let refused = desk.refused(3, purge);
        assert!(text(&refused["message"]).contains("2099-12-31 23:00 UTC"), "{refused}");
        let dry = desk.json(["purge", "brygga", "--dry-run"]);
        assert!(dry["obstacles"][0].as_str().unwrap().contains("the contract runs"), "{dry}");
        desk.json(["offboard", "cancel", "brygga", "--instruction", "AVTAL-8"]);
        desk.refused(3, purge);
        for wrong in [
            &["offboard", "brygga"][..],
            &["offboard"],
            &["offboard", "brygga", "--choice", "keep"],
            &["offboard", "brygga", "--choice", "delete", "--grace", "91"],
            &["offboard", "brygga", "--choice", "delete", "--ends", "soon"],
            &["offboard", "brygga", "--choice", "delete", "--ends", "20260-04-30"],
            &["offboard", "brygga", "--choice", "delete", "--ends", "3000-01-01"],
            &["offboard", "approve", "brygga", "--by", "anna@example.se"],
            &["hook", "add", "stripe"],
        ] {
            desk.refused(2, wrong);
        }
        desk.refused(1, ["offboard", "ingen", "--choice", "delete"]);
    }

    async fn a_secret_is_shown_once(bench) {
        let desk = Desk::with_people(bench);
        let made = desk.json(["hook", "add", "cloudevents"]);
        assert!(text(&made["secret"]).starts_with("whsec_"));
        let given = desk.reading("whsec_of_an_account_at_stripe\n", ["hook", "add", "stripe", "--secret-file", "-"]);
        assert!(given.succeeded().json()["secret"].is_null(), "what they know is not repeated");
        let list = desk.json(["hook", "list"]);
        assert_eq!(list["items"].as_array().unwrap().len(), 2);
        assert!(!list.to_string().contains("whsec_"), "{list}");
        desk.refused(3, ["offboard", "self", "--choice", "delete"]);
        desk.json(["hook", "remove", &text(&made["id"])]);
        assert!(desk.text(["hook", "list"]).contains("ended 20"));
    }
}
