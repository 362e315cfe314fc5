//! Endpoints that answer, refuse, redirect, fall silent, or turn out to be inside the network.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gallra::jobs::{Ran, Work, Worker};
use gallra::queue::{Kind as Job, Queue};
use gallra::vocabulary::{Clock, DeliveryId, EndpointId, SystemRandom};
use gallra::webhooks::address::Resolving;
use gallra::webhooks::{
    DeliveryState, Kind, Networks, NewEndpoint, Resolve, SystemResolver, WebhookError, Webhooks,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::both_engines;
use crate::support::Bench;
use crate::support::house::House;

/// The webhooks of a house.
pub fn of(house: &House, resolver: Arc<dyn Resolve>, networks: Networks) -> Webhooks {
    Webhooks {
        data: house.catalog.data.clone(),
        keyring: house.catalog.keyring.clone(),
        clock: house.clock.clone(),
        random: Arc::new(SystemRandom),
        resolver,
        networks,
    }
}

/// Names that lead where the test says.
#[derive(Default)]
struct Names(Mutex<Vec<IpAddr>>);

impl Names {
    fn lead_to(&self, addresses: &[&str]) {
        *self.0.lock().unwrap() = addresses.iter().map(|it| it.parse().unwrap()).collect();
    }
}

impl Resolve for Names {
    fn resolve<'a>(&'a self, _: &'a str) -> Resolving<'a> {
        let found = self.0.lock().unwrap().clone();
        Box::pin(async move {
            match found.is_empty() {
                true => Err(io::Error::from(io::ErrorKind::NotFound)),
                false => Ok(found),
            }
        })
    }
}

/// An endpoint on this machine, which answers each post in the same way and keeps what it was sent.
struct Endpoint {
    url: String,
    got: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    async fn answering(status: &'static str) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hooks", listener.local_addr().unwrap());
        let got = Arc::new(Mutex::new(Vec::new()));
        let keep = got.clone();
        tokio::spawn(async move {
            loop {
                let Ok((mut wire, _)) = listener.accept().await else {
                    return;
                };
                let mut text = String::new();
                while !text.ends_with("}}") {
                    let mut some = [0; 4096];
                    match wire.read(&mut some).await {
                        Ok(length) if length > 0 => {
                            text.push_str(&String::from_utf8_lossy(&some[..length]))
                        }
                        _ => break,
                    }
                }
                keep.lock().unwrap().push(text);
                // An answer without end: nobody must wait for it.
                let head = format!(
                    "HTTP/1.1 {status}\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 99999999\r\n\r\n"
                );
                let _ = wire.write_all(head.as_bytes()).await;
            }
        });
        Endpoint { url, got }
    }

    fn got(&self) -> Vec<String> {
        self.got.lock().unwrap().clone()
    }
}

struct Desk {
    house: House,
    names: Arc<Names>,
    worker: Worker<Work>,
}

impl Desk {
    async fn new(bench: &Bench, networks: Networks) -> Desk {
        let house = House::new(bench).await;
        let names = Arc::new(Names::default());
        let webhooks = of(&house, names.clone(), networks);
        let queue = Queue {
            data: house.catalog.data.clone(),
            clock: house.clock.clone(),
            random: Arc::new(SystemRandom),
        };
        let worker = Worker {
            queue,
            does: Work {
                eraser: house.eraser.clone(),
                webhooks,
            },
        };
        Desk {
            house,
            names,
            worker,
        }
    }

    fn webhooks(&self) -> &Webhooks {
        &self.worker.does.webhooks
    }

    async fn add(&self, url: &str) -> Result<EndpointId, WebhookError> {
        let new = NewEndpoint {
            url: url.into(),
            tenant: None,
            events: Kind::ALL.to_vec(),
        };
        Ok(self.webhooks().add(new).await?.0)
    }

    async fn state(&self, id: DeliveryId) -> (DeliveryState, u32, Option<u16>) {
        let delivery = self
            .webhooks()
            .delivery(id)
            .await
            .unwrap()
            .expect("it is known");
        (delivery.state, delivery.attempts, delivery.status)
    }
}

fn header<'a>(request: &'a str, name: &str) -> &'a str {
    let line = request
        .lines()
        .find(|line| line.to_lowercase().starts_with(&format!("{name}: ")));
    line.expect("the header").split_once(": ").unwrap().1
}

both_engines! {
    async fn what_happens_is_told_once_signed_and_by_ids_only(bench) {
        let desk = Desk::new(bench, Networks::Loopback).await;
        let endpoint = Endpoint::answering("200 OK").await;
        let new = NewEndpoint { url: endpoint.url.as_str().into(), tenant: None, events: Kind::ALL.to_vec() };
        let (id, secret) = desk.webhooks().add(new).await.unwrap();
        let tenant = desk.house.tenant("skor").await;
        let anna = desk.house.person(&tenant, 1, 1).await;
        let outcome = desk.house.erase(&tenant, anna, false).await;
        desk.house.eraser.settle().await.unwrap();
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done]);

        let got = endpoint.got();
        assert_eq!(got.len(), 1, "{got:?}");
        let (head, body) = got[0].split_once("\r\n\r\n").unwrap();
        let expected = format!("{{\"type\":\"erasure.receipt_issued\",\"timestamp\":\"2026-03-01T09:00:00Z\",\
            \"data\":{{\"tenant_id\":\"{}\",\"receipt_id\":\"{}\"}}}}", tenant.id, outcome.erasure);
        assert_eq!(body, expected, "ids and nothing else");
        let now = desk.house.clock.now();
        let signature = secret.sign(header(head, "webhook-id"), now, body.as_bytes());
        assert_eq!(header(head, "webhook-signature"), signature);
        assert_eq!(header(head, "webhook-timestamp"), (now.0 / 1_000_000).to_string());

        desk.house.purge(&tenant).await;
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done, Ran::Done], "the client's keys are gone");
        let told = endpoint.got()[1..].join(" ");
        assert!(told.contains("tenant.purged") && told.contains("erasure.receipt_issued"), "{told}");

        // While the other side changes over, both secrets sign; a day later only the new one.
        let again = desk.webhooks().rotate_secret(id).await.unwrap();
        let first = desk.webhooks().deliveries(id, DeliveryId([0; 16]), 10).await.unwrap()[0].clone();
        for (wait, both) in [(0, true), (24 * 3600, false)] {
            desk.house.clock.advance(Duration::from_secs(wait));
            desk.webhooks().redeliver(id, first.id).await.unwrap();
            assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::Done]);
            let got = endpoint.got().pop().unwrap();
            let (head, body) = got.split_once("\r\n\r\n").unwrap();
            assert_eq!(header(head, "webhook-id"), first.message_id(), "the same message");
            let sign = |secret: &gallra::webhooks::sign::SigningSecret|
                secret.sign(&first.message_id(), desk.house.clock.now(), body.as_bytes());
            let signatures = header(head, "webhook-signature");
            assert!(signatures.starts_with(&sign(&again)));
            assert_eq!(signatures.contains(&sign(&secret)), both);
        }
        let rows = desk.house.catalog.data.fetch_all("SELECT url, secret FROM webhook_endpoint", vec![]).await.unwrap();
        assert!(!String::from_utf8_lossy(&rows[0].blob(0).unwrap()).contains("127.0.0.1"), "it is sealed");
    }

    async fn an_endpoint_that_refuses_is_tried_for_three_days(bench) {
        let desk = Desk::new(bench, Networks::Loopback).await;
        let endpoint = Endpoint::answering("500 Oops").await;
        let id = desk.add(&endpoint.url).await.unwrap();
        let delivery = desk.webhooks().test(id).await.unwrap();
        let begun = desk.house.clock.now();
        for (number, wait) in Job::Deliver.waits().iter().enumerate() {
            assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::PutOff], "try {number}");
            assert_eq!(desk.state(delivery).await, (DeliveryState::Waiting, number as u32 + 1, Some(500)));
            desk.house.clock.advance(*wait + *wait / 10);
        }
        let hours = (desk.house.clock.now().0 - begun.0) / 3_600_000_000;
        assert!((75..90).contains(&hours), "{hours}");
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::GivenUp]);
        assert_eq!(desk.state(delivery).await, (DeliveryState::Failed, 10, Some(500)));
        assert_eq!(endpoint.got().len(), 10);
        let ids: std::collections::BTreeSet<String> = endpoint.got().iter().map(|it| header(it, "webhook-id").to_owned()).collect();
        assert_eq!(ids.len(), 1, "one message, however often");
    }

    async fn redirects_are_not_followed_and_gone_is_the_end(bench) {
        let desk = Desk::new(bench, Networks::Loopback).await;
        for (answer, ran, status) in [("302 Found", Ran::PutOff, 302), ("410 Gone", Ran::GivenUp, 410)] {
            let endpoint = Endpoint::answering(answer).await;
            let id = desk.add(&endpoint.url).await.unwrap();
            let delivery = desk.webhooks().test(id).await.unwrap();
            assert_eq!(desk.worker.run_due().await.unwrap(), [ran]);
            assert_eq!(desk.state(delivery).await.2, Some(status));
            desk.webhooks().remove(id).await.unwrap();
            desk.house.clock.advance(Duration::from_secs(3600));
            let left = desk.worker.run_due().await.unwrap();
            assert!(left.iter().all(|it| *it == Ran::Done), "a removed endpoint is told nothing: {left:?}");
            assert_eq!(endpoint.got().len(), 1);
        }
    }

    async fn a_name_that_leads_inside_is_refused_and_one_that_turns_inside_later_too(bench) {
        let desk = Desk::new(bench, Networks::Public).await;
        for inside in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1", "::ffff:192.168.0.1", "100.64.9.9"] {
            desk.names.lead_to(&[inside]);
            let refused = desk.add("https://hooks.example.com/x").await;
            assert!(matches!(refused, Err(WebhookError::Inside)), "{inside}: {refused:?}");
            desk.names.lead_to(&["93.184.215.14", inside]);
            let refused = desk.add("https://hooks.example.com/x").await;
            assert!(matches!(refused, Err(WebhookError::Inside)), "one of two: {inside}");
        }
        for url in ["https://127.0.0.1/x", "https://[::1]/x", "https://[::ffff:10.0.0.1]/x", "https://0x7f000001/x"] {
            assert!(matches!(desk.add(url).await, Err(WebhookError::Inside)), "{url}");
        }
        desk.names.lead_to(&[]);
        assert!(matches!(desk.add("https://hooks.example.com/x").await, Err(WebhookError::Unresolved)));

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        desk.names.lead_to(&["93.184.215.14"]);
        let id = desk.add(&format!("https://hooks.example.com:{port}/x")).await.unwrap();
        let delivery = desk.webhooks().test(id).await.unwrap();
        desk.names.lead_to(&["127.0.0.1"]); // DNS rebinding.
        assert_eq!(desk.worker.run_due().await.unwrap(), [Ran::PutOff]);
        let noted = desk.webhooks().delivery(delivery).await.unwrap().unwrap();
        assert!(noted.reason.unwrap().contains("not of the public internet"));
        let connected = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(connected.is_err(), "nobody knocked");
    }
}

#[tokio::test]
async fn the_system_resolves_names() {
    let found = SystemResolver
        .resolve("localhost")
        .await
        .expect("localhost is known");
    assert!(found.iter().all(IpAddr::is_loopback), "{found:?}");
}
