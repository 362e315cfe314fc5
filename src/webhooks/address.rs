//! Where a webhook may go. An address that somebody gives us must not become a way into our own network,
//! so whatever is not an address of the public internet is refused: when an endpoint is made, and at each
//! attempt again, on the very address that is then connected to. A name that meanwhile leads elsewhere
//! (DNS rebinding) leads nowhere.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;

use url::{Host, Url};

use super::WebhookError;

/// Where webhooks may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Networks {
    /// The public internet, by https.
    Public,
    /// This machine as well, and there by http too: for trying them out.
    Loopback,
}

/// Addresses of a name.
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Turns names into addresses.
pub trait Resolve: Send + Sync {
    /// Every address of this name.
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a>;
}

/// The machine's own way to do it.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((host, 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// An address to connect to, and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Where to post.
    pub url: Url,
    /// What its name leads to at this moment.
    pub address: SocketAddr,
}

/// Reads an endpoint's URL: https, no user, no fragment.
pub fn read(text: &str, networks: Networks) -> Result<Url, WebhookError> {
    let url = Url::parse(text).map_err(|_| WebhookError::Url)?;
    let scheme = match url.scheme() {
        "https" => true,
        "http" => networks == Networks::Loopback,
        _ => false,
    };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    match scheme && plain && url.host().is_some() && text.len() <= 2_000 {
        true => Ok(url),
        false => Err(WebhookError::Url),
    }
}

/// Finds the address to connect to. Every address of the name must be allowed: who mixes others in wants
/// us to choose a wrong one.
pub async fn target(
    url: Url,
    networks: Networks,
    resolver: &dyn Resolve,
) -> Result<Target, WebhookError> {
    let found = match url.host() {
        Some(Host::Ipv4(address)) => vec![IpAddr::V4(address)],
        Some(Host::Ipv6(address)) => vec![IpAddr::V6(address)],
        Some(Host::Domain(name)) => {
            let found = resolver.resolve(name).await;
            found.map_err(|_| WebhookError::Unresolved)?
        }
        None => return Err(WebhookError::Url),
    };
    if !found.iter().all(|address| may_go(*address, networks)) {
        return Err(WebhookError::Inside);
    }
    let port = url.port_or_known_default().unwrap_or(443);
    let first = found.first().ok_or(WebhookError::Unresolved)?;
    let address = SocketAddr::new(*first, port);
    Ok(Target { url, address })
}

fn may_go(address: IpAddr, networks: Networks) -> bool {
    let address = address.to_canonical();
    let loopback = networks == Networks::Loopback && address.is_loopback();
    loopback
        || match address {
            IpAddr::V4(it) => is_public_v4(it),
            IpAddr::V6(it) => is_public_v6(it),
        }
}

fn is_public_v4(it: Ipv4Addr) -> bool {
    let [a, b, c, _] = it.octets();
    let special = it.is_private()
        || it.is_loopback()
        || it.is_link_local()
        || it.is_broadcast()
        || it.is_documentation()
        || it.is_multicast()
        || it.is_unspecified();
    let others = matches!(
        (a, b, c),
        (0, ..) | (240.., ..) // "this network", reserved
        | (100, 64..=127, _)                                // shared address space (CGNAT)
        | (192, 0, 0) | (192, 88, 99)                       // protocol assignments, 6to4 relays
        | (198, 18 | 19, _)
    ); // benchmarking
    !special && !others
}

/// Of IPv6 only what is given out as global unicast, without what carries an IPv4 address inside.
fn is_public_v6(it: Ipv6Addr) -> bool {
    let [a, b, ..] = it.segments();
    let global = a & 0xe000 == 0x2000;
    let special = matches!(
        (a, b),
        (0x2001, ..0x0200 | 0x0db8) // assignments of protocols, documentation
        | (0x2002, _)                                         // 6to4
        | (0x3fff, ..0x1000)
    ); // documentation
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inside_a_network_is_reached() {
        for inside in [
            "127.0.0.1",
            "127.9.9.9",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "fd12:3456::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
        ] {
            assert!(
                !may_go(inside.parse().unwrap(), Networks::Public),
                "{inside}"
            );
        }
        for public in [
            "93.184.215.14",
            "100.63.0.1",
            "172.32.0.1",
            "2606:4700::1111",
        ] {
            assert!(
                may_go(public.parse().unwrap(), Networks::Public),
                "{public}"
            );
        }
        for (address, goes) in [("127.0.0.1", true), ("::1", true), ("10.0.0.1", false)] {
            assert_eq!(may_go(address.parse().unwrap(), Networks::Loopback), goes);
        }
    }

    #[test]
    fn only_plain_https_is_an_endpoint() {
        for wrong in [
            "",
            "example.com",
            "http://example.com",
            "ftp://example.com",
            "file:///etc/passwd",
            "https://user:pw@example.com/",
            "https://example.com/#x",
            "https://",
        ] {
            assert!(read(wrong, Networks::Public).is_err(), "{wrong}");
        }
        assert!(read("https://example.com:8443/hooks?x=1", Networks::Public).is_ok());
        assert!(read("http://127.0.0.1:9/", Networks::Loopback).is_ok());
        // Spelt otherwise, the same address all the same.
        let odd = read("https://0x7f.1/", Networks::Public).unwrap();
        assert_eq!(odd.host_str(), Some("127.0.0.1"));
    }
}
