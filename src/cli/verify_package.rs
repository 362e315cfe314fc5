//! `gallra verify PACKAGE.zip`: a package of Art. 15, or its manifest beside its files. Nothing is unpacked to
//! a disk, and of a file no more is kept than its hash.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path};

use sha2::{Digest, Sha256};

use crate::receipts::Policy;
use crate::requests::package::verify::{Found, MANIFEST, Manifest, Report, verify};

/// A manifest lists some hundred bytes for each file.
const LARGEST_MANIFEST: u64 = 64 << 20;
/// What a zip begins with.
const ZIP: &[u8] = b"PK";

/// Checks a file that is a package or its manifest; `None` where it is neither.
pub fn package(path: &Path, policy: Option<&Policy>) -> io::Result<Option<Report>> {
    if path == Path::new("-") {
        return Ok(None);
    }
    let mut beginning = Vec::new();
    File::open(path)?.take(2).read_to_end(&mut beginning)?;
    if beginning == ZIP {
        return Ok(Some(zipped(path, policy)));
    }
    if path.file_name().is_none_or(|name| name != MANIFEST) {
        return Ok(None);
    }
    let manifest = Manifest::read(&text(File::open(path)?)?);
    let found = manifest.as_ref().map(|it| beside(it, path));
    Ok(Some(verify(
        manifest.as_ref(),
        &found.unwrap_or_default(),
        policy,
    )))
}

fn zipped(path: &Path, policy: Option<&Policy>) -> Report {
    let (mut manifest, mut found) = (None, BTreeMap::new());
    let mut read = || -> Option<()> {
        let mut zip = zip::ZipArchive::new(File::open(path).ok()?).ok()?;
        for at in 0..zip.len() {
            let mut file = zip.by_index(at).ok()?;
            let name = file.name().map(|name| name.into_owned()).ok()?;
            match name == MANIFEST {
                true => manifest = Manifest::read(&text(file).ok()?),
                false => drop(found.insert(name, hashed(&mut file).ok()?)),
            }
        }
        Some(())
    };
    match read() {
        Some(()) => verify(manifest.as_ref(), &found, policy),
        None => verify(None, &found, policy), // Cut off, or no zip behind its first bytes.
    }
}

/// The files beside a manifest that it lists. One that is not there is not compared.
fn beside(manifest: &Manifest, path: &Path) -> BTreeMap<String, Found> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let mut found = BTreeMap::new();
    for listed in manifest.paths() {
        let below = Path::new(listed);
        let stays = below
            .components()
            .all(|it| matches!(it, Component::Normal(_)));
        let file = stays
            .then(|| File::open(directory.join(below)).ok())
            .flatten();
        if let Some(hashed) = file.and_then(|mut file| hashed(&mut file).ok()) {
            found.insert(listed.to_owned(), hashed);
        }
    }
    found
}

fn hashed(file: &mut impl Read) -> io::Result<Found> {
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; 64 << 10]);
    loop {
        match file.read(&mut piece)? {
            0 => break,
            length => {
                bytes += length as u64;
                hash.update(&piece[..length]);
            }
        }
    }
    Ok(Found {
        bytes,
        sha256: hex::encode(hash.finalize()),
    })
}

fn text(file: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.take(LARGEST_MANIFEST).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
