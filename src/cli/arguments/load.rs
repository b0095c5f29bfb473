//! The words of `jeton bench` and `jeton plan`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::arguments::Caller;
use crate::cli::plan::quantity::{Bytes, Count, PerSecond, Unreadable};
use crate::engine::records::secrets::Secret;

/// `jeton bench`.
#[derive(Args, Clone, Debug)]
pub struct BenchArguments {
    /// Who asks which server.
    #[command(flatten)]
    pub caller: Caller,
    /// Keep-alive connections, with one request at a time on each
    #[arg(long, global = true, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub connections: u32,
    /// Seconds that are measured
    #[arg(long, global = true, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub duration: u64,
    /// Seconds before them that are not
    #[arg(long, global = true, default_value_t = 2, value_parser = clap::value_parser!(u64).range(0..=3600))]
    pub warmup: u64,
    /// Requests per second, whatever the answers do (open loop), such as `5k/s`; without it, each connection asks
    /// as soon as it is answered (closed loop)
    #[arg(long, global = true)]
    pub rate: Option<PerSecond>,
    /// Threads of the generator
    #[arg(long, global = true, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub threads: u8,
    /// The server's process, when it runs on this machine: its CPU time per request is reported
    #[arg(long, global = true)]
    pub pid: Option<u32>,
    /// Print one JSON object instead of a table
    #[arg(long, global = true)]
    pub json: bool,
    /// What to ask for.
    #[command(subcommand)]
    pub workload: Workload,
}

/// What to ask for.
#[derive(Clone, Debug, Subcommand)]
#[expect(missing_docs, reason = "the fields are the parameters of the requests")]
pub enum Workload {
    /// Tokens in the client's own name (RFC 6749 §4.4)
    ClientCredentials {
        #[arg(long)]
        audience: Option<String>,
        #[arg(long)]
        scope: Option<String>,
    },
    /// Refresh chains: every connection keeps one, and presents the token that the answer before gave it
    Refresh {
        /// Who logs in, once for each chain
        #[arg(long, required_unless_present = "tokens")]
        username: Option<String>,
        #[arg(long, env = "JETON_PASSWORD", hide_env_values = true, required_unless_present = "tokens")]
        password: Option<Secret>,
        /// Refresh tokens to start from, one per line, instead of logins
        #[arg(long, value_name = "FILE", conflicts_with = "username")]
        tokens: Option<PathBuf>,
        #[arg(long)]
        audience: Option<String>,
        #[arg(long, default_value = "openid offline_access")]
        scope: String,
        /// Id or name: every refresh switches to it
        #[arg(long)]
        organization: Option<String>,
    },
}

/// `jeton plan`.
#[derive(Args, Clone, Debug)]
pub struct PlanArguments {
    /// Logins by password, such as `500/s`
    #[arg(long, default_value = "0")]
    pub logins: PerSecond,
    /// Refreshes, such as `20k/s`
    #[arg(long, default_value = "0")]
    pub refresh: PerSecond,
    /// Tokens for machines, such as `5k/s`
    #[arg(long, default_value = "0")]
    pub client_credentials: PerSecond,
    /// Introspections, such as `1k/s`
    #[arg(long, default_value = "0")]
    pub introspections: PerSecond,
    /// Sessions that live at the same time, each with a refresh family, such as `50M`
    #[arg(long, default_value = "0")]
    pub sessions: Count,
    /// User records, such as `80M`
    #[arg(long, default_value = "0")]
    pub users: Count,
    /// Memory that one Redis primary may hold, such as `16G`
    #[arg(long, default_value = "16G", value_parser = memory_of_a_primary)]
    pub primary_memory: Bytes,
    /// Unit costs of your own machines (TOML), instead of those measured on ours; see `How it grows` in loadtests/README.md
    #[arg(long, value_name = "FILE")]
    pub units: Option<PathBuf>,
    /// Print one JSON object instead of the arithmetic
    #[arg(long)]
    pub json: bool,
}

/// Less than Redis takes when it holds nothing is a slip.
fn memory_of_a_primary(text: &str) -> Result<Bytes, String> {
    let memory: Bytes = text.parse().map_err(|unreadable: Unreadable| unreadable.to_string())?;
    if memory < PRIMARY_MEMORY_MIN {
        Err(format!("expected at least {PRIMARY_MEMORY_MIN}"))
    } else {
        Ok(memory)
    }
}

const PRIMARY_MEMORY_MIN: Bytes = Bytes(1_048_576.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_primary_has_memory() {
        assert_eq!(memory_of_a_primary("1M"), Ok(PRIMARY_MEMORY_MIN));
        assert_eq!(memory_of_a_primary("0"), Err("expected at least 1MiB".to_owned()));
        assert_eq!(memory_of_a_primary("x"), Err("expected an amount of memory such as 16G".to_owned()));
    }
}
