//! Requests of our own: an HTTPS POST to an address that a tenant registered, kept from reaching into our own network
//! (SSRF). Names are looked up once, every address is judged, and the connection goes to the address that was judged,
//! so that a name cannot change its mind in between. Redirects are not followed; of an answer only the status is read.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use crate::config::outgoing::Outgoing as Settings;

mod places;

/// The largest head of an answer that is read, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The most headers of an answer.
const HEADERS_MAX: usize = 64;

/// Makes requests.
#[derive(Clone)]
pub struct Outgoing {
    /// Made when it is first needed: reading what the machine trusts takes time, and a machine may trust nobody.
    tls: Arc<OnceLock<Result<TlsConnector, String>>>,
    settings: Settings,
}

/// A request that was not answered with success (2xx).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undelivered {
    /// Trying again will not help: the address may not be asked, or the answer is a refusal.
    #[error("{0}")]
    Lasting(String),
    /// Trying again may help.
    #[error("{0}")]
    Passing(String),
}

impl Outgoing {
    /// Will trust the certificate authorities that the machine trusts.
    pub fn new(settings: Settings) -> Self {
        Self { tls: Arc::default(), settings }
    }

    /// Posts an urlencoded form. The caller sets the time limit.
    ///
    /// # Errors
    /// [`Undelivered`].
    pub async fn post_form(&self, url: &str, form: String) -> Result<(), Undelivered> {
        let url = Url::parse(url).map_err(|error| Undelivered::Lasting(format!("no address: {error}")))?;
        let addresses = self.addresses(&url).await?;
        let stream = connected(&addresses).await?;
        let status = if url.scheme() == "https" {
            let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
            let name = ServerName::try_from(host);
            let name = name.map_err(|error| Undelivered::Lasting(error.to_string()))?;
            let tls = self.tls.get_or_init(|| trusting().map_err(|error| error.to_string()));
            let tls = tls.as_ref().map_err(|why| Undelivered::Passing(format!("TLS: {why}")))?;
            let stream = tls.connect(name, stream).await;
            asked(stream.map_err(|error| Undelivered::Passing(format!("TLS: {error}")))?, &url, form).await?
        } else {
            asked(stream, &url, form).await?
        };
        judged(status)
    }

    /// Where the host of `url` is, as far as requests may go there.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, Undelivered> {
        let plain = match url.scheme() {
            "https" => false,
            "http" if self.settings.loopback_http => true,
            _ => return Err(Undelivered::Lasting("only https addresses are asked".to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Undelivered::Lasting("the address holds a user name".to_owned()));
        }
        let port = url.port_or_known_default().unwrap_or(443);
        let found: Vec<SocketAddr> = match url.host() {
            Some(Host::Ipv4(address)) => vec![(address, port).into()],
            Some(Host::Ipv6(address)) => vec![(address, port).into()],
            Some(Host::Domain(name)) => {
                let found = tokio::net::lookup_host((name, port)).await;
                found.map_err(|error| Undelivered::Passing(format!("name look-up: {error}")))?.collect()
            }
            None => return Err(Undelivered::Lasting("the address names no host".to_owned())),
        };
        let own = &self.settings.private_networks;
        let may = |at: &SocketAddr| {
            if plain { at.ip().to_canonical().is_loopback() } else { places::is_open(at.ip(), own) }
        };
        let open: Vec<SocketAddr> = found.into_iter().filter(may).collect();
        if open.is_empty() {
            let reason = "the host has no address outside of private networks";
            return Err(Undelivered::Lasting(reason.to_owned()));
        }
        Ok(open)
    }
}

/// TLS that trusts what the machine trusts.
fn trusting() -> Result<TlsConnector, rustls::Error> {
    let tls = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(tls)))
}

async fn connected(addresses: &[SocketAddr]) -> Result<TcpStream, Undelivered> {
    let stream = TcpStream::connect(addresses).await;
    let stream = stream.map_err(|error| Undelivered::Passing(format!("connecting: {error}")))?;
    let _best_effort = stream.set_nodelay(true);
    Ok(stream)
}

/// The status of the answer to `form`.
async fn asked<S>(stream: S, url: &Url, form: String) -> Result<StatusCode, Undelivered>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let failed = |error: hyper::Error| Undelivered::Passing(format!("HTTP: {error}"));
    let request = request(url, form).map_err(|error| Undelivered::Lasting(error.to_string()))?;
    let mut dialect = http1::Builder::new();
    dialect.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
    let (mut sender, connection) = dialect.handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // Dropped with this future, and the connection with it.
    let mut driving = JoinSet::new();
    driving.spawn(connection);
    let answer = sender.send_request(request).await.map_err(failed)?;
    Ok(answer.status())
}

fn request(url: &Url, form: String) -> Result<Request<Full<Bytes>>, http::Error> {
    let host = url.host_str().unwrap_or_default();
    let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    Request::builder()
        .method(Method::POST)
        .uri(&url[url::Position::BeforePath..url::Position::AfterQuery])
        .header(HOST, host)
        .header(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"))
        .header(USER_AGENT, HeaderValue::from_static("jeton"))
        .body(Full::new(Bytes::from(form)))
}

fn judged(status: StatusCode) -> Result<(), Undelivered> {
    let text = format!("answered {}", status.as_u16());
    match status {
        _ if status.is_success() => Ok(()),
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Err(Undelivered::Passing(text))
        }
        _ if status.is_server_error() => Err(Undelivered::Passing(text)),
        _ => Err(Undelivered::Lasting(text)),
    }
}

#[cfg(test)]
mod tests;
