//! How many calls a minute one token, or one address, may make.
//!
//! Calls with a good token count against the token. Calls without one (the public pages, and whoever tries
//! tokens) count against their address, and a token that is refused counts [`GUESS`] times, so that
//! guessing is slow however many addresses a token is tried from. Behind a proxy all of these share the
//! proxy's address, which is what `rate_limit_address` is to be set for.
//!
//! **Why not a ready-made limiter?** Those there are read the machine's clock themselves; here time is an
//! argument, so that a test states it. What is left is the generic cell rate algorithm: one number for each
//! caller, the time at which its quota is whole again.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

use super::Problem;
use crate::vocabulary::Clock;

/// Over which time calls are counted.
const WINDOW: Duration = Duration::from_secs(60);
/// A token that is refused counts for so many calls.
const GUESS: u32 = 20;
/// Callers that are remembered at most, before those whose quota is whole are forgotten.
const REMEMBERED: usize = 10_000;
/// What a load balancer asks every second.
const FREE: [&str; 2] = ["/healthz", "/readyz"];

/// Who calls. A token is kept as its hash, and in memory only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Token([u8; 32]),
    Address(IpAddr),
}

/// Calls a minute; 0 is no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// By one token.
    pub token: u32,
    /// From one address, of those without a good token.
    pub address: u32,
}

struct Bucket {
    /// When the quota is whole again.
    whole_at: Duration,
    /// Whether the token was found good.
    good: bool,
}

/// Counts calls.
pub struct Meter {
    clock: Arc<dyn Clock>,
    quotas: Quotas,
    buckets: Mutex<HashMap<Who, Bucket>>,
}

/// How a caller stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Standing {
    policy: &'static str,
    quota: u32,
    left: u32,
    /// Until the quota is whole again.
    whole_in: Duration,
    /// How long to wait; none when the call may be made.
    wait: Option<Duration>,
}

impl Meter {
    /// A meter that has counted nothing.
    pub fn new(clock: Arc<dyn Clock>, quotas: Quotas) -> Self {
        Self {
            clock,
            quotas,
            buckets: Mutex::default(),
        }
    }

    /// Counts a call, unless the quota is used up. Nothing where there is no limit.
    fn take(&self, who: Who, calls: u32) -> Option<Standing> {
        let (policy, quota) = match who {
            Who::Token(_) => ("token", self.quotas.token),
            Who::Address(_) => ("address", self.quotas.address),
        };
        if quota == 0 {
            return None;
        }
        let now = self.clock.uptime();
        let each = WINDOW / quota;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= REMEMBERED {
            buckets.retain(|_, bucket| bucket.whole_at > now);
        }
        let bucket = buckets.entry(who).or_insert(Bucket {
            whole_at: now,
            good: false,
        });
        let after = bucket.whole_at.max(now) + each * calls;
        let wait = (after - now).checked_sub(WINDOW).filter(|it| !it.is_zero());
        if wait.is_none() {
            bucket.whole_at = after;
        }
        let whole_in = bucket.whole_at.saturating_sub(now);
        let left = WINDOW.saturating_sub(whole_in).as_nanos() / each.as_nanos().max(1);
        Some(Standing {
            policy,
            quota,
            left: u32::try_from(left).unwrap_or(u32::MAX),
            whole_in,
            wait,
        })
    }

    /// Counts calls whether or not there is room for them, down to nothing.
    fn charge(&self, who: Who, calls: u32) {
        let quota = match who {
            Who::Token(_) => self.quotas.token,
            Who::Address(_) => self.quotas.address,
        };
        let now = self.clock.uptime();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(&who).filter(|_| quota > 0) {
            let after = bucket.whole_at.max(now) + WINDOW / quota * calls;
            bucket.whole_at = after.min(now + WINDOW);
        }
    }

    fn is_good(&self, who: &Who) -> bool {
        let buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.get(who).is_some_and(|bucket| bucket.good)
    }

    /// Remembers a good token, also where tokens have no limit: its calls are not its address's.
    fn found_good(&self, who: &Who) {
        let whole_at = self.clock.uptime();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || Bucket {
            whole_at,
            good: true,
        };
        buckets.entry(*who).or_insert_with(new).good = true;
    }
}

/// Lets a call through, or answers 429 and when to come again.
pub async fn metered(State(meter): State<Arc<Meter>>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    if route.is_some_and(|route| FREE.contains(&route.as_str())) {
        return next.run(request).await;
    }
    let address = address(&request);
    let token = token(request.headers());
    let standing = match token {
        Some(token) if meter.is_good(&token) => meter.take(token, 1),
        Some(token) => match address.and_then(|it| meter.take(it, 1)) {
            Some(tried) if tried.wait.is_some() => Some(tried),
            _ => meter.take(token, 1),
        },
        None => address.and_then(|it| meter.take(it, 1)),
    };
    if let Some(standing) = standing.filter(|it| it.wait.is_some()) {
        return refused(&standing);
    }
    let mut response = next.run(request).await;
    match token {
        Some(_) if response.status() == StatusCode::UNAUTHORIZED => {
            if let Some(address) = address {
                meter.charge(address, GUESS);
            }
        }
        Some(token) => meter.found_good(&token),
        None => {}
    }
    if let Some(standing) = standing {
        say(&standing, response.headers_mut());
    }
    response
}

fn token(headers: &HeaderMap) -> Option<Who> {
    let value = headers.get(header::AUTHORIZATION)?;
    Some(Who::Token(Sha256::digest(value.as_bytes()).into()))
}

/// One caller has as many IPv6 addresses as it likes: the network counts.
fn address(request: &Request) -> Option<Who> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    let address = match peer.ip().to_canonical() {
        IpAddr::V6(it) => {
            let network = u128::from(it) & (u128::MAX << 64);
            IpAddr::V6(network.into())
        }
        v4 => v4,
    };
    Some(Who::Address(address))
}

fn refused(standing: &Standing) -> Response {
    let seconds = standing.wait.map_or(1, seconds);
    let detail = format!("too many calls: send this again in {seconds} s");
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many", detail);
    let mut response = problem.into_response();
    put(
        response.headers_mut(),
        header::RETRY_AFTER,
        &seconds.to_string(),
    );
    say(standing, response.headers_mut());
    response
}

/// The fields of draft-ietf-httpapi-ratelimit-headers.
fn say(standing: &Standing, headers: &mut HeaderMap) {
    let Standing {
        policy,
        quota,
        left,
        whole_in,
        ..
    } = standing;
    let window = WINDOW.as_secs();
    let policy_of = format!("\"{policy}\";q={quota};w={window}");
    let limit = format!("\"{policy}\";r={left};t={}", seconds(*whole_in));
    put(
        headers,
        HeaderName::from_static("ratelimit-policy"),
        &policy_of,
    );
    put(headers, HeaderName::from_static("ratelimit"), &limit);
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

fn seconds(time: Duration) -> u64 {
    time.as_millis().div_ceil(1000) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::FixedClock;

    fn meter(quota: u32) -> (Arc<FixedClock>, Meter) {
        let clock = Arc::new(FixedClock::at("2026-03-01T09:00:00Z"));
        let quotas = Quotas {
            token: quota,
            address: quota,
        };
        (clock.clone(), Meter::new(clock, quotas))
    }

    #[test]
    fn a_quota_is_used_up_and_comes_back_evenly() {
        let (clock, meter) = meter(6);
        let (one, other) = (Who::Token([1; 32]), Who::Token([2; 32]));
        for left in (0..6).rev() {
            let standing = meter.take(one, 1).unwrap();
            assert_eq!((standing.left, standing.wait), (left, None));
        }
        let standing = meter.take(one, 1).unwrap();
        assert_eq!(standing.wait, Some(Duration::from_secs(10)));
        assert_eq!(meter.take(other, 1).unwrap().left, 5, "each has its own");
        clock.advance(Duration::from_secs(10));
        assert_eq!(meter.take(one, 1).unwrap().wait, None);
        assert!(meter.take(one, 1).unwrap().wait.is_some());
        clock.advance(Duration::from_secs(3600));
        assert_eq!(
            meter.take(one, 1).unwrap().left,
            5,
            "and no more than whole"
        );
    }

    #[test]
    fn no_limit_is_none_and_guessing_is_dear() {
        let (_, unlimited) = meter(0);
        let token = Who::Token([1; 32]);
        assert_eq!(unlimited.take(token, 1), None);
        assert!(!unlimited.is_good(&token));
        unlimited.found_good(&token);
        assert!(
            unlimited.is_good(&token),
            "or it would count as its address"
        );
        let (_, meter) = meter(30);
        let address = Who::Address([127, 0, 0, 1].into());
        assert_eq!(meter.take(address, 1).unwrap().left, 29);
        meter.charge(address, GUESS);
        assert_eq!(meter.take(address, 1).unwrap().left, 8);
        meter.charge(address, GUESS);
        let standing = meter.take(address, 1).unwrap();
        assert_eq!(
            standing.wait,
            Some(Duration::from_secs(2)),
            "and never more than used up"
        );
    }
}
