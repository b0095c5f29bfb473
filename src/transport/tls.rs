//! TLS by rustls; a certificate that changes on disk is picked up without a restart.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::config::listeners::Listener;

/// A certificate that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file.
    #[error("certificate {}: {cause}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        cause: String,
    },
    /// The key's file, or a key that does not belong to the certificate.
    #[error("private key {}: {cause}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        cause: String,
    },
    /// The TLS library refuses the settings.
    #[error("TLS: {0}")]
    Settings(#[from] rustls::Error),
}

/// Makes rustls usable by clients inside this process; again is harmless.
pub fn install_provider() {
    // The only failure is that a provider is installed already.
    let _installed = aws_lc_rs::default_provider().install_default();
}

/// The certificate of one listener.
pub(super) struct Tls {
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    certificate: PathBuf,
    key: PathBuf,
    /// When the two files were last written, as of the last reading.
    seen: Mutex<Written>,
}

type Written = (Option<SystemTime>, Option<SystemTime>);

/// What the next handshake presents.
#[derive(Debug)]
struct Current(ArcSwap<CertifiedKey>);

impl Tls {
    /// The TLS of a listener, or `None` where it serves plain HTTP.
    pub(super) fn open(listener: &Listener) -> Result<Option<Arc<Self>>, TlsError> {
        if !listener.has_tls() {
            return Ok(None);
        }
        let (certificate, key) = (listener.tls_certificate.clone(), listener.tls_key.clone());
        let seen = Mutex::new(written(&certificate, &key));
        let current = Arc::new(Current(ArcSwap::from_pointee(read(&certificate, &key)?)));
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Some(Arc::new(Self { acceptor, current, certificate, key, seen })))
    }

    /// Shakes hands.
    pub(super) async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        self.acceptor.accept(stream).await
    }

    /// Reads the files again if one of them was written since; a pair that cannot be used leaves the old one in place.
    pub(super) fn refresh(&self) {
        let now = written(&self.certificate, &self.key);
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == now {
                return;
            }
            *seen = now;
        }
        match read(&self.certificate, &self.key) {
            Ok(fresh) => {
                self.current.0.store(Arc::new(fresh));
                tracing::info!(certificate = %self.certificate.display(), "certificate read again");
            }
            Err(cause) => tracing::error!(%cause, "the new certificate is not used; the old one stays"),
        }
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let bad_certificate = |cause: String| TlsError::Certificate { path: certificate.into(), cause };
    let bad_key = |cause: String| TlsError::Key { path: key.into(), cause };
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|cause| bad_certificate(cause.to_string()))?;
    if chain.is_empty() {
        return Err(bad_certificate("holds no certificate".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|cause| bad_key(cause.to_string()))?;
    CertifiedKey::from_der(chain, private, &aws_lc_rs::default_provider())
        .map_err(|cause| bad_key(cause.to_string()))
}

fn written(certificate: &Path, key: &Path) -> Written {
    let at = |path: &Path| fs::metadata(path).and_then(|found| found.modified()).ok();
    (at(certificate), at(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write_pair(folder: &Path) {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
        fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    }

    #[test]
    fn a_new_pair_is_picked_up_and_a_broken_one_is_not() {
        let folder = tempfile::TempDir::new().unwrap();
        let listener = Listener {
            tls_certificate: folder.path().join("cert.pem"),
            tls_key: folder.path().join("key.pem"),
            ..Listener::local(0)
        };
        write_pair(folder.path());
        let tls = Tls::open(&listener).unwrap().unwrap();
        let presented = || tls.current.0.load().cert[0].clone();
        let first = presented();
        tls.refresh();
        assert_eq!(presented(), first);
        write_pair(folder.path());
        tls.refresh();
        let second = presented();
        assert_ne!(second, first);
        fs::write(folder.path().join("key.pem"), "broken").unwrap();
        tls.refresh();
        assert_eq!(presented(), second);
    }
}
