//! Counts of a tenant's days: a hash and a `HyperLogLog` each, in the slot of the tenant's log.

use fred::types::Value;

use super::Cluster;
use super::ask::Ask;
use super::functions::Verb;
use crate::clock::UnixMs;
use crate::model::statistics::{Counts, Day};
use crate::protocol::ids::TenantId;
use crate::store::{Statistics, StoreError};

#[async_trait::async_trait]
impl Statistics for Cluster {
    async fn days(&self, tenant: &TenantId, from: Day, to: Day) -> Result<Vec<(Day, Counts)>, StoreError> {
        let ask = Ask::verb(Verb::Days, self.keys.log(tenant)).number(from.0.into()).number(to.0.into());
        let Value::Array(days) = self.read(ask).await? else { return Ok(Vec::new()) };
        let corrupt = |error: fred::error::Error| StoreError::Corrupt(error.to_string());
        days.into_iter().map(|day| read(&day.convert::<Vec<u64>>().map_err(corrupt)?)).collect()
    }

    async fn active_users(&self, tenant: &TenantId, from: Day, to: Day) -> Result<u64, StoreError> {
        let ask = Ask::verb(Verb::Visitors, self.keys.log(tenant));
        self.read(ask.number(from.0.into()).number(to.0.into())).await
    }
}

fn read(day: &[u64]) -> Result<(Day, Counts), StoreError> {
    let corrupt = || StoreError::Corrupt("a day's counts".to_owned());
    let [day, logins, signups, leaked_passwords, first_at, last_at] = *day else { return Err(corrupt()) };
    let (first_at, last_at) = (UnixMs(first_at), UnixMs(last_at));
    let day = Day(u32::try_from(day).map_err(|_| corrupt())?);
    Ok((day, Counts { logins, signups, leaked_passwords, first_at, last_at }))
}
