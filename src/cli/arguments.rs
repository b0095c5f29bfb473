//! Every word that the command line understands.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::engine::records::secrets::Secret;

pub mod load;

use load::{BenchArguments, PlanArguments};

/// An Auth0-compatible OAuth 2.0 / OpenID Connect server.
#[derive(Debug, Parser)]
#[command(name = "jeton", version, about, disable_help_subcommand = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Put load on a token endpoint and report throughput, latency and CPU
    Bench(BenchArguments),
    /// Validate configuration and connections, print them redacted; 64 on a fault
    Check(CheckArguments),
    /// Export tenants with everything in them as JSON lines, which import reads
    Export(ExportArguments),
    /// Import tenants with everything in them from a JSON file or JSON lines
    Import(ImportArguments),
    /// List or rotate signing keys
    Keys(KeysArguments),
    /// Turn expected load into cores, Redis primaries, memory and connections
    Plan(PlanArguments),
    /// Run the server
    Serve(ServeArguments),
    /// Ask a running server for tokens, or about them
    Token(TokenArguments),
}

/// `jeton check`.
#[derive(Args, Clone, Debug)]
pub struct CheckArguments {
    /// Configuration file; defaults and JETON__… variables without one
    #[arg(long, value_name = "FILE", env = "JETON_CONFIG")]
    pub config: Option<PathBuf>,
}

/// `jeton export`.
#[derive(Args, Clone, Debug)]
pub struct ExportArguments {
    /// Configuration file; defaults and JETON__… variables without one
    #[arg(long, value_name = "FILE", env = "JETON_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where to write; standard output without it
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Which tenant; every tenant without it
    #[arg(long)]
    pub tenant: Option<String>,
    /// With the hashes of passwords and client secrets; secrets made by Jeton are good under the same master key only
    #[arg(long)]
    pub with_secrets: bool,
}

/// `jeton import`.
#[derive(Args, Clone, Debug)]
pub struct ImportArguments {
    /// Configuration file; defaults and JETON__… variables without one
    #[arg(long, value_name = "FILE", env = "JETON_CONFIG")]
    pub config: Option<PathBuf>,
    /// What to import
    pub file: PathBuf,
}

/// `jeton keys`.
#[derive(Args, Clone, Debug)]
pub struct KeysArguments {
    /// Configuration file; defaults and JETON__… variables without one
    #[arg(long, global = true, value_name = "FILE", env = "JETON_CONFIG")]
    pub config: Option<PathBuf>,
    /// Whose keys; every tenant's without it
    #[arg(long, global = true)]
    pub tenant: Option<String>,
    /// What to do with them.
    #[command(subcommand)]
    pub action: KeysAction,
}

/// What to do with signing keys.
#[derive(Clone, Debug, Subcommand)]
pub enum KeysAction {
    /// Print keys with algorithm and state
    List,
    /// Let the next key sign and retire the active one
    Rotate {
        /// `EdDSA`, `ES256` or `RS256`; all of them without it
        #[arg(long, value_parser = ["EdDSA", "ES256", "RS256"])]
        algorithm: Option<String>,
    },
}

/// `jeton serve`.
#[derive(Args, Clone, Debug)]
pub struct ServeArguments {
    /// Configuration file; defaults and JETON__… variables without one
    #[arg(long, value_name = "FILE", env = "JETON_CONFIG")]
    pub config: Option<PathBuf>,
    /// Import the demo tenant first, and print requests to try
    #[arg(long)]
    pub demo: bool,
}

/// `jeton token`.
#[derive(Args, Clone, Debug)]
pub struct TokenArguments {
    /// Who asks which server.
    #[command(flatten)]
    pub caller: Caller,
    /// What to ask.
    #[command(subcommand)]
    pub request: TokenRequest,
}

/// Who asks which server.
#[derive(Args, Clone, Debug)]
pub struct Caller {
    /// The running server; under load, plain HTTP
    #[arg(long, global = true, default_value = "http://127.0.0.1:8080", env = "JETON_URL")]
    pub url: String,
    /// The client that asks
    #[arg(long, global = true, env = "JETON_CLIENT_ID", default_value = "")]
    pub client_id: String,
    /// Its secret; better in the environment than on a command line that others can read
    #[arg(long, global = true, env = "JETON_CLIENT_SECRET", hide_env_values = true)]
    pub client_secret: Option<Secret>,
    /// How the client authenticates
    #[arg(long, global = true, value_enum, default_value_t = ClientAuthentication::Post)]
    pub auth: ClientAuthentication,
}

/// How the client authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ClientAuthentication {
    /// `client_secret_basic`
    Basic,
    /// `client_secret_post`; without a secret, a public client
    Post,
}

/// What to ask.
#[derive(Clone, Debug, Subcommand)]
#[expect(missing_docs, reason = "the fields are the parameters of the requests")]
pub enum TokenRequest {
    /// A token in the client's own name (RFC 6749 §4.4)
    ClientCredentials {
        #[arg(long)]
        audience: Option<String>,
        #[arg(long)]
        scope: Option<String>,
        /// Id or name
        #[arg(long)]
        organization: Option<String>,
    },
    /// What the server says of a token (RFC 7662)
    Introspect {
        token: String,
        #[arg(long)]
        token_type_hint: Option<String>,
    },
    /// Tokens for a user's password (RFC 6749 §4.3)
    Password {
        #[arg(long)]
        username: String,
        #[arg(long, env = "JETON_PASSWORD", hide_env_values = true)]
        password: Secret,
        /// A connection: asks with Auth0's password-realm grant
        #[arg(long)]
        realm: Option<String>,
        #[arg(long)]
        audience: Option<String>,
        #[arg(long)]
        scope: Option<String>,
        /// Id or name
        #[arg(long)]
        organization: Option<String>,
    },
    /// New tokens for a refresh token (RFC 6749 §6)
    Refresh {
        refresh_token: String,
        #[arg(long)]
        scope: Option<String>,
        /// Id or name
        #[arg(long)]
        organization: Option<String>,
    },
    /// The end of a refresh token and its family (RFC 7009)
    Revoke {
        token: String,
        #[arg(long)]
        token_type_hint: Option<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_consistent() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_reads() {
        for line in [
            "serve --demo",
            "serve --config jeton.toml",
            "check",
            "export --tenant demo --out demo.jsonl --with-secrets",
            "import demo.json",
            "bench client-credentials --client-id job --rate 5k/s --connections 8 --pid 1 --json",
            "bench refresh --username a --password b --organization acme --duration 5",
            "bench refresh --tokens tokens.txt",
            "plan --logins 500/s --refresh 20k/s --sessions 50M",
            "keys list",
            "keys rotate --algorithm RS256 --tenant demo",
            "token client-credentials --audience https://a --client-id job --client-secret s",
            "token password --username a --password b --realm r --url http://localhost:1 --auth basic",
            "token refresh rt_x --organization acme",
            "token introspect x",
            "token revoke rt_x --token-type-hint refresh_token",
        ] {
            let words = std::iter::once("jeton").chain(line.split(' '));
            assert!(crate::cli::read(words).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_fault_is_64_and_help_is_0() {
        use std::process::ExitCode;
        let status = |words: &[&str]| format!("{:?}", crate::cli::read(words).unwrap_err());
        let (usage, success) = (ExitCode::from(64), ExitCode::SUCCESS);
        assert_eq!(status(&["jeton", "serve", "--unknown"]), format!("{usage:?}"));
        assert_eq!(status(&["jeton", "import"]), format!("{usage:?}"));
        assert_eq!(status(&["jeton", "--help"]), format!("{success:?}"));
    }
}
