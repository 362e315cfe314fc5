//! An access package as the person who gets it opens it.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use gallra::receipts::note::{Note, Signed, VerifierKey};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The files of a package.
pub struct Package(pub BTreeMap<String, Vec<u8>>);

impl Package {
    /// Opens a zip, whole.
    pub fn open(bytes: Vec<u8>) -> Package {
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).expect("a whole zip");
        let mut files = BTreeMap::new();
        for at in 0..zip.len() {
            let mut file = zip.by_index(at).expect("a file");
            let mut content = Vec::new();
            file.read_to_end(&mut content)
                .expect("its checksum is good");
            let name = file.name().expect("a name in UTF-8").into_owned();
            files.insert(name, content);
        }
        Package(files)
    }

    pub fn text(&self, name: &str) -> &str {
        let file = self.0.get(name);
        let file = file.unwrap_or_else(|| panic!("no {name} in {:?}", self.0.keys()));
        std::str::from_utf8(file).expect("UTF-8")
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(self.text(name)).expect("JSON")
    }

    /// The names of files below a folder.
    pub fn below(&self, folder: &str) -> Vec<&str> {
        let names = self.0.keys().map(String::as_str);
        names.filter(|name| name.starts_with(folder)).collect()
    }

    /// Every page with its text.
    pub fn pages(&self) -> impl Iterator<Item = (&str, &str)> {
        let names = self.0.keys().filter(|name| name.ends_with(".html"));
        names.map(|name| (name.as_str(), self.text(name)))
    }

    /// The manifest lists every file but itself as it is, and the log's key signed that list.
    pub fn is_signed_by(&self, key: &str) {
        let manifest = self.json("manifest.json");
        let listed = manifest["files"].as_array().expect("files");
        assert_eq!(listed.len() + 1, self.0.len());
        let mut lines = String::new();
        for file in listed {
            let path = file["path"].as_str().expect("a path");
            let sha256 = hex::encode(Sha256::digest(&self.0[path]));
            assert_eq!(file["sha256"], sha256, "{path}");
            assert_eq!(file["bytes"], self.0[path].len(), "{path}");
            lines.push_str(&format!("{sha256}  {path}\n"));
        }
        let note = Note::parse(manifest["note"].as_str().expect("a note")).expect("a note");
        let key: VerifierKey = key.parse().expect("a key");
        assert_eq!(note.text, format!("{}/package/v1\n{lines}", key.name()));
        assert_eq!(note.verify(&key).expect("a good signature"), Signed::Text);
    }

    /// Nothing on a page is fetched or run, and every link of a page leads to a file of the package.
    pub fn stands_alone(&self) {
        for (name, page) in self.pages() {
            assert!(page.contains("default-src 'none'"), "{name}");
            for bad in [
                "<script", "<link", "<img", "src=", "url(", "@import", "<iframe",
            ] {
                assert!(!page.contains(bad), "{name}: {bad}");
            }
            let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
            for link in page
                .split("href=\"")
                .skip(1)
                .filter_map(|it| it.split('"').next())
            {
                assert!(!link.contains(':'), "{name}: {link}");
                if !link.starts_with('#') {
                    let target = target(folder, link);
                    assert!(self.0.contains_key(&target), "{name}: {target}");
                }
            }
        }
    }
}

fn target(folder: &str, link: &str) -> String {
    let mut path: Vec<&str> = folder.split('/').filter(|it| !it.is_empty()).collect();
    for step in link.split('/') {
        match step {
            ".." => drop(path.pop()),
            step => path.push(step),
        }
    }
    path.join("/")
}
