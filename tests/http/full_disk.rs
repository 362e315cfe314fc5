//! A server outlives a disk that was full for a moment.

use gallra::store::Engine;
use serde_json::json;

use crate::client::Api;
use crate::desk::Desk;
use crate::disks::SmallDisk;
use crate::support;

#[test]
fn a_server_works_again_once_there_is_room() {
    support::run(Engine::Sqlite, async |_| {
        let Some(disk) = SmallDisk::new(32 << 20) else {
            return eprintln!(
                "no disk may be mounted here: tests/store/damage.rs limits files instead"
            );
        };
        let desk = Desk::in_directory(disk.path());
        desk.json([
            "init",
            "--operator",
            "Exempel Support AB",
            "--org-no",
            "556000-0001",
        ]);
        let client = [
            "tenant",
            "add",
            "skor",
            "--name",
            "Skor AB",
            "--org-no",
            "556677-8899",
        ];
        desk.json([&client[..], &["--email", "kund@skor.se"]].concat());
        let api = Api::start(desk);
        let caller = api.caller("tenant", Some("skor"));
        let people = "/api/v1/tenants/skor/contacts";
        let person = |number: usize| json!({"external_id": format!("p{number}"), "name": "Lo Alm"});
        caller.post(people, &person(0)).with(201);
        for round in 1..=2 {
            disk.fill();
            // What was written before may leave room in the logs for one or two more.
            let refused =
                (0..200).find(|at| caller.post(people, &person(round * 1000 + at)).status != 201);
            assert!(refused.is_some(), "a full disk stops the server");
            caller.post(people, &person(round)).with(500);
            disk.free();
            caller.get(people).with(200);
            caller.post(people, &person(round)).with(201);
            caller.get("/readyz").with(200);
        }
        let (_, log) = api.server.end(rustix::process::Signal::TERM);
        assert!(log.contains("free space"), "{log}");
        assert!(!log.contains("this is a fault in Gallra"), "{log}");
    });
}
