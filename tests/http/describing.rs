//! What is held of a client, and what the client tells: the inventory, the register, the notice.

use serde_json::json;

use crate::both_engines;
use crate::client::Api;
use crate::desk::{Desk, text};

both_engines! {
    async fn the_inventory_counts_what_is_there_now(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let address = "/api/v1/tenants/norrsken/catalog";
        let held = caller.get(address).with(200);
        let words: Vec<_> = held["categories"].as_array().unwrap().iter()
            .map(|it| (text(&it["category"]), it["contacts"].as_u64().unwrap(), it["records"].as_u64().unwrap()))
            .collect();
        let expected = [("name", 2, 2), ("phone", 1, 1), ("email", 2, 2), ("external_id", 2, 2), ("message", 1, 2)];
        assert_eq!(words, expected.map(|(word, people, records)| (word.to_owned(), people, records)));
        let messages = &held["categories"][4];
        assert_eq!(messages["oldest"], "2026-02-01T09:00:00Z");
        assert_eq!(messages["newest"], "2026-02-01T10:00:00Z");
        assert_eq!(messages["sources"], json!(["zendesk"]));
        assert_eq!(messages["channels"], json!(["email"]));
        assert_eq!(messages["recipients"], json!(["Second line AB"]));
        assert_eq!(messages["purposes"], json!(["support", "claims", "security", "rights"]));
        assert_eq!(messages["legal_basis"], "GDPR Art. 6(1)(b), 6(1)(c), 6(1)(f)");
        assert_eq!((&messages["retention"], &messages["retention_starts"]), (&json!("P24M"), &json!("case_closed")));
        assert_eq!(messages["declared"], true);
        assert_eq!(messages["fides_key"], "user.content.private");
        assert_eq!(messages["dpv"], "https://w3id.org/dpv/2.3/pd#Communication");
        assert_eq!(held["custody"], json!([{"custody": "operator", "cases": 1}]));
        assert_eq!(held["forwardings"][0]["recipient"], "Second line AB");

        let table = caller.send("GET", address, &[("accept", "text/csv")], "");
        assert!(table.text.starts_with("category,contacts,records,oldest,"), "{}", table.text);
        assert_eq!(table.text.lines().count(), 6);

        let cases = caller.get("/api/v1/tenants/norrsken/cases").with(200);
        let case = format!("/api/v1/tenants/norrsken/cases/{}", text(&cases["items"][0]["id"]));
        caller.json("PATCH", &case, &[], &json!({"custody": "second_line"})).with(200);
        let id = api.desk.contact("norrsken", "bo@example.se");
        let erase = format!("/api/v1/tenants/norrsken/contacts/{id}:erase");
        caller.post(&erase, &json!({"instruction": "A-1"})).with(200);
        let held = caller.get(address).with(200);
        assert_eq!(held["custody"][0]["custody"], "second_line");
        assert_eq!(held["categories"][0]["records"], 1, "one name is gone: {held}");
        let auditor = api.caller("auditor", None);
        auditor.get(address).with(200);
    }

    async fn every_channel_of_the_terms_is_a_word_of_its_own(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("brygga"));
        let channels = ["email", "sms", "phone", "social", "widget", "portal", "klarna", "post", "returns"];
        for (at, channel) in channels.into_iter().enumerate() {
            let message = json!({"case": format!("k{at}"), "contact": "c1", "direction": "in", "channel": channel,
                "sent_at": "2026-03-01T09:00:00Z", "body": "Hej!"});
            caller.post("/api/v1/tenants/brygga/messages", &message).with(201);
        }
        let held = caller.get("/api/v1/tenants/brygga/catalog").with(200);
        let used: Vec<_> = held["channels"].as_array().unwrap().iter().map(|it| text(&it["channel"])).collect();
        let mut sorted = channels.map(str::to_owned).to_vec();
        sorted.sort();
        assert_eq!(used, sorted);
        let purposes = caller.get("/api/v1/tenants/brygga/purposes").with(200).to_string();
        assert!(purposes.contains("payment") && purposes.contains("customs"), "{purposes}");
        let notice = caller.get("/api/v1/tenants/brygga/notice?lang=sv&format=txt");
        for words in ["Klarna", "Tullverket", "När du skickar sms", "kontaktformuläret", "sociala medier"] {
            assert!(notice.text.contains(words), "{words}: {}", notice.text);
        }
    }

    async fn what_a_client_says_of_itself_stands_in_its_notice(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let public = api.with("");
        let own = json!({"address": "Storgatan 1 <ingång B>, 111 22 Stockholm", "dpo_email": "dso@norrsken.se",
            "stored_in": "SE"});
        let changed = caller.json("PATCH", "/api/v1/tenants/norrsken/controller", &[], &own).with(200);
        assert_eq!(changed["controller"]["stored_in"], "SE");
        let carrier = json!({"tenant": "norrsken", "name": "Second line AB", "role": "second_line"});
        let added = caller.post("/api/v1/recipients", &carrier).with(201);
        let far = json!({"tenant": "norrsken", "name": "Cloud Inc.", "role": "sub_processor", "country": "US"});
        assert_eq!(caller.post("/api/v1/recipients", &far).with(422)["pointer"], "/safeguard");
        caller.post("/api/v1/recipients", &json!({"name": "X", "role": "other"})).with(404);
        let rules = json!({"tenant": "norrsken", "rules": [{"category": "message", "period": "P1Y", "starts": "case_closed"}]});
        caller.json("PUT", "/api/v1/retention-rules", &[], &rules).with(200);
        let purposes = json!({"purposes": [{"purpose": "support", "legal_basis": ["a"]}]});
        caller.json("PUT", "/api/v1/tenants/norrsken/purposes", &[], &purposes).with(200);

        let page = public.get("/n/norrsken");
        assert_eq!(page.status, 200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(page.header("content-language"), "sv");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert!(page.text.starts_with("<!doctype html>"), "{}", &page.text[..80]);
        for words in ["<html lang=\"sv\">", "Storgatan 1", "Second line AB", "1 år efter att ärendet", "samtycke"] {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
        assert!(page.text.contains("&#60;ingång B&#62;"), "escaped: {}", page.text);
        for outside in ["<script", "src=", "http://", "@import", "url("] {
            assert!(!page.text.contains(outside), "{outside}");
        }
        let known = page.header("etag").to_owned();
        let again = public.send("GET", "/n/norrsken", &[("if-none-match", &known)], "");
        assert_eq!((again.status, again.text.as_str()), (304, ""));

        let english = public.send("GET", "/n/norrsken", &[("accept-language", "de, en;q=0.8")], "");
        assert!(english.text.contains("Who is responsible?"), "{}", english.text);
        let asked = public.send("GET", "/n/norrsken.md?lang=sv", &[("accept-language", "en")], "");
        assert!(asked.text.starts_with("# Så hanterar vi dina personuppgifter"), "{}", asked.text);
        assert_eq!(asked.header("content-type"), "text/markdown; charset=utf-8");
        assert_eq!(public.get("/n/norrsken.txt").header("content-type"), "text/plain; charset=utf-8");

        let register = caller.get("/api/v1/recipients").with(200);
        assert_eq!(register["items"][0]["name"], "Second line AB");
        let one = format!("/api/v1/recipients/{}", text(&added["id"]));
        caller.send("DELETE", &one, &[], "").with(204);
        caller.send("DELETE", &one, &[], "").with(404);
        let kept = caller.get("/api/v1/retention-rules").with(200);
        assert_eq!(kept["items"][4]["period"], "P1Y");
        assert!(!kept.to_string().contains("brygga"), "its own only");
        caller.get("/api/v1/tenants/norrsken/notice?format=rtf").with(422);
    }

    async fn a_published_notice_stays_as_the_client_approved_it(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let at = "/api/v1/tenants/norrsken";
        let own = json!({"phone": "08-123 45 67", "stored_in": "SE", "dpo_email": "dso@norrsken.se",
            "address": "Storgatan 1, 111 22 Stockholm"});
        caller.json("PATCH", &format!("{at}/controller"), &[], &own).with(200);
        let secondline = json!({"tenant": "norrsken", "name": "Second line AB", "role": "second_line"});
        caller.post("/api/v1/recipients", &secondline).with(201);
        let anybody = api.with("");
        anybody.get("/n/norrsken/v/1").with(404);

        let draft = caller.post(&format!("{at}/notices"), &json!({})).with(200);
        assert_eq!((&draft["number"], &draft["state"]), (&json!(1), &json!("draft")));
        anybody.get("/n/norrsken/v/1").with(404);
        let first = json!({"version": 1});
        let early = caller.post(&format!("{at}/notice:publish"), &first).with(409);
        assert_eq!(early["type"], "/problems/wrong-state");
        let by = json!({"version": 1, "by": "070-174 06 07"});
        caller.post(&format!("{at}/notice:approve"), &by).with(422);
        let by = json!({"version": 1, "by": "mejl A-17"});
        assert_eq!(caller.post(&format!("{at}/notice:approve"), &by).with(200)["state"], "approved");
        assert_eq!(caller.post(&format!("{at}/notice:publish"), &first).with(200)["state"], "published");

        let own = json!({"phone": "08-765 43 21"});
        caller.json("PATCH", &format!("{at}/controller"), &[], &own).with(200);
        for page in ["/n/norrsken", "/n/norrsken/v/1", "/n/norrsken.txt", "/n/norrsken/v/1.md"] {
            let said = anybody.get(page).text;
            assert!(said.contains("08-123 45 67") && !said.contains("08-765 43 21"), "{page}: {said}");
        }
        assert!(caller.get(&format!("{at}/notice")).text.contains("08-765 43 21"), "what is true now");

        assert_eq!(caller.post(&format!("{at}/notices"), &json!({})).with(200)["number"], 2);
        let told = caller.get(&format!("{at}/notices/2/diff?from=1&lang=en")).with(200);
        assert!(told["items"][0]["added"][0].as_str().unwrap().contains("08-765 43 21"), "{told}");
        let listed = caller.get(&format!("{at}/notices")).with(200);
        assert_eq!((&listed["items"][0]["state"], &listed["items"][1]["state"]), (&json!("draft"), &json!("published")));
        assert!(caller.get(&format!("{at}/notices/1?lang=en&format=txt")).text.contains("08-123 45 67"));
        caller.get(&format!("{at}/notices/7")).with(404);
        anybody.get("/n/norrsken/v/x").with(404);
        let auditor = api.caller("auditor", None);
        auditor.post(&format!("{at}/notices"), &json!({})).with(403);
    }

    async fn a_purged_clients_notice_is_gone(bench) {
        let api = Api::start(Desk::with_people(bench));
        let admin = api.caller("admin", None);
        let own = json!({"phone": "08-123 45 67", "dpo_email": "wilma@brygga.se"});
        admin.json("PATCH", "/api/v1/tenants/brygga/controller", &[], &own).with(200);
        for (what, version) in [("notices", json!({})), ("notice:approve", json!({"version": 1, "by": "A-1"})),
            ("notice:publish", json!({"version": 1, "in_spite_of": "A-2"}))] {
            admin.post(&format!("/api/v1/tenants/brygga/{what}"), &version).with(200);
        }
        let carrier = json!({"tenant": "brygga", "name": "Frakt AB", "role": "carrier"});
        admin.post("/api/v1/recipients", &carrier).with(201);
        api.desk.end_contract("brygga");
        api.desk.json(["purge", "brygga", "--confirm", "Brygga Kaffe AB"]);
        api.with("").get("/n/brygga/v/1").with(404);
        let gone = api.with("").get("/n/brygga").with(404);
        assert_eq!(gone["type"], "/problems/not-found");
        let data = bench.open(gallra::store::Role::Data).await;
        for table in ["controller", "recipient", "purpose", "retention_rule", "notice_version"] {
            let sql: &'static str = format!("SELECT COUNT(*) FROM {table}").leak();
            let left = data.fetch_one(sql, gallra::store::args![]).await.unwrap();
            assert_eq!(left.u64(0).unwrap(), 0, "{table}");
        }
        data.close().await;
    }
}
