//! The immutable view of tenants, swapped whole; host → tenant.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::tenants::Tenants as Naming;
use crate::model::tenant::Tenant;
use crate::protocol::ids::{Audience, TenantId};

/// One tenant with everything that requests need of it, computed once.
#[derive(Debug)]
pub struct TenantView {
    /// The tenant as stored.
    pub tenant: Tenant,
    /// `iss`, with a trailing slash.
    pub issuer: String,
    /// The audience of the management API.
    pub management: Audience,
    /// The audience of the userinfo endpoint.
    pub userinfo: Audience,
    /// Whether it is the operator's own tenant, which makes and removes the others.
    pub is_operators: bool,
}

/// Every tenant, by host and by id.
#[derive(Debug, Default)]
struct Snapshot {
    by_host: HashMap<String, Arc<TenantView>>,
    by_id: HashMap<TenantId, Arc<TenantView>>,
    default: Option<Arc<TenantView>>,
}

/// The present view of tenants; reading takes no lock.
#[derive(Debug)]
pub struct Tenancy {
    naming: Naming,
    present: ArcSwap<Snapshot>,
}

impl Tenancy {
    /// A view without tenants.
    pub fn new(naming: Naming) -> Self {
        Self { naming, present: ArcSwap::default() }
    }

    /// Swaps the whole view; disabled tenants are left out.
    pub fn replace(&self, tenants: Vec<Tenant>) {
        let mut fresh = Snapshot::default();
        for tenant in tenants.into_iter().filter(|tenant| tenant.enabled) {
            for claimed in tenant.claimed_domains.iter().filter(|claimed| claimed.is_ready()) {
                let view = Arc::new(self.view_at(&claimed.domain, tenant.clone()));
                fresh.by_host.insert(claimed.domain.clone(), view);
            }
            let view = Arc::new(self.view(tenant));
            for host in &view.tenant.custom_domains {
                fresh.by_host.insert(host.to_ascii_lowercase(), Arc::clone(&view));
            }
            fresh.by_id.insert(view.tenant.id.clone(), view);
        }
        // Last, so that no custom domain takes another tenant's own host.
        for view in fresh.by_id.values() {
            fresh.by_host.insert(own_host(&self.naming, &view.tenant.id), Arc::clone(view));
        }
        fresh.default = fresh.by_id.get(&TenantId::from(self.naming.default_tenant.as_str())).cloned();
        self.present.store(Arc::new(fresh));
    }

    /// The tenant that answers at `host` (a `Host` header: a port is ignored, case too).
    pub fn at_host(&self, host: &str) -> Option<Arc<TenantView>> {
        let name = without_port(host);
        let present = self.present.load();
        let lower;
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lower = name.to_ascii_lowercase();
            lower.as_str()
        } else {
            name
        };
        if let Some(view) = present.by_host.get(name) {
            return Some(Arc::clone(view));
        }
        // A label under the base domain names a tenant; one that does not exist is nobody's, not the default's.
        let is_label = name.strip_suffix(&self.naming.base_domain).is_some_and(|label| label.ends_with('.'));
        if is_label { None } else { present.default.clone() }
    }

    /// What requests need of `tenant`, whether it is served or not.
    pub fn view(&self, tenant: Tenant) -> TenantView {
        let issuer = tenant.issuer.clone().unwrap_or_else(|| issuer(&self.naming, &tenant));
        let userinfo = Audience::from(format!("{issuer}userinfo"));
        let management = Audience::from(format!("{issuer}api/v2/"));
        let is_operators = tenant.id.as_str() == self.naming.management_tenant();
        TenantView { tenant, issuer, management, userinfo, is_operators }
    }

    /// The same at a custom domain that was proved: tokens that are asked for there are issued there. The
    /// management API keeps its one audience, as at Auth0.
    fn view_at(&self, domain: &str, tenant: Tenant) -> TenantView {
        let issuer = self.naming.issuer(domain);
        let userinfo = Audience::from(format!("{issuer}userinfo"));
        TenantView { issuer, userinfo, ..self.view(tenant) }
    }

    /// `{id}.{base domain}`: the host that every tenant has.
    pub fn own_host(&self, tenant: &TenantId) -> String {
        own_host(&self.naming, tenant)
    }

    /// Whether a host is the base domain or below it, where only tenants' own hosts are.
    pub fn owns(&self, host: &str) -> bool {
        self.naming.owns(host)
    }

    /// Whether a tenant must stay: the operator's own, and the one that answers where no other does.
    pub fn must_stay(&self, tenant: &TenantId) -> bool {
        [self.naming.management_tenant(), self.naming.default_tenant.as_str()].contains(&tenant.as_str())
    }

    /// The tenant called `id`.
    pub fn by_id(&self, id: &TenantId) -> Option<Arc<TenantView>> {
        self.present.load().by_id.get(id).cloned()
    }

    /// Every enabled tenant, in no order.
    pub fn all(&self) -> Vec<Arc<TenantView>> {
        self.present.load().by_id.values().cloned().collect()
    }
}

fn issuer(naming: &Naming, tenant: &Tenant) -> String {
    match tenant.custom_domains.first() {
        Some(domain) => naming.issuer(domain),
        None if naming.default_tenant == tenant.id.as_str() => naming.issuer(&naming.base_domain),
        None => naming.issuer(&format!("{}.{}", tenant.id, naming.base_domain)),
    }
}

fn own_host(naming: &Naming, tenant: &TenantId) -> String {
    format!("{tenant}.{}", naming.base_domain).to_ascii_lowercase()
}

/// `host:port` without the port and without the dot that ends an absolute name (RFC 1034 §3.1); brackets of
/// IPv6 literals stay.
fn without_port(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenancy(default: Option<&str>) -> Tenancy {
        let tenancy = Tenancy::new(Naming {
            base_domain: "example.test".into(),
            default_tenant: default.unwrap_or_default().into(),
            management_tenant: String::new(),
            issuer_scheme: crate::config::tenants::Scheme::Https,
            issuer_port: 0,
        });
        let tenant = |json: &str| serde_json::from_str::<Tenant>(json).unwrap();
        tenancy.replace(vec![
            tenant(r#"{"id":"acme","custom_domains":["Login.Acme.test"]}"#),
            tenant(r#"{"id":"beta"}"#),
            tenant(r#"{"id":"thief","custom_domains":["beta.example.test"]}"#),
            tenant(r#"{"id":"gone","enabled":false}"#),
        ]);
        tenancy
    }

    fn name(tenancy: &Tenancy, host: &str) -> Option<String> {
        tenancy.at_host(host).map(|view| view.tenant.id.to_string())
    }

    #[test]
    fn hosts_find_their_tenant() {
        let tenancy = tenancy(None);
        assert_eq!(name(&tenancy, "acme.example.test:8443").as_deref(), Some("acme"));
        assert_eq!(name(&tenancy, "LOGIN.acme.test").as_deref(), Some("acme"));
        assert_eq!(name(&tenancy, "beta.example.test").as_deref(), Some("beta"));
        for nobody in
            ["gone.example.test", "nosuch.example.test", "example.test", "127.0.0.1", "", "[::1]:80"]
        {
            assert_eq!(name(&tenancy, nobody), None, "{nobody}");
        }
    }

    #[test]
    fn the_default_tenant_answers_elsewhere_but_not_for_an_unknown_label() {
        let tenancy = tenancy(Some("beta"));
        for own in ["example.test", "127.0.0.1:8080", "localhost"] {
            assert_eq!(name(&tenancy, own).as_deref(), Some("beta"), "{own}");
        }
        assert_eq!(name(&tenancy, "nosuch.example.test"), None);
        assert_eq!(name(&tenancy, "nosuch.example.test.:80"), None);
        assert_eq!(name(&tenancy, "Acme.example.test.").as_deref(), Some("acme"));
        assert_eq!(name(&tenancy, "gone.example.test"), None);
    }

    #[test]
    fn a_claimed_domain_answers_once_it_is_proved_and_issues_there() {
        let tenancy = tenancy(Some("beta"));
        let claimed = |standing: &str| {
            let domain = format!(
                r#"{{"id":"cd_1","domain":"login.new.test","standing":{standing},"token":"x","created_at":1}}"#
            );
            let tenant = format!(r#"{{"id":"acme","claimed_domains":[{domain}]}}"#);
            serde_json::from_str::<Tenant>(&tenant).unwrap()
        };
        tenancy.replace(vec![claimed(r#"{"state":"pending"}"#)]);
        assert_eq!(name(&tenancy, "login.new.test"), None);
        tenancy.replace(vec![claimed(r#"{"state":"ready","since":1}"#)]);
        let view = tenancy.at_host("login.new.test").unwrap();
        assert_eq!((view.tenant.id.as_str(), view.issuer.as_str()), ("acme", "https://login.new.test/"));
        assert_eq!(view.management.as_str(), "https://acme.example.test/api/v2/");
    }

    #[test]
    fn issuers_follow_domain_label_and_port() {
        let tenancy = tenancy(Some("beta"));
        let issuer = |id: &str| tenancy.by_id(&TenantId::from(id)).unwrap().issuer.clone();
        assert_eq!(issuer("acme"), "https://Login.Acme.test/");
        assert_eq!(issuer("beta"), "https://example.test/");
        assert_eq!(
            tenancy.by_id(&TenantId::from("beta")).unwrap().userinfo.as_str(),
            "https://example.test/userinfo"
        );
    }
}
