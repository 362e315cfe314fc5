//! How often and how large a call may be, versions of what is edited, and what operations see.

use serde_json::json;

use crate::both_engines;
use crate::client::Api;
use crate::desk::Desk;

both_engines! {
    async fn a_token_has_its_quota_and_learns_how_it_stands(bench) {
        let mut desk = Desk::with_people(bench);
        desk.gallra = desk.gallra.with("GALLRA_RATE_LIMIT", "3").with("GALLRA_RATE_LIMIT_ADDRESS", "40");
        let api = Api::start(desk);
        let (one, other) = (api.caller("dpo", None), api.caller("dpo", None));
        for left in ["2", "1", "0"] {
            let answer = one.get("/api/v1/tenants");
            assert_eq!(answer.header("ratelimit-policy"), "\"token\";q=3;w=60");
            assert!(answer.header("ratelimit").starts_with(&format!("\"token\";r={left};t=")), "{answer:?}");
            answer.with(200);
        }
        let answer = one.get("/api/v1/tenants");
        assert!((1..=20).contains(&answer.header("retry-after").parse::<u64>().unwrap()), "{answer:?}");
        assert_eq!(answer.with(429)["type"], "/problems/too-many");
        other.get("/api/v1/tenants").with(200);
        one.get("/readyz").with(200);

        // Whoever guesses tokens is stopped soon, and holds up nobody who has a good one.
        let guess = |number: usize| api.with(&format!("gallra_{number:043}")).get("/api/v1/tenants").status;
        assert_eq!([guess(1), guess(2), guess(3)], [401, 401, 429]);
        other.get("/api/v1/tenants").with(200);
    }

    async fn a_good_token_without_a_limit_is_not_held_to_that_of_its_address(bench) {
        let mut desk = Desk::with_people(bench);
        desk.gallra = desk.gallra.with("GALLRA_RATE_LIMIT", "0").with("GALLRA_RATE_LIMIT_ADDRESS", "2");
        let api = Api::start(desk);
        let caller = api.caller("dpo", None);
        let calls = [(); 6].map(|()| caller.get("/api/v1/tenants").status);
        assert_eq!(calls, [200; 6]);
    }

    async fn nobody_overwrites_what_they_have_not_seen(bench) {
        let api = Api::start(Desk::with_people(bench));
        let admin = api.caller("admin", None);
        let client = "/api/v1/tenants/norrsken";
        let seen = admin.get(client).header("etag").to_owned();
        let change = json!({"name": "Norrsken Sport & Fritid AB", "languages": ["sv"], "email": "ny@norrsken.se"});
        let changed = admin.json("PATCH", client, &[("if-match", &seen)], &change);
        assert_ne!(changed.header("etag"), seen);
        let now = changed.header("etag").to_owned();
        assert_eq!(changed.with(200)["name"], "Norrsken Sport & Fritid AB");
        let late = admin.json("PATCH", client, &[("if-match", &seen)], &json!({"name": "X"})).with(412);
        assert_eq!(late["type"], "/problems/changed-meanwhile");
        let read = admin.get(client);
        assert_eq!(read.header("etag"), now);
        let read = read.with(200);
        assert_eq!((&read["email"], &read["org_no"]), (&json!("ny@norrsken.se"), &json!("556677-8899")));
        admin.json("PATCH", client, &[("if-match", "*")], &json!({"timezone": "Europe/Oslo"})).with(200);
        admin.json("PATCH", client, &[("if-match", "W/x")], &json!({})).with(422);
        assert_eq!(admin.json("PATCH", client, &[], &json!({"org_no": "1"})).with(422)["pointer"], "/org_no");
        assert_eq!(admin.json("PATCH", client, &[], &json!({"country": "NO"})).with(422)["pointer"], "/country");
        assert_eq!(admin.json("PATCH", client, &[], &json!({"email": "nonsense"})).with(422)["pointer"], "/email");
        let controller = format!("{client}/controller");
        let wrong = json!({"dpo_email": "a@b@c"});
        assert_eq!(admin.json("PATCH", &controller, &[], &wrong).with(422)["pointer"], "/dpo_email");
        let wrong = json!({"slug": "zc", "name": "Z AB", "org_no": "556677-8899", "email": "nonsense"});
        assert_eq!(admin.post("/api/v1/tenants", &wrong).with(422)["pointer"], "/email");
        api.caller("tenant", Some("norrsken")).json("PATCH", client, &[], &json!({"name": "X"})).with(403);

        let cases = admin.get(&format!("{client}/cases")).with(200);
        let case = format!("{client}/cases/{}", cases["items"][0]["id"].as_str().unwrap());
        let seen = admin.get(&case).header("etag").to_owned();
        let close = json!({"state": "closed"});
        admin.json("PATCH", &case, &[("if-match", &seen)], &close).with(200);
        admin.json("PATCH", &case, &[("if-match", &seen)], &close).with(412);
    }

    async fn a_body_has_its_limit(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        let body = |length: usize| json!({"external_id": "a", "name": "b".repeat(length)});
        let contacts = "/api/v1/tenants/norrsken/contacts";
        let refused = caller.post(contacts, &body(100 << 10)).with(413);
        assert!(refused["detail"].as_str().unwrap().contains("64 KiB"), "{refused}");
        caller.post(contacts, &body(10 << 20)).with(413);
        let message = json!({"case": "k", "contact": "c1", "direction": "in", "channel": "email",
            "sent_at": "2026-03-01T09:00:00Z", "body": "x".repeat(1_000_000)});
        caller.post("/api/v1/tenants/norrsken/messages", &message).with(201);
    }

    async fn metrics_tell_of_routes_and_of_nobody(bench) {
        let api = Api::start(Desk::with_people(bench));
        let caller = api.caller("tenant", Some("norrsken"));
        caller.get("/api/v1/tenants/norrsken/contacts").with(200);
        caller.get("/asa@example.se").with(404);
        for (role, tenant, status) in [("tenant", Some("norrsken"), 404), ("hook", None, 403)] {
            assert_eq!(api.caller(role, tenant).get("/metrics").status, status);
        }
        api.with("").get("/metrics").with(401);
        let text = api.caller("auditor", None).get("/metrics").text;
        for line in [
            "gallra_http_requests_total{method=\"GET\",route=\"/api/v1/tenants/{slug}/contacts\",status=\"200\"} 1",
            "gallra_http_requests_total{method=\"GET\",route=\"-\",status=\"404\"} 1",
            "gallra_lease_valid 1",
            "gallra_jobs{state=\"waiting\"} 0",
            "gallra_erasures_unfinished 0",
            "gallra_queue_paused 0",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(text.contains("gallra_http_request_seconds_bucket{method=\"GET\",route=\"/api/v1"), "{text}");
        for secret in ["asa@", "norrsken", "gallra_0"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }

    async fn nobody_waits_for_a_body_that_is_too_large(bench) {
        use std::io::{Read, Write};
        let api = Api::start(Desk::with_people(bench));
        for path in ["/api/v1/hooks/stripe", "/api/v1/holds", "/api/v1/tenants/norrsken/imports"] {
            let token = api.caller("admin", None);
            let mut wire = std::net::TcpStream::connect(&api.server.address).unwrap();
            let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
                Content-Type: application/json\r\nContent-Length: 9999999999\r\n\r\n", token.token());
            wire.write_all(head.as_bytes()).unwrap();
            // A server that waited would answer after a minute, and with another status.
            wire.set_read_timeout(Some(std::time::Duration::from_secs(50))).unwrap();
            let mut answer = [0; 12];
            wire.read_exact(&mut answer).unwrap();
            assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 413", "{path}");
        }
    }

    async fn a_form_that_is_not_there_is_refused_with_the_way_out(bench) {
        let api = Api::start(Desk::with_people(bench));
        let admin = api.caller("admin", None);
        let id = api.desk.contact("norrsken", "asa@example.se");
        let erase = format!("/api/v1/tenants/norrsken/contacts/{id}:erase");
        let erased = admin.post(&erase, &json!({"instruction": "A-1"})).with(200);
        let receipt = format!("/api/v1/receipts/{}", erased["receipt_id"].as_str().unwrap());
        let get = |path: &str, accept: &str| admin.send("GET", path, &[("accept", accept)], "");
        let notice = "/api/v1/tenants/norrsken/notice?format=pdf";
        for (path, accept) in [(receipt.as_str(), "application/pdf"), (notice, "*/*"), ("/n/norrsken.pdf", "*/*")] {
            let refused = get(path, accept).with(501);
            assert_eq!(refused["type"], "/problems/not-built", "{path}");
            assert!(refused["detail"].as_str().unwrap().contains("html"), "{refused}");
        }
        get(&receipt, "image/png").with(406);
        get("/api/v1/tenants", "image/png").with(406);
        let page = get(&receipt, "text/plain;q=0.5, text/html");
        assert!(page.text.contains("<html"), "{page:?}");
        let file = get(&receipt, "text/html;q=0.2, text/plain;q=0.9");
        assert!(file.text.contains("/receipt/v1"), "{file:?}");
        let list = get("/api/v1/tenants", "text/csv;q=0.1, application/json");
        assert_eq!(list.header("content-type"), "application/json");
    }

    async fn who_reads_pages_is_told_on_a_page_that_there_is_none(bench) {
        let api = Api::start(Desk::with_people(bench));
        let anybody = api.with("");
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        let page = |path: &str, language: &str| {
            let head = [("accept", browser), ("accept-language", language)];
            anybody.send("GET", path, &head, "")
        };
        let swedish = page("/n/nobody", "sv");
        assert_eq!((swedish.status, swedish.header("content-language")), (404, "sv"));
        assert!(swedish.text.contains("Sidan finns inte") && swedish.text.contains("<html lang=\"sv\">"));
        assert!(swedish.header("content-security-policy").contains("sha256-"), "{swedish:?}");
        let english = page("/n/norrsken.exe", "en");
        assert_eq!(english.status, 404);
        assert!(english.text.contains("There is no such page"), "{english:?}");
        assert_eq!(page("/n/norrsken.docx", "sv").status, 501);
        let program = anybody.get("/n/nobody").with(404);
        assert_eq!(program["type"], "/problems/not-found");
    }
}
