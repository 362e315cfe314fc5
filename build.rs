//! Rebuilds the program when a migration was added: the files are embedded in it.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
