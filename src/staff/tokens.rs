//! Making, checking and ending tokens.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

use super::{Pass, Role, StaffError, rows};
use crate::audit::{Action, Actor, Entry, Recorder};
use crate::keyring::Keyring;
use crate::store::{Row, args};
use crate::vocabulary::{Clock, Random, Secret, TenantId, Timestamp, TokenId};

/// What every token begins with, so that scanners for leaked secrets recognise one.
const PREFIX: &str = "gallra_";
/// Longest text that is looked up as a token.
const LONGEST: usize = 128;
/// Longest name of a token.
const LONGEST_NAME: usize = 64;

/// A token as its bearer shows it. `Debug` hides it, and it is overwritten on drop.
#[derive(Clone)]
pub struct BearerToken(Zeroizing<String>);

impl BearerToken {
    /// What came in; text that can be no token is not looked up.
    pub fn parse(text: &str) -> Option<Self> {
        let may_be = text.starts_with(PREFIX) && text.len() <= LONGEST;
        may_be.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    fn generate(random: &dyn Random) -> Self {
        let secret: Secret<32> = Secret::generate(random);
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(secret.expose()));
        Self(Zeroizing::new(format!("{PREFIX}{}", *encoded)))
    }

    /// The token itself, to be shown once. The name is meant to be seen in review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored. A hash that is compared by the database gives nothing away by its time: whoever
    /// could use that would need to choose hashes, not tokens.
    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl BearerToken {
    /// A mark of what its bearer sent, which nobody without the token can make or test:
    /// HMAC-SHA-256 over the parts, each after its length.
    pub fn mark(&self, parts: &[&[u8]]) -> [u8; 32] {
        let label: &[u8] = b"gallra call ";
        // SHA-512 gives just as many bytes as HMAC-SHA-256 takes for a key.
        let key = Sha512::new()
            .chain_update(label)
            .chain_update(self.0.as_bytes());
        let mut mac = Hmac::<Sha256>::new(&key.finalize());
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(..)")
    }
}

/// What a token is to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for; no person's name.
    pub name: String,
    /// What its bearer may do.
    pub role: Role,
    /// In whose data; `None`: in all.
    pub tenant: Option<TenantId>,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A token as it is listed: everything but itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its id, which the audit trail names.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What its bearer may do.
    pub role: &'static str,
    /// In whose data.
    pub tenant: Option<TenantId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
    /// When it was ended.
    pub revoked_at: Option<Timestamp>,
}

/// The tokens of a house.
#[derive(Clone)]
pub struct Tokens {
    /// The way to the vault.
    pub keyring: Keyring,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// The audit trail.
    pub recorder: Recorder,
    /// On whose behalf.
    pub actor: Actor,
}

impl Tokens {
    /// Makes a token; it can be read from the answer only, and never again.
    pub async fn create(&self, new: NewToken) -> Result<(TokenId, BearerToken), StaffError> {
        let now = self.clock.now();
        check(&new, now)?;
        let id = TokenId::generate(self.random.as_ref());
        let token = BearerToken::generate(self.random.as_ref());
        let mut tx = self.keyring.begin_vault().await?;
        let version = self.keyring.take_head(&mut tx).await?;
        let arguments = args![
            id,
            token.hash(),
            new.name,
            new.role.word(),
            new.tenant,
            now,
            self.actor.to_string(),
            new.expires_at,
            version
        ];
        tx.execute(rows::INSERT_TOKEN, arguments).await?;
        tx.commit().await?;
        self.note(Action::TokenCreated, id, new.tenant).await?;
        Ok((id, token))
    }

    /// Ends a token. Ending it twice is no error.
    pub async fn revoke(&self, id: TokenId) -> Result<(), StaffError> {
        let mut tx = self.keyring.begin_vault().await?;
        let version = self.keyring.take_head(&mut tx).await?;
        let known = tx.fetch_optional(rows::TENANT_OF_TOKEN, args![id]).await?;
        let tenant = known.ok_or(StaffError::UnknownToken(id))?.opt_id(0)?;
        let arguments = args![self.clock.now(), self.actor.to_string(), version, id];
        tx.execute(rows::REVOKE_TOKEN, arguments).await?;
        tx.commit().await?;
        self.note(Action::TokenRevoked, id, tenant).await
    }

    /// Who made and who ended it stands beside the token already; this puts it in the one list of acts.
    async fn note(
        &self,
        action: Action,
        id: TokenId,
        tenant: Option<TenantId>,
    ) -> Result<(), StaffError> {
        let mut entry = Entry::new(self.actor, action).to(id.as_bytes());
        entry.tenant = tenant;
        self.recorder
            .record(&entry)
            .await
            .map_err(StaffError::Audit)
    }

    /// Every token that was ever made, newest first.
    pub async fn list(&self) -> Result<Vec<Token>, StaffError> {
        let mut tx = self.keyring.snapshot_vault().await?;
        let found = tx.fetch_all(rows::TOKENS, args![]).await?;
        tx.rollback().await?;
        found.iter().map(read).collect()
    }

    /// Lets a bearer in, or says why not.
    pub async fn check(&self, token: &BearerToken) -> Result<Pass, StaffError> {
        let mut tx = self.keyring.snapshot_vault().await?;
        let found = tx
            .fetch_optional(rows::TOKEN_BY_HASH, args![token.hash()])
            .await?;
        tx.rollback().await?;
        let found = read(&found.ok_or(StaffError::NotKnown)?)?;
        if found.revoked_at.is_some() {
            return Err(StaffError::Revoked);
        }
        if found.expires_at.is_some_and(|end| end <= self.clock.now()) {
            return Err(StaffError::Expired);
        }
        Ok(Pass {
            token: found.id,
            role: Role::from_word(found.role).ok_or(StaffError::Stored)?,
            tenant: found.tenant,
        })
    }
}

fn check(new: &NewToken, now: Timestamp) -> Result<(), StaffError> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c);
    let length = new.name.len();
    if length == 0 || length > LONGEST_NAME || !new.name.chars().all(plain) {
        return Err(StaffError::Name);
    }
    if new.role == Role::Tenant && new.tenant.is_none() {
        return Err(StaffError::TenantMissing(new.role.word()));
    }
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(StaffError::Expiry);
    }
    Ok(())
}

fn read(row: &Row) -> Result<Token, StaffError> {
    let role = Role::from_word(&row.text(2)?).ok_or(StaffError::Stored)?;
    Ok(Token {
        id: row.id(0)?,
        name: row.text(1)?,
        role: role.word(),
        tenant: row.opt_id(3)?,
        created_at: row.timestamp(4)?,
        created_by: row.text(5)?,
        expires_at: row.opt_i64(6)?.map(Timestamp),
        revoked_at: row.opt_i64(7)?.map(Timestamp),
    })
}
