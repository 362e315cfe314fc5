//! The random kills find a program that cannot bear them and leave one in peace that can.

use std::process::Command;

use crate::saver::{last_number, saved, saver};
use crate::tools::chance::Chance;
use crate::tools::killing::{Ended, Round, Scenario, kill_at_random};
use crate::tools::process::Running;

/// Numbers saved with some care.
struct Numbers {
    directory: tempfile::TempDir,
    how: &'static str,
    promised: u64,
    rounds: u64,
}

impl Numbers {
    fn saved(how: &'static str) -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            how,
            promised: 0,
            rounds: 0,
        }
    }
}

impl Scenario for Numbers {
    async fn start(&mut self, _: u64, chance: &mut Chance) -> Round {
        let numbers = self.promised + 1..=self.promised + 60 + chance.below(20);
        let victim = saver(self.directory.path(), numbers, self.how);
        Round {
            victims: vec![Running::start(victim)],
            bystanders: vec![Running::start(Command::new("true"))],
        }
    }

    async fn recover(&mut self, ended: Ended) -> Result<(), String> {
        assert_eq!(ended.bystanders.len(), 1);
        assert_eq!(ended.bystanders[0].code(), Some(0));
        let said = last_number(&ended.victims[0].stdout, "saved ");
        self.promised = self.promised.max(said);
        self.rounds += 1;
        Ok(())
    }

    async fn check(&mut self) -> Result<(), String> {
        let kept = saved(self.directory.path()).unwrap_or(Ok(0))?;
        match kept >= self.promised {
            true => Ok(()),
            false => Err(format!("{} was promised, {kept} is kept", self.promised)),
        }
    }

    fn done(&self) -> u64 {
        self.rounds
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_cannot_bear_a_kill_is_found() {
    let mut numbers = Numbers::saved("o");
    let broken = kill_at_random(&mut numbers, 2_000, 1).await.unwrap_err();
    assert!(broken.contains("the file is"), "{broken}");
    assert!(broken.contains("of seed 1, killed after"), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_bears_every_kill_is_left_in_peace() {
    let mut numbers = Numbers::saved("");
    let toll = kill_at_random(&mut numbers, 100, 2).await.unwrap();
    assert_eq!((toll.rounds, toll.killed + toll.escaped), (100, 100));
    toll.assert_meaningful();
}
