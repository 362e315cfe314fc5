//! Two contacts who are one person, and one who is two, by the API.

use serde_json::{Value, json};

use crate::both_engines;
use crate::client::{Api, Caller};
use crate::desk::{Desk, text};

const CONTACTS: &str = "/api/v1/tenants/norrsken/contacts";

/// Åsa writes from another address too, and is a second contact with a case of her own.
fn second(caller: &Caller) -> String {
    let again = json!({"external_id": "c9", "name": "Åsa Ö", "email": "asa.privat@example.se", "phone": "070-174 06 05"});
    let id = text(&caller.post(CONTACTS, &again).with(201)["id"]);
    let message = json!({"case": "k9", "contact": "c9", "direction": "in", "channel": "email",
        "subject": "Retur", "sent_at": "2026-03-01T09:00:00Z", "body": "Det är jag igen."});
    caller
        .post("/api/v1/tenants/norrsken/messages", &message)
        .with(201);
    id
}

fn found(caller: &Caller, address: &str) -> Vec<Value> {
    let asked = json!({"email": address, "tenant": "norrsken"});
    let found = caller.post("/api/v1/contacts:lookup", &asked).with(200);
    found["matches"].as_array().expect("matches").clone()
}

both_engines! {
    async fn two_contacts_become_one_as_it_was_shown(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("dpo", Some("norrsken"));
        let (keep, from) = (api.desk.contact("norrsken", "asa@example.se"), second(&caller));
        caller.json("PATCH", &format!("{CONTACTS}/{keep}"), &[], &json!({"phone": null})).with(200);
        let merge = format!("{CONTACTS}/{keep}:merge");
        let asked = json!({"from": from, "instruction": "A-5", "dry_run": true});
        let shown = caller.post(&merge, &asked).with(200);
        assert_eq!((&shown["cases"], &shown["messages"], &shown["erases"]), (&json!(1), &json!(1), &json!(true)));
        assert_eq!(shown["filled_in"], json!(["phone", "email", "external_id"]), "{shown}");
        assert_eq!(shown["removed"], json!(["name"]), "a person has one name, and several addresses");
        assert_eq!(shown["in_the_way"], json!([]));
        let version = text(&shown["version"]);
        let order = |version: &str| json!({"from": from, "instruction": "A-5", "version": version});
        assert_eq!(caller.post(&merge, &json!({"from": from, "instruction": "A-5"})).with(422)["pointer"], "/version");

        let message = json!({"case": "k9", "contact": "c9", "direction": "in", "channel": "email",
            "sent_at": "2026-03-02T09:00:00Z", "body": "Och en sak till."});
        caller.post("/api/v1/tenants/norrsken/messages", &message).with(201);
        assert_eq!(caller.post(&merge, &order(&version)).with(409)["type"], "/problems/not-as-shown");
        let hold = json!({"tenant": "norrsken", "contact": from, "reason": "TVIST-3"});
        let hold = text(&caller.post("/api/v1/holds", &hold).with(201)["id"]);
        let shown = caller.post(&merge, &asked).with(200);
        assert_eq!((&shown["in_the_way"][0]["kind"], &shown["in_the_way"][0]["id"]), (&json!("hold"), &json!(hold)));
        let version = text(&shown["version"]);
        assert_eq!(caller.post(&merge, &order(&version)).with(409)["type"], "/problems/in-the-way");
        assert_eq!(found(&caller, "asa.privat@example.se").len(), 1, "nothing was changed");
        caller.send("DELETE", &format!("/api/v1/holds/{hold}"), &[], "");

        let done = caller.post(&merge, &order(&version)).with(200);
        assert_eq!((&done["cases"], &done["pending"]), (&json!(1), &json!(0)), "{done}");
        assert_eq!(done["receipts"].as_array().unwrap().len(), 4, "a case, two profiles, an erasure: {done}");
        let gone = caller.get(&format!("{CONTACTS}/{from}")).with(410);
        assert_eq!(gone["receipt_id"], done["receipts"][3]);
        for id in done["receipts"].as_array().unwrap() {
            let receipt = caller.get(&format!("/api/v1/receipts/{}", text(id))).with(200);
            assert_eq!(receipt["instruction"], "A-5");
        }
        let now = found(&caller, "asa@example.se");
        assert_eq!(found(&caller, "asa.privat@example.se"), now, "she is found by both addresses");
        let messages = now[0]["categories"].as_array().unwrap().iter().find(|it| it["category"] == "message");
        assert_eq!(messages.unwrap()["records"], 4, "{now:?}");
        let kept = caller.get(&format!("{CONTACTS}/{keep}")).with(200);
        assert_eq!((&kept["phone"], &kept["external_id"]), (&json!("070-174 06 05"), &json!("c1")));
        let further = json!({"emails": ["asa.privat@example.se"], "external_ids": ["c9"]});
        assert_eq!(kept["further"], further);
        let request = json!({"tenant": "norrsken", "rights": ["access"], "channel": "email",
            "received_at": "2026-03-05T09:00:00Z", "identifiers": {"email": "asa.privat@example.se"}});
        let request = caller.post("/api/v1/requests", &request).with(201);
        assert_eq!((&request["contact"], &request["candidates"]), (&json!(keep), &json!(1)), "{request}");
        // The shop's system goes on calling her c9: what it says goes to her, and no second contact is made.
        let message = json!({"case": "k9", "contact": "c9", "direction": "in", "channel": "email",
            "sent_at": "2026-03-06T09:00:00Z", "body": "Tack!"});
        caller.post("/api/v1/tenants/norrsken/messages", &message).with(201);
        let profile = json!({"external_id": "c9", "name": "Åsa Ö", "email": "asa.privat@example.se"});
        assert_eq!(caller.post(CONTACTS, &profile).with(200)["id"], json!(keep));
        assert_eq!(caller.get(&format!("{CONTACTS}/{keep}")).with(200)["email"], "asa@example.se");
        caller.post(&merge, &order(&version)).with(410);
        let itself = json!({"from": keep, "instruction": "A-5", "dry_run": true});
        assert_eq!(caller.post(&merge, &itself).with(422)["pointer"], "/from");
        api.caller("auditor", Some("norrsken")).post(&merge, &asked).with(403);
    }

    async fn one_contact_becomes_two_and_keeps_what_is_its_own(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let asa = api.desk.contact("norrsken", "asa@example.se");
        let message = json!({"case": "k7", "contact": "c1", "direction": "in", "channel": "email",
            "subject": "Cykel", "sent_at": "2026-03-01T09:00:00Z", "body": "Jag är Åsas bror."});
        let case = text(&caller.post("/api/v1/tenants/norrsken/messages", &message).with(201)["case_id"]);
        let brother = json!({"external_id": "c8", "name": "Olle Öberg"});
        let brother = text(&caller.post(CONTACTS, &brother).with(201)["id"]);
        let split = format!("{CONTACTS}/{asa}:split");
        let mut order = json!({"into": brother, "cases": [case], "remove": ["phone"], "instruction": "A-6", "dry_run": true});
        let request = json!({"tenant": "norrsken", "rights": ["access"], "channel": "email",
            "received_at": "2026-03-05T09:00:00Z", "identifiers": {"email": "asa@example.se"}});
        let request = caller.post("/api/v1/requests", &request).with(201);
        let shown = caller.post(&split, &order).with(200);
        let kinds: Vec<_> = shown["in_the_way"].as_array().unwrap().iter().map(|it| text(&it["kind"])).collect();
        assert_eq!(kinds, ["hold", "request"], "{shown}");
        caller.post(&format!("/api/v1/requests/{}:withdraw", text(&request["id"])), &json!({})).with(200);
        let shown = caller.post(&split, &order).with(200);
        assert_eq!((&shown["cases"], &shown["cases_that_stay"], &shown["erases"]), (&json!(1), &json!(1), &json!(false)));
        assert_eq!((&shown["filled_in"], &shown["removed"]), (&json!(["phone"]), &json!([])), "{shown}");
        assert_eq!(shown["in_the_way"], json!([]));

        order["dry_run"] = json!(false);
        order["version"] = shown["version"].clone();
        let done = caller.post(&split, &order).with(200);
        assert_eq!(done["receipts"].as_array().unwrap().len(), 3, "a case and both profiles: {done}");
        let read = |id: &str| caller.get(&format!("{CONTACTS}/{id}")).with(200);
        assert_eq!(read(&brother)["phone"], "070-123 45 67", "it is his, and handed over");
        assert_eq!((&read(&asa)["phone"], &read(&asa)["email"]), (&Value::Null, &json!("asa@example.se")));
        let cases = caller.get("/api/v1/tenants/norrsken/cases").with(200);
        let cases = cases["items"].as_array().unwrap();
        let requesters: Vec<_> = cases.iter().map(|it| (text(&it["external_id"]), text(&it["requester"]))).collect();
        assert!(requesters.contains(&("k7".into(), brother.clone())), "{requesters:?}");
        assert!(requesters.contains(&("k1".into(), asa.clone())), "{requesters:?}");
        assert_eq!(caller.post(&split, &order).with(422)["pointer"], "/cases", "they are the other's now");
    }

    async fn one_of_several_addresses_is_the_brother_s(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let asa = api.desk.contact("norrsken", "asa@example.se");
        let further = json!({"external_id": "c1", "further": {"emails": ["olle@example.se", "asa.o@example.se"]}});
        caller.post(CONTACTS, &further).with(200);
        let message = json!({"case": "k7", "contact": "c1", "direction": "in", "channel": "email",
            "sent_at": "2026-03-01T09:00:00Z", "body": "Jag är Åsas bror."});
        let case = text(&caller.post("/api/v1/tenants/norrsken/messages", &message).with(201)["case_id"]);
        let brother = text(&caller.post(CONTACTS, &json!({"external_id": "c8", "name": "Olle"})).with(201)["id"]);
        let split = format!("{CONTACTS}/{asa}:split");
        let mut order = json!({"into": brother, "cases": [case], "identifiers": ["nobody@example.se"],
            "instruction": "A-6", "dry_run": true});
        assert_eq!(caller.post(&split, &order).with(422)["pointer"], "/identifiers");
        order["identifiers"] = json!(["OLLE@example.se"]);
        let shown = caller.post(&split, &order).with(200);
        assert_eq!((&shown["filled_in"], &shown["removed"]), (&json!(["email"]), &json!([])), "{shown}");
        order["dry_run"] = json!(false);
        order["version"] = shown["version"].clone();
        caller.post(&split, &order).with(200);
        let ids = |address: &str| -> Vec<String> {
            found(&caller, address).iter().map(|it| text(&it["id"])).collect()
        };
        assert_eq!(ids("olle@example.se"), [brother]);
        assert_eq!((ids("asa@example.se"), ids("asa.o@example.se")), (vec![asa.clone()], vec![asa]));
    }
}
