use super::*;

fn ends(tenant: &str, at: At) -> Says {
    Says::Ends {
        tenant: Some(tenant.to_owned()),
        at,
    }
}

fn day(text: &str) -> At {
    At::Day(text.parse().unwrap())
}

#[test]
fn each_system_says_it_in_its_own_way() {
    let read = |source, body: &str| super::read(source, body.as_bytes()).says;
    let own = |kind: &str, ends: &str| {
        format!(
            r#"{{"type":"{kind}","timestamp":"x","data":{{"tenant":"brygga","ends":"{ends}"}}}}"#
        )
    };
    let standard = Source::StandardWebhooks;
    assert_eq!(
        read(standard, &own("contract.ended", "2026-04-30")),
        ends("brygga", day("2026-04-30"))
    );
    let moment = At::Moment(Timestamp::parse("2026-04-30T22:30:00Z").unwrap());
    assert_eq!(
        read(
            standard,
            &own("contract.ending", "2026-05-01T00:30:00+02:00")
        ),
        ends("brygga", moment)
    );
    assert_eq!(
        read(standard, &own("contract.renewed", "2026-04-30")),
        Says::Other
    );
    assert_eq!(
        read(standard, &own("subcontract.ended", "2026-04-30")),
        Says::Other
    );
    assert_eq!(
        read(standard, &own("contract.ended", "soon")),
        Says::Unreadable
    );

    let cloud = r#"{"specversion":"1.0","id":"7","source":"/crm","type":"se.example.contract.ended",
        "subject":"lykta","data":{"ends":"2026-04-30"}}"#;
    assert_eq!(
        read(Source::CloudEvents, cloud),
        ends("lykta", day("2026-04-30"))
    );
    let other = super::read(Source::CloudEvents, cloud.as_bytes());
    assert_eq!(
        other.id.as_deref(),
        Some("/crm\n7"),
        "two senders may both have a 7"
    );
    assert_eq!(
        read(Source::CloudEvents, &own("contract.ended", "2026-04-30")),
        Says::Unreadable
    );

    let stripe = |kind: &str, object: &str| {
        format!(
            r#"{{"id":"evt_1","type":"{kind}","created":1777586400,"data":{{"object":{object}}}}}"#
        )
    };
    let of_brygga = |rest: &str| format!(r#"{{"metadata":{{"gallra_tenant":"brygga"}}{rest}}}"#);
    let at = |seconds: i64| At::Moment(Timestamp(seconds * 1_000_000));
    let deleted = stripe(
        "customer.subscription.deleted",
        &of_brygga(r#","ended_at":1777500000"#),
    );
    assert_eq!(
        read(Source::Stripe, &deleted),
        ends("brygga", at(1_777_500_000))
    );
    let deleted = stripe("customer.subscription.deleted", &of_brygga(""));
    assert_eq!(
        read(Source::Stripe, &deleted),
        ends("brygga", at(1_777_586_400))
    );
    let updated = stripe(
        "customer.subscription.updated",
        &of_brygga(r#","cancel_at":1780000000"#),
    );
    assert_eq!(
        read(Source::Stripe, &updated),
        ends("brygga", at(1_780_000_000))
    );
    let kept = stripe(
        "customer.subscription.updated",
        &of_brygga(r#","cancel_at":null"#),
    );
    assert_eq!(read(Source::Stripe, &kept), Says::Other);
    let unnamed = stripe("customer.subscription.deleted", "{}");
    assert!(matches!(
        read(Source::Stripe, &unnamed),
        Says::Ends { tenant: None, .. }
    ));
}

#[test]
fn whatever_comes_is_read_or_said_to_be_unreadable() {
    for body in [
        &b""[..],
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"\"contract.ended\"",
        &"[".repeat(100_000).into_bytes(),
    ] {
        for source in Source::ALL {
            assert_eq!(super::read(source, body).says, Says::Unreadable);
        }
    }
    let far =
        br#"{"type":"customer.subscription.deleted","created":9223372036854775807,"data":{}}"#;
    assert_eq!(super::read(Source::Stripe, far).says, Says::Other);
    let long = format!(r#"{{"id":"{}","type":"x"}}"#, "7".repeat(300));
    assert_eq!(super::read(Source::Stripe, long.as_bytes()).id, None);
}

/// The public samples: an event that ends nothing, and a subscription, wrapped as Stripe sends it.
#[test]
fn stripes_own_samples() {
    let samples = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/realdata"));
    let Ok(event) = std::fs::read(samples.join("contract_events/stripe_event.json")) else {
        eprintln!("skipped: the public samples are not on this machine");
        return;
    };
    let event = super::read(Source::Stripe, &event);
    assert_eq!(
        (event.id.as_deref(), event.says),
        (Some("evt_1Pgc76B7WZ01zgkWwyRHS12y"), Says::Other)
    );
    let subscription =
        std::fs::read(samples.join("contract_events/stripe_subscription.json")).unwrap();
    let mut subscription: Value = serde_json::from_slice(&subscription).unwrap();
    subscription["metadata"] = serde_json::json!({"gallra_tenant": "brygga"});
    let wrapped = serde_json::json!({"id": "evt_2", "type": "customer.subscription.updated",
        "data": {"object": subscription}});
    let read = super::read(Source::Stripe, wrapped.to_string().as_bytes());
    assert_eq!(
        read.says,
        ends("brygga", At::Moment(Timestamp(1_234_567_890_000_000)))
    );
}
