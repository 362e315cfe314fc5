#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gallra_fuzz::entry("field")(bytes));
