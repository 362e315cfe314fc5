use std::fs;

use super::*;

fn resolve(flags: Flags, environment: &[(&str, &str)]) -> Result<Settings, ConfigError> {
    let find = |name: &str| {
        let found = environment.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| OsString::from(value))
    };
    Settings::resolve(&flags, &find)
}

fn with_config(text: &str) -> (tempfile::TempDir, Flags) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("g.toml");
    fs::write(&path, text).unwrap();
    (
        directory,
        Flags {
            config: Some(path),
            ..Flags::default()
        },
    )
}

#[test]
fn everything_lies_below_the_data_directory_unless_told_otherwise() {
    let settings = resolve(Flags::default(), &[("GALLRA_DATA_DIR", "/srv/100%?")]).unwrap();
    assert_eq!(
        settings.database_url,
        "sqlite:/srv/100%25%3F/data/gallra.db"
    );
    assert_eq!(settings.root, Path::new("/srv/100%?/root"));
    assert_eq!(settings.sign_dir, Path::new("/srv/100%?/sign"));
    assert_eq!(settings.listen, "127.0.0.1:8080");
}

#[test]
fn a_higher_layer_wins() {
    let (directory, mut flags) =
        with_config("data_dir = \"d\"\nlisten = \"a:1\"\noperator = \"A\"\n");
    let data_dir = directory.path().join("d");
    fs::create_dir(&data_dir).unwrap();
    let stored = "listen = \"s:9\"\noperator = \"S\"\noperator_org_no = \"5560\"\n";
    fs::write(data_dir.join("gallra.toml"), stored).unwrap();
    flags.other.push(("listen", "f:3".to_owned()));

    let settings = resolve(
        flags,
        &[("GALLRA_LISTEN", "e:2"), ("GALLRA_PUBLIC_URL", "")],
    )
    .unwrap();
    assert_eq!(settings.data_dir, data_dir, "counted from the file's place");
    assert_eq!(settings.listen, "f:3", "a flag is above all");
    assert_eq!(
        settings.operator, "A",
        "--config is above the data directory's own file"
    );
    assert_eq!(
        settings.operator_org_no, "5560",
        "which is above the default"
    );
    assert_eq!(settings.public_url, None, "an empty variable says nothing");
}

#[test]
fn what_is_kept_is_read_again() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().join("new");
    let flags = |other: Vec<(&'static str, String)>| Flags {
        data_dir: Some(data_dir.clone()),
        other,
        ..Flags::default()
    };
    let named = vec![("operator", "Kundtjänst \"Norr\" AB".to_owned())];
    resolve(flags(named), &[]).unwrap().keep().unwrap();
    let settings = resolve(flags(vec![]), &[]).unwrap();
    assert_eq!(settings.operator, "Kundtjänst \"Norr\" AB");
    assert_eq!(settings.operator_org_no, "");
}

#[test]
fn a_mistake_is_named_with_what_to_write() {
    let cases = [
        (
            "databse_url = \"x\"",
            "there is no setting \"databse_url\": did you mean database_url?",
        ),
        ("GALLRA_LISTEN = \"x\"", "in a file it is called listen"),
        ("root_factor = \"x\"", "a secret does not belong in a file"),
        ("zebra = \"x\"", "there are data_dir, database_url"),
        ("listen = 8080", "listen must be text"),
        ("listen = \"8080\"", "write address and port"),
        ("\nlisten = ", "line 2 is not TOML"),
        ("root = \"openbao:http://b#k\"", "use file:DIR"),
        ("root = \"/srv/root\"", "GALLRA_ROOT must be file:DIR"),
    ];
    for (text, expected) in cases {
        let (_directory, flags) = with_config(text);
        let error = resolve(flags, &[]).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let missing = Flags {
        config: Some("/nonexistent/g.toml".into()),
        ..Flags::default()
    };
    assert!(
        resolve(missing, &[])
            .unwrap_err()
            .to_string()
            .contains("check the path")
    );
}

#[test]
fn the_root_factor_is_found_and_never_shown() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(
        directory.path().join("gallra-root-factor"),
        "from systemd\n",
    )
    .unwrap();
    let place = directory.path().to_str().unwrap();
    let both = [
        ("CREDENTIALS_DIRECTORY", place),
        ("GALLRA_ROOT_FACTOR", "from a variable"),
    ];
    let settings = resolve(Flags::default(), &both).unwrap();
    assert_eq!(
        settings.root_factor.as_ref().map(RootFactor::expose),
        Some(&b"from systemd"[..])
    );
    assert!(!format!("{settings:?}").contains("systemd"));
    assert!(resolve(Flags::default(), &[("GALLRA_ROOT_FACTOR", " ")]).is_err());
}

#[test]
fn every_setting_is_shown_without_passwords() {
    let settings = resolve(
        Flags::default(),
        &[
            ("DATABASE_URL", "postgres://g:hemligt@db/g"),
            (
                "VAULT_URL",
                "postgres://db/g?password=hemligt&sslmode=require",
            ),
        ],
    );
    let shown = settings.unwrap().shown();
    let names: Vec<_> = shown.iter().map(|(name, _)| *name).collect();
    let keys: Vec<_> = KEYS.iter().map(|key| key.name).collect();
    assert_eq!(names, keys);
    assert!(shown.contains(&("database_url", "postgres://g:…@db/g".to_owned())));
    assert!(shown.contains(&(
        "vault_url",
        "postgres://db/g?password=…&sslmode=require".to_owned()
    )));
}
