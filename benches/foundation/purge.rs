//! Purging a tenant, up to the moment when nothing of it can be read any more: the time must not
//! grow with what the tenant has.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use gallra::ingest::{Options, import_gallra};
use gallra::vocabulary::{Clock, SystemClock};

use crate::shared::Case;
use crate::shared::records;
use crate::shared::table::{Goal, Line, middle, time};
use crate::support::house::{House, root};

/// Contacts, and how many times: the small ones often, because they are noisy.
const SIZES: &[(usize, usize)] = &[(10, 11), (1_000, 9), (100_000, 3)];
const MILLION: (usize, usize) = (1_000_000, 1);

/// One line per size, the smallest is the baseline of all.
pub async fn run(case: &Case<'_>) -> Vec<Line> {
    let sizes = SIZES.iter().copied().chain(case.scale.then_some(MILLION));
    let house = House::new(case.bench).await;
    let mut lines = Vec::new();
    let mut smallest = None;
    for (contacts, rounds) in sizes {
        let (mut irrecoverable, mut whole) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            let tenant = house.tenant(&format!("kund-{contacts}-{round}")).await;
            fill(&house, &tenant, contacts).await;
            rustix::fs::sync(); // What the import left for the disk to do is not the purge's to wait for.
            let watch = Watch::begin(root(case.bench));
            let began = SystemClock.uptime();
            let (took, _) = time(house.purge(&tenant)).await;
            irrecoverable.push(watch.end() - began);
            whole.push(took);
        }
        let ours = middle(&irrecoverable);
        let baseline = *smallest.get_or_insert(ours);
        let whole = middle(&whole).as_secs_f64();
        let measure = format!("purge of {contacts} contacts (rows and receipt: {whole:.2} s)");
        lines.push(Line::times(&measure, ours, baseline, Goal::AtMost(1.5)));
    }
    house.close().await;
    lines
}

async fn fill(house: &House, tenant: &gallra::catalog::TenantRef, contacts: usize) {
    for begin in (0..contacts).step_by(10_000) {
        let text = records::contacts(begin..contacts.min(begin + 10_000));
        let options = Options::default();
        let imported = import_gallra(&house.catalog, tenant, text.as_bytes(), options, |_| {});
        imported.await.expect("it is imported");
    }
}

/// Looks from outside for the moment when the old root is overwritten on both copies, and is sure of
/// it when the disk has both.
struct Watch {
    seen: JoinHandle<Duration>,
    given_up: Arc<AtomicBool>,
}

impl Watch {
    fn begin(root: PathBuf) -> Self {
        let copies = ["copy-1", "copy-2"]
            .map(|copy| std::fs::File::open(root.join(copy)).expect("the root has two copies"));
        let old = live_slot(&copies[0]);
        let given_up = Arc::new(AtomicBool::new(false));
        let until = given_up.clone();
        let look = move || {
            let there = |copy| slots(copy).contains(&old);
            while copies.iter().any(there) && !until.load(Ordering::Relaxed) {
                sleep(Duration::from_micros(30));
            }
            copies
                .iter()
                .for_each(|copy| copy.sync_all().expect("it can be flushed"));
            SystemClock.uptime()
        };
        Self {
            seen: std::thread::spawn(look),
            given_up,
        }
    }

    /// When it was.
    fn end(self) -> Duration {
        self.given_up.store(true, Ordering::Relaxed);
        self.seen.join().expect("the watch does not fail")
    }
}

/// Bytes of a slot, and where the second begins.
const SLOT: usize = 120;
const SECOND: u64 = 4096;

fn slots(copy: &std::fs::File) -> [Vec<u8>; 2] {
    [0, SECOND].map(|at| {
        let mut bytes = vec![0; SLOT];
        copy.read_exact_at(&mut bytes, at)
            .expect("a copy has two slots");
        bytes
    })
}

fn live_slot(copy: &std::fs::File) -> Vec<u8> {
    let mut slots = slots(copy).into_iter();
    let live = slots.find(|slot| slot.iter().any(|byte| *byte != 0));
    live.expect("one slot is live")
}
