//! Sessions, families, jobs and spent things of the double.

use bytes::Bytes;

use super::Double;
use crate::clock::UnixMs;
use crate::model::family::{Family, NewFamily, Presented, Rotation};
use crate::model::session::{CLIENTS_MAX, Device, End, Ended, Session};
use crate::protocol::ids::{ClientId, FamilyKey, SessionId, TenantId, UserId};
use crate::store::families::Started;
use crate::store::spends::{Redeemed, Redeeming, Spent, Thing};
use crate::store::{Families, Jobs, Sessions, Spends, StoreError};

#[async_trait::async_trait]
impl Families for Double {
    async fn start(&self, session: SessionId, family: NewFamily, now: UnixMs) -> Result<Started, StoreError> {
        self.strike().await?;
        let mut state = self.state();
        if !state.sessions.contains_key(&session) {
            return Ok(Started::NoSession);
        }
        state.families.insert((session, family.key), Family::first(now));
        Ok(Started::Started)
    }

    async fn rotate(&self, asked: Presented) -> Result<Rotation, StoreError> {
        self.strike().await?;
        let mut state = self.state();
        let key = (asked.session, asked.family);
        let Some(family) = state.families.get(&key).copied() else { return Ok(Rotation::Unknown) };
        let (rotation, remains) = family.rotate(&asked);
        match remains {
            Some(family) => state.families.insert(key, family),
            None => state.families.remove(&key),
        };
        if let Rotation::Rotated { generation } | Rotation::Recovered { generation } = rotation {
            state.rotations.push((asked.family, generation));
        }
        Ok(rotation)
    }

    async fn current(
        &self,
        session: SessionId,
        family: FamilyKey,
        _: UnixMs,
    ) -> Result<Option<Family>, StoreError> {
        self.strike().await?;
        Ok(self.state().families.get(&(session, family)).copied())
    }

    async fn ends_at(&self, _: SessionId, _: FamilyKey) -> Result<Option<UnixMs>, StoreError> {
        self.strike().await?;
        Ok(None)
    }

    async fn revoke(&self, session: SessionId, family: FamilyKey) -> Result<bool, StoreError> {
        self.strike().await?;
        Ok(self.state().families.remove(&(session, family)).is_some())
    }
}

#[async_trait::async_trait]
impl Sessions for Double {
    async fn open(&self, session: &Session, family: Option<NewFamily>) -> Result<(), StoreError> {
        self.strike().await?;
        let mut state = self.state();
        state.sessions.insert(session.id, session.clone());
        if let Some(family) = family {
            state.families.insert((session.id, family.key), Family::first(session.created_at));
        }
        Ok(())
    }

    async fn find(&self, id: SessionId, _: UnixMs) -> Result<Option<Session>, StoreError> {
        self.strike().await?;
        Ok(self.state().sessions.get(&id).cloned())
    }

    async fn update(&self, session: &Session) -> Result<bool, StoreError> {
        self.strike().await?;
        let mut state = self.state();
        let Some(found) = state.sessions.get_mut(&session.id) else { return Ok(false) };
        *found = Session { clients: std::mem::take(&mut found.clients), ..session.clone() };
        Ok(true)
    }

    async fn touch(&self, seen: &Session, device: &Device) -> Result<bool, StoreError> {
        self.strike().await?;
        let mut state = self.state();
        let Some(found) = state.sessions.get_mut(&seen.id).filter(|found| *found == seen) else {
            return Ok(false);
        };
        found.device = Some(device.clone());
        Ok(true)
    }

    async fn remember_client(&self, id: SessionId, client: &ClientId) -> Result<bool, StoreError> {
        self.strike().await?;
        let mut state = self.state();
        let Some(found) = state.sessions.get_mut(&id) else { return Ok(false) };
        if !found.clients.contains(client) {
            found.clients.push(client.clone());
        }
        Ok(found.clients.len() <= CLIENTS_MAX)
    }

    /// No family survives in the double.
    async fn end(&self, id: SessionId, _: End) -> Result<Ended, StoreError> {
        self.strike().await?;
        let mut state = self.state();
        let before = state.families.len();
        state.families.retain(|(session, _), _| *session != id);
        let families = before - state.families.len();
        let session = state.sessions.remove(&id);
        Ok(session.map_or(Ended::Unknown, |session| Ended::Ended {
            session: Box::new(session),
            families,
            kept: 0,
        }))
    }

    async fn families_of(&self, id: SessionId) -> Result<Vec<FamilyKey>, StoreError> {
        self.strike().await?;
        Ok(self.state().families.keys().filter(|(session, _)| *session == id).map(|(_, key)| *key).collect())
    }

    async fn of_user(
        &self,
        tenant: &TenantId,
        user: &UserId,
        _: UnixMs,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.strike().await?;
        let state = self.state();
        let own =
            state.sessions.values().filter(|session| session.tenant == *tenant && session.user == *user);
        Ok(own.map(|session| session.id).collect())
    }
}

#[async_trait::async_trait]
impl Jobs for Double {
    async fn keep_job(
        &self,
        tenant: &TenantId,
        id: &str,
        document: Bytes,
        _: UnixMs,
    ) -> Result<(), StoreError> {
        self.strike().await?;
        self.state().jobs.insert((tenant.clone(), id.to_owned()), document);
        Ok(())
    }

    async fn find_job(&self, tenant: &TenantId, id: &str) -> Result<Option<Bytes>, StoreError> {
        self.strike().await?;
        Ok(self.state().jobs.get(&(tenant.clone(), id.to_owned())).cloned())
    }
}

#[async_trait::async_trait]
impl Spends for Double {
    async fn spend(&self, thing: Thing<'_>, note: &[u8]) -> Result<Spent, StoreError> {
        self.strike().await?;
        let name = format!("spent:{}:{:?}", thing.purpose.tag(), thing.name);
        let note = format!("{note:?}");
        let key = (thing.tenant.clone(), name);
        let mut state = self.state();
        if let Some(before) = state.names.get(&key) {
            return Ok(Spent::Before(before.clone().into_bytes()));
        }
        state.names.insert(key, note);
        Ok(Spent::First)
    }

    async fn redeem(&self, asked: Redeeming<'_>) -> Result<Redeemed, StoreError> {
        let Redeeming { thing, note, session, family, now } = asked;
        if self.start(session, family, now).await? == Started::NoSession {
            return Ok(Redeemed::NoSession);
        }
        Ok(match self.spend(thing, note).await? {
            Spent::First => Redeemed::First,
            Spent::Before(note) => {
                self.state().families.remove(&(session, family.key));
                Redeemed::Before(note)
            }
        })
    }

    async fn is_spent(&self, thing: Thing<'_>) -> Result<bool, StoreError> {
        self.strike().await?;
        let name = format!("spent:{}:{:?}", thing.purpose.tag(), thing.name);
        Ok(self.state().names.contains_key(&(thing.tenant.clone(), name)))
    }
}
