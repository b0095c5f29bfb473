//! The DNS, asked for the text that proves a custom domain.

use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{Resolver, TokioResolver};

use crate::config::custom_domains::CustomDomains as Settings;

/// The DNS could not be asked; asking again is safe.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the DNS could not be asked: {0}")]
pub struct Unanswered(String);

/// Asks the DNS. Nothing is remembered between two questions: whoever asks has just changed something.
#[derive(Clone, Debug)]
pub struct Dns {
    settings: Settings,
}

impl Dns {
    /// Asks as `settings` say.
    pub fn new(settings: &Settings) -> Self {
        Self { settings: settings.clone() }
    }

    /// The texts of the TXT records called `name`; none when there is no such name (RFC 1035 §3.3.14).
    ///
    /// # Errors
    /// [`Unanswered`] when no name server answers in time, or one has trouble.
    pub async fn texts(&self, name: &str) -> Result<Vec<String>, Unanswered> {
        let failed = |error: NetError| Unanswered(error.to_string());
        let resolver = self.resolver().map_err(failed)?;
        // The dot at the end keeps the system's search domains out of it.
        match resolver.txt_lookup(format!("{name}.")).await {
            Ok(lookup) => Ok(lookup.answers().iter().filter_map(|record| text(&record.data)).collect()),
            Err(error) if error.is_no_records_found() => Ok(Vec::new()),
            Err(error) => Err(failed(error)),
        }
    }

    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let mut builder = if self.settings.nameservers.is_empty() {
            Resolver::builder_tokio()?
        } else {
            let servers = self.settings.nameservers.iter().map(|address| {
                let port = address.port();
                let mut ways = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
                for way in &mut ways {
                    way.port = port;
                }
                NameServerConfig::new(address.ip(), true, ways)
            });
            let config = ResolverConfig::from_name_servers(servers.collect());
            Resolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let options = builder.options_mut();
        options.timeout = Duration::from_millis(self.settings.timeout_ms);
        options.attempts = 1;
        options.cache_size = 0;
        builder.build()
    }
}

/// A record's strings, put together as RFC 7208 §3.3 has it.
fn text(data: &RData) -> Option<String> {
    let RData::TXT(txt) = data else { return None };
    Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect())
}
