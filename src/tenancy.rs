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
    by_id: HashMap<TenantId, Site>,
    default: Option<Arc<TenantView>>,
}

/// One tenant, and where else than at its own host it answers.
#[derive(Clone, Debug)]
struct Site {
    view: Arc<TenantView>,
    hosts: Vec<(String, Arc<TenantView>)>,
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
        let enabled = tenants.into_iter().filter(|tenant| tenant.enabled);
        self.swap(enabled.map(|tenant| (tenant.id.clone(), self.site(tenant))).collect());
    }

    /// Takes over some tenants, each as it is now: without one, or disabled, it is left out. The others stay.
    /// Callers take turns.
    pub fn change(&self, changed: Vec<(TenantId, Option<Tenant>)>) {
        let mut sites = self.present.load().by_id.clone();
        for (id, tenant) in changed {
            match tenant.filter(|tenant| tenant.enabled) {
                Some(tenant) => sites.insert(id, self.site(tenant)),
                None => sites.remove(&id),
            };
        }
        self.swap(sites);
    }

    fn swap(&self, by_id: HashMap<TenantId, Site>) {
        let mut by_host: HashMap<_, _> = by_id.values().flat_map(|site| site.hosts.iter().cloned()).collect();
        // Last, so that no custom domain takes another tenant's own host.
        for (id, site) in &by_id {
            by_host.insert(own_host(&self.naming, id), Arc::clone(&site.view));
        }
        let default = by_id
            .get(&TenantId::from(self.naming.default_tenant.as_str()))
            .map(|site| Arc::clone(&site.view));
        self.present.store(Arc::new(Snapshot { by_host, by_id, default }));
    }

    fn site(&self, tenant: Tenant) -> Site {
        let claimed = tenant.claimed_domains.iter().filter(|claimed| claimed.is_ready());
        let at_claimed = |domain: &String| (domain.clone(), Arc::new(self.view_at(domain, tenant.clone())));
        let mut hosts: Vec<_> = claimed.map(|claimed| at_claimed(&claimed.domain)).collect();
        let view = Arc::new(self.view(tenant));
        let custom = view.tenant.custom_domains.iter().map(|host| host.to_ascii_lowercase());
        hosts.extend(custom.map(|host| (host, Arc::clone(&view))));
        Site { view, hosts }
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
        self.present.load().by_id.get(id).map(|site| Arc::clone(&site.view))
    }

    /// Every enabled tenant, in no order.
    pub fn all(&self) -> Vec<Arc<TenantView>> {
        self.present.load().by_id.values().map(|site| Arc::clone(&site.view)).collect()
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
pub(crate) fn without_port(host: &str) -> &str {
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
    fn a_change_of_some_tenants_leaves_the_others_as_they_are() {
        let tenancy = tenancy(Some("beta"));
        let tenant = |json: &str| serde_json::from_str::<Tenant>(json).unwrap();
        let beta = tenancy.by_id(&TenantId::from("beta")).unwrap();
        tenancy.change(vec![
            (TenantId::from("acme"), Some(tenant(r#"{"id":"acme","custom_domains":["id.acme.test"]}"#))),
            (TenantId::from("thief"), None),
            (TenantId::from("gone"), Some(tenant(r#"{"id":"gone"}"#))),
            (TenantId::from("nosuch"), Some(tenant(r#"{"id":"nosuch","enabled":false}"#))),
        ]);
        assert_eq!(name(&tenancy, "id.acme.test").as_deref(), Some("acme"));
        assert_eq!(
            name(&tenancy, "login.acme.test").as_deref(),
            Some("beta"),
            "given up: nobody's, so the default's"
        );
        assert_eq!(name(&tenancy, "gone.example.test").as_deref(), Some("gone"));
        for nobody in ["thief.example.test", "nosuch.example.test"] {
            assert_eq!(name(&tenancy, nobody), None, "{nobody}");
        }
        assert!(Arc::ptr_eq(&beta, &tenancy.by_id(&TenantId::from("beta")).unwrap()));
        tenancy.change(vec![(TenantId::from("beta"), None)]);
        assert_eq!(name(&tenancy, "login.acme.test"), None, "there is no default any more");
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
