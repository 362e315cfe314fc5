//! Public samples of other systems' exports beside the project (`../shared/realdata`, or what
//! `GALLRA_SAMPLES` names), where they are: nobody here wrote them, and none is part of the project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use gallra::ingest::{Format, IngestError, Intake, Options, Session};

use crate::both_engines;
use crate::tools::{settings, summary};
use crate::world::World;

fn samples() -> Option<PathBuf> {
    let named = std::env::var_os("GALLRA_SAMPLES").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/realdata");
    let found = named.unwrap_or(beside);
    if found.join("MANIFEST.tsv").is_file() {
        return Some(found);
    }
    eprintln!("SKIPPED: no public samples at {}", found.display());
    None
}

/// Files by what they are imported as: mails by directory, others one by one. Users come before
/// tickets, as an import asks for.
fn groups(root: &Path) -> BTreeMap<String, Vec<PathBuf>> {
    let mut groups: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    let mut directories = vec![root.to_path_buf()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(&directory).expect("it can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                directories.push(path);
                continue;
            }
            let name = path
                .strip_prefix(root)
                .expect("it is below")
                .to_string_lossy()
                .into_owned();
            let is_mail = path.extension().is_some_and(|it| it == "eml");
            let group = match name.rsplit_once('/') {
                None => continue, // The samples' own list.
                Some((directory, _)) if is_mail => format!("{directory}/*.eml"),
                Some(_) => name.clone(),
            };
            groups.entry(group).or_default().push(path);
        }
    }
    groups.values_mut().for_each(|it| it.sort());
    groups
}

both_engines! {
    async fn every_public_sample_ends_as_stated(bench) {
        let Some(root) = samples() else { return };
        let world = World::new(bench).await;
        let mut lines = Vec::new();
        for (name, files) in groups(&root) {
            let mut session = Session::new(&world.catalog, &world.north, settings());
            let mut intake = Intake::new(&world.catalog, &world.north, Options::default());
            let mut refused = 0;
            for file in &files {
                let bytes = std::fs::read(file).expect("it can be read");
                let format = Format::of_path(file);
                match session.read(bytes.as_slice(), format, &mut intake, |_| {}).await {
                    Ok(()) => {}
                    Err(error @ (IngestError::Unrecognised | IngestError::NoColumns)) => {
                        refused += 1;
                        lines.push(format!("{name}: {error}"));
                    }
                    Err(error) => panic!("{name}: {error}"),
                }
            }
            let report = intake.finish().await.expect("it ends");
            if refused < files.len() {
                lines.push(format!("{name} ({})\n  {}", files.len(), summary(&report)));
            }
        }
        insta::assert_snapshot!("samples", lines.join("\n"));
    }
}
