//! The package of Art. 15, from the command to the page that somebody opens at home.

use crate::both_engines;
use crate::desk::{Desk, text};
use crate::zips::Package;

/// Bo writes in Åsa's case; Åsa sends a file whose name would lead elsewhere, and markup.
const MORE: &str = r#"{"type":"message","case":"k1","contact":"c2","direction":"in","channel":"email","sent_at":"2026-02-03T09:00:00Z","body":"Bos hemlighet","external_id":"m3"}
{"type":"message","case":"k1","contact":"c1","direction":"in","channel":"email","sent_at":"2026-02-04T09:00:00Z","body":"<script>alert('x')</script> Bild bifogas.","external_id":"m4","attachments":[{"name":"../../kvitto å.png","media_type":"image/png","content":"iVBORw0KGgo="}]}
{"type":"message","case":"k1","contact":"c1","direction":"note","channel":"other","sent_at":"2026-02-05T09:00:00Z","body":"Kunden ringer sällan.","external_id":"m5","author":"Kim"}
"#;

fn access<'a>(out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let access = [
        "access",
        "--tenant",
        "norrsken",
        "--email",
        "asa@example.se",
        "--out",
        out,
    ];
    [&access[..], more].concat()
}

fn opened(path: &str) -> Package {
    Package::open(std::fs::read(path).expect("the package is there"))
}

fn with_more(desk: Desk) -> Desk {
    let more = desk.file("more.ndjson", MORE);
    desk.json(["import", "--tenant", "norrsken", &more]);
    desk
}

both_engines! {
    async fn a_package_is_checked_by_whoever_has_it(bench) {
        let desk = with_more(Desk::with_people(bench));
        let out = desk.path("asa.zip");
        desk.json(access(&out, &["--lang", "en"]));
        let policy = desk.path("sign/log.policy");
        let report = desk.json(["verify", &out, "--policy", &policy]);
        assert_eq!((&report["passed"], &report["issuer_established"]), (&true.into(), &true.into()), "{report}");
        let told = desk.text(["verify", &out]);
        assert!(told.starts_with("An intact package, but who made it is not established."), "{told}");

        let package = opened(&out);
        let unpacked = std::path::PathBuf::from(desk.path("unpacked"));
        for (name, content) in &package.0 {
            let path = unpacked.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let manifest = unpacked.join("manifest.json").display().to_string();
        let report = desk.json(["verify", &manifest, "--policy", &policy]);
        assert_eq!(report["files"], package.0.len() as u64 - 1, "{report}");
        let alone = desk.file("manifest.json", package.text("manifest.json"));
        let told = desk.text(["verify", &alone, "--policy", &policy]);
        assert!(told.contains("none is here to compare"), "{told}");

        let refused = |file: &str| desk.gallra.run(["verify", file, "--policy", &policy]).exited(4).stdout;
        let letter = unpacked.join("01_letter.html");
        let before = std::fs::read(&letter).unwrap();
        std::fs::write(&letter, "Annat").unwrap();
        assert!(refused(&manifest).contains("01_letter.html is not as it was listed"));
        std::fs::remove_file(&letter).unwrap();
        assert!(refused(&manifest).contains("01_letter.html is missing"));
        std::fs::write(&letter, before).unwrap();
        let listed = package.text("manifest.json").replacen("01_letter", "02_letter", 1);
        std::fs::write(&manifest, listed).unwrap();
        assert!(refused(&manifest).contains("another list was signed"));

        let mut zip = std::fs::read(&out).unwrap();
        zip.truncate(zip.len() - 10);
        std::fs::write(&out, &zip).unwrap();
        assert!(refused(&out).contains("no manifest that can be read"));
    }

    async fn a_person_gets_a_copy_that_can_be_read_without_a_network(bench) {
        use std::os::unix::fs::PermissionsExt;

        let desk = with_more(Desk::with_people(bench));
        let out = desk.path("asa.zip");
        let packed = desk.json(access(&out, &["--lang", "sv"]));
        let counts = ["cases", "messages", "attachments", "masked"].map(|it| packed[it].as_u64());
        assert_eq!(counts, [Some(1), Some(4), Some(1), Some(1)], "{packed}");
        let mode = std::fs::metadata(&out).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);

        let package = opened(&out);
        let case = package.below("data/cases/").into_iter().find(|it| it.ends_with(".json")).unwrap();
        let case = case.strip_prefix("data/cases/").unwrap().strip_suffix(".json").unwrap().to_owned();
        let file = package.below("data/attachments/")[0].to_owned();
        assert!(file.ends_with("-.._.._kvitto_å.png") || file.ends_with("_kvitto_å.png"), "{file}");
        let mut expected = vec![
            "00_LÄS_MIG_FÖRST.html".to_owned(), "01_letter.html".to_owned(), "02_information.html".to_owned(),
            "data/access_log.csv".to_owned(), file.clone(), format!("data/cases/{case}.html"),
            format!("data/cases/{case}.json"), "data/forwardings.csv".to_owned(),
            "data/profile.json".to_owned(), "data/redactions.json".to_owned(), "manifest.json".to_owned(),
            "portability/cases.csv".to_owned(), "portability/contact.vcf".to_owned(),
            "portability/messages.mbox".to_owned(),
        ];
        expected.sort();
        assert_eq!(package.below(""), expected);
        assert_eq!(package.0[&file], b"\x89PNG\r\n\x1a\n");
        package.stands_alone();

        let shown = package.json(&format!("data/cases/{case}.json"));
        let messages = shown["messages"].as_array().unwrap();
        let bodies: Vec<_> = messages.iter().map(|it| it["body"].as_str()).collect();
        assert_eq!(bodies[..3], [Some("Hej! Skidan gick av."), Some("Vi skickar en ny."), None], "in order of time");
        assert_eq!(messages[3]["files"][0], file);
        assert_eq!(shown["forwardings"][0]["recipient"], "Second line AB");
        assert_eq!(package.json("data/profile.json")["profile"]["name"], "Åsa Öberg");
        let covered = package.json("data/redactions.json");
        assert_eq!(covered["redactions"][0]["message"], messages[2]["id"]);
        let page = package.text(&format!("data/cases/{case}.html"));
        assert!(page.contains("Skidan gick av") && page.contains("Trasig skida"), "{page}");
        assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"), "{page}");
        assert!(page.contains("1 februari 2026 kl. 10.00 (CET)"), "where the client is: {page}");
        for (name, text) in package.0.iter().filter_map(|(name, it)| Some((name, std::str::from_utf8(it).ok()?))) {
            assert!(!text.contains("Bos hemlighet"), "{name}");
        }
        assert!(package.text("data/forwardings.csv").contains("Second line AB,garanti"));
        assert!(!package.text("portability/messages.mbox").contains("S3VuZGVuIHJpbmdlciBzw6RsbGFu"), "a note");
        assert!(package.text("portability/contact.vcf").contains("FN:Åsa Öberg\r\n"));
        let told = package.text("02_information.html");
        assert!(told.contains("Second line AB") && told.contains("zendesk") && told.contains("imy.se"), "{told}");
        assert!(package.text("01_letter.html").contains("Integritetsskyddsmyndigheten"));
    }

    async fn it_speaks_english_and_tells_who_looked_before(bench) {
        let desk = with_more(Desk::with_people(bench));
        desk.json(access(&desk.path("first.json"), &[]));
        let out = desk.path("asa.ZIP");
        desk.json(access(&out, &["--lang", "en"]));
        let package = opened(&out);
        package.stands_alone();
        assert!(package.text("00_READ_ME_FIRST.html").contains("This is a copy of everything"));
        assert!(package.text("01_letter.html").contains("Yes, we process personal data about you"));
        assert!(package.text("02_information.html").contains("Automated decisions"));
        let log = package.text("data/access_log.csv");
        let looks = log.lines().filter(|it| it.contains("compiled for disclosure")).count();
        assert_eq!(looks, 2, "the one before, and this one: {log}");
        assert!(log.contains("operations staff") && !log.contains("command-line"), "{log}");

        let again = desk.refused(1, access(&out, &["--lang", "en"]));
        assert!(text(&again["message"]).contains("name a new file"), "{again}");
        assert_eq!(package.0, opened(&out).0, "and it is as it was");
        desk.refused(2, access(&desk.path("de.zip"), &["--lang", "de"]));
        let nobody = ["access", "--tenant", "norrsken", "--contact", &"0".repeat(32)];
        let none = desk.path("nobody.zip");
        desk.refused(1, [&nobody[..], &["--out", &none]].concat());
        assert!(!std::path::Path::new(&none).exists(), "nothing is left behind");
        let said = desk.text(access(&desk.path("said.zip"), &[]));
        assert!(said.contains("1 case, 4 messages, 1 attached file"), "{said}");
        assert!(said.contains("Redacted: 1 message of other people"), "{said}");
    }

    async fn a_request_is_answered_with_it(bench) {
        let desk = Desk::with_people(bench);
        let add = ["request", "add", "--tenant", "norrsken", "--right", "access", "--email", "asa@example.se"];
        let number = text(&desk.json(add)["case_no"]);
        let out = desk.path("asa.zip");
        let package = ["request", "package", &number, "--out", &out, "--lang", "en"];
        desk.refused(3, package);
        assert!(!std::path::Path::new(&out).exists());
        desk.json(["request", "instruct", &number, "--instruction", "KUND-17"]);
        let packaged = desk.json(package);
        assert_eq!((&packaged["held"], &packaged["package"]["messages"]), (&true.into(), &2.into()));
        let opened = opened(&out);
        assert!(opened.text("01_letter.html").contains(&format!("Request {number}")));
        assert_eq!(opened.json("manifest.json")["case_no"], number);
        assert_eq!(desk.json(["request", "deliver", &number])["state"], "fulfilled");
    }
}
