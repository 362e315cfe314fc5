//! What is packed and sealed, and what packing the same files costs by itself.

use std::io::{Cursor, Read, Write};
use std::time::Duration;

use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use crate::shared::table::time;

/// More than this is not packed again: the rate does not depend on it.
const ENOUGH: usize = 32 << 20;

/// The files of a package.
pub struct Unpacked {
    files: Vec<(String, Vec<u8>)>,
    /// Bytes of all of them, also of those that are not kept.
    pub bytes: u64,
}

impl Unpacked {
    /// Opens a zip.
    pub fn open(package: &[u8]) -> Self {
        let mut zip = zip::ZipArchive::new(Cursor::new(package)).expect("a whole zip");
        let (mut files, mut bytes, mut kept) = (Vec::new(), 0, 0);
        for at in 0..zip.len() {
            let file = zip.by_index(at).expect("a file");
            let name = file.name().expect("a name").into_owned();
            bytes += file.size();
            let mut content = Vec::new();
            let left = (ENOUGH - kept) as u64;
            file.take(left).read_to_end(&mut content).expect("it opens");
            kept += content.len();
            files.push((name, content));
        }
        Self { files, bytes }
    }

    /// How long all of them take to be packed anew, in memory, by the same library.
    pub async fn packing(&self) -> Duration {
        let (took, _) = time(async { self.packed() }).await;
        let kept: usize = self.files.iter().map(|(_, content)| content.len()).sum();
        took.mul_f64(self.bytes as f64 / kept as f64)
    }

    fn packed(&self) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        let deflated = CompressionMethod::Deflated;
        let options = SimpleFileOptions::default().compression_method(deflated);
        for (name, content) in &self.files {
            zip.start_file(name.as_str(), options)
                .expect("a file begins");
            zip.write_all(content).expect("memory takes it");
        }
        zip.finish().expect("memory takes it").into_inner()
    }
}
