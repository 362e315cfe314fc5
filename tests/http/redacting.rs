//! What should never have been written is taken out of a message, by the API and by command.

use serde_json::{Value, json};

use crate::both_engines;
use crate::client::{Api, Caller};
use crate::desk::{Desk, text};

const NUMBER: &str = "811218-9876";

/// A message with a number in it that the desk never asked for, and one beside it.
fn written(caller: &Caller) -> (String, String) {
    let message = |external_id: &str, body: &str| {
        let message = json!({"case": "k1", "contact": "c1", "direction": "in", "channel": "email",
            "sent_at": "2026-03-01T09:00:00Z", "external_id": external_id, "body": body});
        caller
            .post("/api/v1/tenants/norrsken/messages", &message)
            .with(201)
    };
    message("n1", "Tack!");
    let made = message("n2", &format!("Jag heter Åsa, {NUMBER}. Alltså {NUMBER}."));
    (text(&made["id"]), text(&made["case_id"]))
}

fn bodies(caller: &Caller, case: &str) -> Vec<Value> {
    let messages = format!("/api/v1/tenants/norrsken/cases/{case}/messages");
    let messages = caller.get(&messages).with(200);
    let items = messages["items"].as_array().expect("messages");
    items.iter().map(|it| it["body"].clone()).collect()
}

both_engines! {
    async fn words_are_taken_out_for_good_with_a_receipt(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("dpo", Some("norrsken"));
        let (id, case) = written(&caller);
        let redact = format!("/api/v1/tenants/norrsken/messages/{id}:redact");
        let order = |dry_run: bool| json!({"words": [NUMBER], "instruction": "A-17", "dry_run": dry_run});
        let before = bodies(&caller, &case);
        let shown = caller.post(&redact, &order(true)).with(200);
        assert_eq!((&shown["places"], &shown["whole"], &shown["case_id"]), (&json!(2), &json!(false), &json!(case)));
        assert_eq!(shown["sealed_anew"], before.len() as u64 - 1);
        assert_eq!(bodies(&caller, &case), before, "it was only looked at");
        for wrong in [json!({"words": ["Bo"], "instruction": "x"}), json!({"instruction": "x"}),
            json!({"words": ["Åsa"], "whole": true, "instruction": "x"})] {
            caller.post(&redact, &wrong).with(422);
        }
        let nowhere = format!("/api/v1/tenants/norrsken/messages/{}:redact", "0".repeat(32));
        caller.post(&nowhere, &order(true)).with(404);

        let hold = json!({"tenant": "norrsken", "reason": "TVIST-3"});
        let hold = text(&caller.post("/api/v1/holds", &hold).with(201)["id"]);
        for dry_run in [true, false] {
            assert_eq!(caller.post(&redact, &order(dry_run)).with(409)["type"], "/problems/held");
        }
        caller.send("DELETE", &format!("/api/v1/holds/{hold}"), &[], "").with(204);

        let done = caller.post(&redact, &order(false)).with(200);
        let after = bodies(&caller, &case);
        assert!(after.contains(&json!("Jag heter Åsa, […]. Alltså […].")), "{after:?}");
        assert_eq!(after.len(), before.len(), "its neighbours stay");
        let receipt = api.caller("auditor", None).get(&format!("/api/v1/receipts/{}", text(&done["receipt_id"])));
        let receipt = receipt.with(200);
        assert_eq!((&receipt["kind"], &receipt["legal_basis"]), (&json!("rehousing"), &json!("GDPR Art. 17")));
        assert!(!receipt.to_string().contains(NUMBER), "{receipt}");

        // The export it came from does not bring it back.
        let line = json!({"type": "message", "case": "k1", "contact": "c1", "direction": "in", "channel": "email",
            "sent_at": "2026-03-01T09:00:00Z", "external_id": "n2",
            "body": format!("Jag heter Åsa, {NUMBER}. Alltså {NUMBER}.")});
        let file = api.desk.file("again.ndjson", &line.to_string());
        api.desk.json(["import", "--tenant", "norrsken", &file]);
        assert_eq!(bodies(&caller, &case), after);
    }

    async fn a_message_goes_as_a_whole_by_command(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("dpo", Some("norrsken"));
        let (id, case) = written(&caller);
        let before = bodies(&caller, &case);
        let redact = ["message", "redact", "--tenant", "norrsken", "--message", &id, "--instruction", "A-17"];
        let words = [&redact[..], &["--remove", "-"]].concat();
        let shown = api.desk.reading(NUMBER, [&words[..], &["--dry-run"]].concat()).succeeded();
        assert_eq!(shown.json()["places"], 2);
        let whole = [&redact[..], &["--whole"]].concat();
        let told = api.desk.text([&whole[..], &["--dry-run"]].concat());
        assert!(told.contains("all of the message, with its files"), "{told}");
        let done = api.desk.json(whole.clone());
        assert_eq!(done["receipt"]["state"], "issued");
        assert_eq!(bodies(&caller, &case).len(), before.len() - 1);
        api.desk.refused(1, whole);
        api.desk.refused(2, redact);
    }
}
