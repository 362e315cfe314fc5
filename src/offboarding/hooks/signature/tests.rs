use super::*;

const BODY: &[u8] = br#"{"test": 2432232314}"#;

fn moment(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1_000_000)
}

/// Published with the specification's reference libraries (`whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw`), and
/// once more by `tests/vectors/cross_check.py`.
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const TIME: i64 = 1_614_265_330;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn standard<'a>(id: &'a str, time: &'a str, signature: &'a str) -> Headers<'a> {
    Headers {
        id: Some(id),
        timestamp: Some(time),
        signature: Some(signature),
        stripe: None,
    }
}

fn of_stripe_alone(header: &str) -> Headers<'_> {
    Headers {
        stripe: Some(header),
        ..Headers::default()
    }
}

fn keys(source: Source, secrets: &[&str]) -> Vec<(usize, Vec<u8>)> {
    let keys = secrets.iter().map(|secret| key(source, secret).unwrap());
    keys.enumerate().collect()
}

#[test]
fn the_published_vector() {
    let keys = keys(Source::StandardWebhooks, &[SECRET]);
    let time = TIME.to_string();
    let with = |headers, body: &[u8], now| {
        verify(Source::StandardWebhooks, headers, body, &keys, now).map(|_| ())
    };
    let good = standard(ID, &time, SIGNATURE);
    assert!(with(good, BODY, moment(TIME)).is_ok());
    let two = format!("v1,AAAA v2,{} {SIGNATURE}", "A".repeat(43));
    assert!(
        with(standard(ID, &time, &two), BODY, moment(TIME)).is_ok(),
        "any of several"
    );

    let later = (TIME + 1).to_string();
    let many = format!("{}{SIGNATURE}", "v1,AAAA ".repeat(8));
    for (headers, body) in [
        (good, &b"{\"test\": 2432232315}"[..]),
        (standard("msg_other", &time, SIGNATURE), BODY),
        (standard(ID, &later, SIGNATURE), BODY),
        (standard(ID, &time, "v1,"), BODY),
        (standard(ID, &time, ""), BODY),
        (standard(ID, "soon", SIGNATURE), BODY),
        (
            standard(ID, &time, SIGNATURE.trim_start_matches("v1,")),
            BODY,
        ),
        (standard(ID, &time, &many), BODY),
        (Headers { id: None, ..good }, BODY),
        (Headers::default(), BODY),
    ] {
        assert!(
            matches!(with(headers, body, moment(TIME)), Err(HookError::Signature)),
            "{headers:?}"
        );
    }
}

#[test]
fn five_minutes_either_way() {
    let keys = keys(Source::StandardWebhooks, &[SECRET]);
    let time = TIME.to_string();
    for (now, good) in [(-301, false), (-300, true), (300, true), (301, false)] {
        let headers = standard(ID, &time, SIGNATURE);
        let answer = verify(
            Source::StandardWebhooks,
            headers,
            BODY,
            &keys,
            moment(TIME + now),
        );
        assert_eq!(answer.is_ok(), good, "{now}");
        assert!(
            good || matches!(answer, Err(HookError::Late)),
            "a good signature is told so"
        );
    }
    let bad = standard("msg_other", &time, SIGNATURE);
    let answer = verify(Source::StandardWebhooks, bad, BODY, &keys, moment(0));
    assert!(
        matches!(answer, Err(HookError::Signature)),
        "who cannot sign learns nothing of clocks"
    );
}

/// By `tests/vectors/cross_check.py`, which computes it with Python's own library as Stripe's page describes.
#[test]
fn stripes_way() {
    let secret = "whsec_test_secret_of_no_account";
    let keys = keys(Source::Stripe, &["whsec_another_secret_of_theirs", secret]);
    let header = format!("t={TIME},v1=00,v1={},v0=ff", STRIPE);
    let found = verify(
        Source::Stripe,
        of_stripe_alone(&header),
        BODY,
        &keys,
        moment(TIME),
    );
    assert_eq!(*found.unwrap(), 1, "which secret it was is told");
    for bad in [
        format!("t={},v1={STRIPE}", TIME + 1),
        format!("t={TIME},v0={STRIPE}"),
        format!("v1={STRIPE}"),
        format!("t={TIME}"),
        String::new(),
    ] {
        let refused = verify(
            Source::Stripe,
            of_stripe_alone(&bad),
            BODY,
            &keys,
            moment(TIME),
        );
        assert!(matches!(refused, Err(HookError::Signature)), "{bad}");
    }
}

/// HMAC-SHA-256 of `1614265330.{"test": 2432232314}` under `whsec_test_secret_of_no_account`.
const STRIPE: &str = "d8c8cab3677924184c576eb65a941fcf3449fcc460ec7ce74fcba76b955fe8a5";

#[test]
fn what_is_no_secret_is_not_taken_for_one() {
    for bad in [
        "",
        "whsec_",
        "whsec_AAAA",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_%%",
    ] {
        assert_eq!(key(Source::StandardWebhooks, bad), None, "{bad}");
    }
    assert_eq!(key(Source::Stripe, "short"), None);
    let made = written(&[7; 32]);
    assert_eq!(key(Source::CloudEvents, &made).unwrap(), [7; 32]);
}
