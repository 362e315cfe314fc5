//! Random kills: processes are started, killed with SIGKILL wherever they happen to be, and what they
//! leave behind must be repaired by the next start and keep its invariants.
//!
//! ```text
//!   prepare ──► start ──► kill ──► recover ──► check ─┐
//!                 ▲                                   │ until enough is done
//!                 └───────────────────────────────────┘
//! ```
//!
//! To add one: implement [`Scenario`] for a struct that holds the bench, the program and what the test
//! knows to be true so far, and call [`kill_at_random`] in a test for both engines:
//!
//! ```ignore
//! both_engines! {
//!     async fn no_kill_leaves_half_an_erasure(bench) {
//!         let mut erasures = Erasures::prepare(bench).await;
//!         let toll = kill_at_random(&mut erasures, counted(500, 10_000), 1).await.unwrap();
//!         toll.assert_meaningful();
//!     }
//! }
//! ```
//!
//! The moment of a kill is random within a window that grows while processes are caught running and
//! shrinks while they have ended before, so that kills spread over their whole lives however fast the
//! machine is. The seed repeats the choices, not the machine's timing.

use std::time::Duration;

use super::chance::Chance;
use super::process::{Finished, Running};

/// What is killed, and what must hold afterwards.
pub trait Scenario {
    /// Starts the processes of one round.
    async fn start(&mut self, round: u64, chance: &mut Chance) -> Round;

    /// Repairs as an operator would, by the next command; takes in what the processes had promised
    /// before they ended. An error ends the run.
    async fn recover(&mut self, ended: Ended) -> Result<(), String>;

    /// Says which invariant is broken, if one is.
    async fn check(&mut self) -> Result<(), String>;

    /// How much has been done so far, in the unit of the goal.
    fn done(&self) -> u64;

    /// Within which time the first kills fall; about twice a life, learnt from there on.
    fn first_window(&self) -> Duration {
        Duration::from_millis(40)
    }
}

/// The processes of one round.
#[derive(Default)]
pub struct Round {
    /// These are killed.
    pub victims: Vec<Running>,
    /// These run beside them and come to their own end.
    pub bystanders: Vec<Running>,
}

/// How the processes of a round ended, each in the order of its start.
#[derive(Debug)]
pub struct Ended {
    /// Killed, or ended just before.
    pub victims: Vec<Finished>,
    /// Ended by themselves.
    pub bystanders: Vec<Finished>,
}

/// What a run of kills came to.
#[derive(Debug, Default)]
pub struct Toll {
    /// Rounds played.
    pub rounds: u64,
    /// Victims killed while they ran.
    pub killed: u64,
    /// Victims that ended before they could be killed.
    pub escaped: u64,
}

impl Toll {
    /// # Panics
    /// When fewer than one victim in five was killed or escaped: then the kills were not spread over
    /// their lives.
    pub fn assert_meaningful(&self) {
        let all = self.killed + self.escaped;
        assert!(
            self.killed * 5 >= all && self.escaped * 5 >= all,
            "the kills were not spread over the lives of the processes: {self:?}"
        );
    }
}

/// `short`, or `long` with GALLRA_LONG=1.
pub fn counted(short: u64, long: u64) -> u64 {
    if super::long() { long } else { short }
}

/// Plays rounds until `goal` is done. The error says which round broke what.
pub async fn kill_at_random(
    scenario: &mut impl Scenario,
    goal: u64,
    seed: u64,
) -> Result<Toll, String> {
    let mut chance = Chance::new(seed);
    let mut toll = Toll::default();
    let mut window = Window(scenario.first_window());
    while scenario.done() < goal {
        toll.rounds += 1;
        if toll.rounds > goal * 100 {
            return Err(format!("nothing gets done: {toll:?}"));
        }
        let round = scenario.start(toll.rounds, &mut chance).await;
        let delay = window.draw(&mut chance);
        let ended = tokio::task::block_in_place(|| play(round, delay));
        for victim in &ended.victims {
            let killed = victim.was_killed();
            window.learn(killed);
            *(if killed {
                &mut toll.killed
            } else {
                &mut toll.escaped
            }) += 1;
        }
        let verdict = match scenario.recover(ended).await {
            Ok(()) => scenario.check().await,
            Err(error) => Err(format!("recovery failed: {error}")),
        };
        if toll.rounds.is_power_of_two() || toll.rounds.is_multiple_of(50) {
            println!("seed {seed}: {} of {goal} done, {toll:?}", scenario.done());
        }
        verdict.map_err(|broken| {
            let round = toll.rounds;
            format!("round {round} of seed {seed}, killed after {delay:?}: {broken}")
        })?;
    }
    Ok(toll)
}

/// Kills the victims at one blow after the delay, then waits for the bystanders.
fn play(round: Round, delay: Duration) -> Ended {
    let mut delay = delay;
    let kill = |victim: Running| victim.kill_after(std::mem::take(&mut delay));
    Ended {
        victims: round.victims.into_iter().map(kill).collect(),
        bystanders: round.bystanders.into_iter().map(Running::finish).collect(),
    }
}

/// When to kill.
struct Window(Duration);

impl Window {
    fn draw(&self, chance: &mut Chance) -> Duration {
        Duration::from_micros(chance.below(self.0.as_micros() as u64))
    }

    /// In balance when every second victim is caught, which is when the window is twice a life.
    fn learn(&mut self, killed: bool) {
        let factor = if killed { 1.1 } else { 1.0 / 1.1 };
        let next = self.0.mul_f64(factor);
        self.0 = next.clamp(Duration::from_millis(1), Duration::from_secs(20));
    }
}
