//! `--check-config`: the settings as they come out.

use std::collections::BTreeMap;

use super::failure::Failure;
use super::output::{Output, Text};
use crate::config::Settings;

pub fn show(settings: &Settings, output: Output) -> Result<(), Failure> {
    let shown: BTreeMap<_, _> = settings.shown().into_iter().collect();
    output.give(&shown, |_| {
        Text::line("The settings are in order.")
            .gap()
            .pairs(settings.shown())
    })
}
