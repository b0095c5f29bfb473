//! Memberships: joined, left, and seen from both sides.

use jeton::model::membership::Membership;
use jeton::protocol::ids::{OrganizationId, RoleId, TenantId, UserId};

use crate::world::{UNASKED, World, tenant};

suite! {
    a_joined_membership_is_found,
    joining_again_replaces_the_roles,
    a_left_membership_is_gone_from_both_sides,
    both_sides_come_in_pages,
    a_user_of_many_organizations_is_paged_as_one_of_few,
    both_sides_may_begin_with_any_word,
    names_that_run_into_each_other_stay_apart,
    tenants_do_not_meet,
}

fn membership(tenant: &TenantId, user: &str, organization: &str, roles: &[&str]) -> Membership {
    Membership {
        tenant: tenant.clone(),
        user: UserId::from(user),
        organization: OrganizationId::from(organization),
        roles: roles.iter().map(|role| RoleId::from(*role)).collect(),
    }
}

async fn found(world: &World, user: &str, organization: &str) -> Option<Membership> {
    let (user, organization) = (UserId::from(user), OrganizationId::from(organization));
    world.store.find_membership(&world.tenant, &user, &organization).await.unwrap()
}

async fn a_joined_membership_is_found(world: &World) {
    assert_eq!(found(world, "u", "org_1").await, None);
    let joined = membership(&world.tenant, "u", "org_1", &["rol_a", "rol_b"]);
    assert!(world.store.join(&joined).await.unwrap());
    assert_eq!(found(world, "u", "org_1").await, Some(joined));
    assert_eq!(found(world, "u", "org_2").await, None);
    assert_eq!(found(world, "v", "org_1").await, None);
}

async fn joining_again_replaces_the_roles(world: &World) {
    world.store.join(&membership(&world.tenant, "u", "o", &["a"])).await.unwrap();
    for roles in [["b", "c"].as_slice(), &[]] {
        let again = membership(&world.tenant, "u", "o", roles);
        assert!(!world.store.join(&again).await.unwrap());
        assert_eq!(found(world, "u", "o").await, Some(again.clone()));
        let members = world.store.members_of(&world.tenant, &again.organization, None, 9).await.unwrap();
        assert_eq!(members, vec![again]);
    }
}

async fn a_left_membership_is_gone_from_both_sides(world: &World) {
    let (left, stays) = (membership(&world.tenant, "u", "o", &[]), membership(&world.tenant, "v", "o", &[]));
    world.store.join(&left).await.unwrap();
    world.store.join(&stays).await.unwrap();
    assert!(world.store.leave(&world.tenant, &left.user, &left.organization).await.unwrap());
    assert!(!world.store.leave(&world.tenant, &left.user, &left.organization).await.unwrap());
    assert_eq!(found(world, "u", "o").await, None);
    assert!(world.store.organizations_of(&world.tenant, &left.user, None, 9).await.unwrap().is_empty());
    let members = world.store.members_of(&world.tenant, &left.organization, None, 9).await.unwrap();
    assert_eq!(members, vec![stays]);
    assert!(world.store.join(&left).await.unwrap(), "it is new again");
}

async fn both_sides_come_in_pages(world: &World) {
    let mut names: Vec<String> = (0..13).map(|number| format!("n-{number}")).collect();
    names.push("N".to_owned());
    for name in &names {
        world.store.join(&membership(&world.tenant, "u", name, &["r"])).await.unwrap();
        world.store.join(&membership(&world.tenant, name, "o", &["r"])).await.unwrap();
    }
    names.sort();
    for take in [1, 5, 14, 100] {
        let (mut organizations, mut members) = (Vec::new(), Vec::new());
        while let Some(page) = page_of_organizations(world, organizations.last(), take).await {
            organizations.extend(page);
        }
        while let Some(page) = page_of_members(world, members.last(), take).await {
            members.extend(page);
        }
        assert_eq!((&organizations, &members), (&names, &names), "in pages of {take}");
    }
}

async fn a_user_of_many_organizations_is_paged_as_one_of_few(world: &World) {
    let user = UserId::from("u");
    let mut names: Vec<String> = (0..300).map(|number| format!("o{number}")).collect();
    for name in &names {
        world.store.join(&membership(&world.tenant, "u", name, &["r"])).await.unwrap();
    }
    names.sort();
    for (at, name) in names.iter().enumerate().step_by(37) {
        let page = world.store.organizations_of(&world.tenant, &user, Some(name), 20).await.unwrap();
        let expected = names.iter().skip(at + 1).take(20);
        assert!(page.iter().map(|found| found.organization.as_str()).eq(expected), "after {name}");
        assert!(page.iter().all(|found| found.roles == [RoleId::from("r")]));
    }
    let again = membership(&world.tenant, "u", "o1", &["s"]);
    assert!(!world.store.join(&again).await.unwrap());
    assert_eq!(world.store.organizations_of(&world.tenant, &user, Some("o0"), 1).await.unwrap(), [again]);
    // All leave but a few, and one comes back.
    for name in &names[5..] {
        assert!(world.store.leave(&world.tenant, &user, &OrganizationId::from(&**name)).await.unwrap());
    }
    assert!(world.store.join(&membership(&world.tenant, "u", &names[9], &[])).await.unwrap());
    let left = world.store.organizations_of(&world.tenant, &user, None, usize::MAX).await.unwrap();
    let expected = names[..5].iter().chain([&names[9]]);
    assert!(left.iter().map(|found| found.organization.as_str()).eq(expected), "{left:?}");
}

async fn both_sides_may_begin_with_any_word(world: &World) {
    for word in UNASKED {
        let tenant = tenant();
        let names = ["", "z1", "z2", "z3"].map(|end| format!("{word}{end}"));
        let joined = |user, organization| membership(&tenant, user, organization, &["r"]);
        for name in &names {
            world.store.join(&joined(name, "o")).await.unwrap();
        }
        for name in &names[..2] {
            world.store.join(&joined("u", name)).await.unwrap();
        }
        for take in [3, 4] {
            let members = world.store.members_of(&tenant, &OrganizationId::from("o"), None, take).await;
            let expected: Vec<_> = names[..take].iter().map(|name| joined(name, "o")).collect();
            assert_eq!(members.unwrap(), expected);
        }
        let organizations = world.store.organizations_of(&tenant, &UserId::from("u"), None, 9).await;
        assert_eq!(organizations.unwrap(), [joined("u", &names[0]), joined("u", &names[1])]);
    }
}

async fn page_of_organizations(world: &World, after: Option<&String>, take: usize) -> Option<Vec<String>> {
    let after = after.map(String::as_str);
    let page = world.store.organizations_of(&world.tenant, &UserId::from("u"), after, take).await.unwrap();
    assert!(page.len() <= take);
    let names: Vec<_> = page.iter().map(|found| found.organization.to_string()).collect();
    if names.is_empty() { None } else { Some(names) }
}

async fn page_of_members(world: &World, after: Option<&String>, take: usize) -> Option<Vec<String>> {
    let after = after.map(String::as_str);
    let page = world.store.members_of(&world.tenant, &OrganizationId::from("o"), after, take).await.unwrap();
    assert!(page.len() <= take);
    let names: Vec<_> = page.iter().map(|found| found.user.to_string()).collect();
    if names.is_empty() { None } else { Some(names) }
}

async fn names_that_run_into_each_other_stay_apart(world: &World) {
    let tricky = [("a", "bc"), ("ab", "c"), ("a:b", "c"), ("a", "b:c"), ("a}", "{b"), ("auth0|é", "org")];
    for (user, organization) in tricky {
        let joined = membership(&world.tenant, user, organization, &[user]);
        assert!(world.store.join(&joined).await.unwrap(), "{user} {organization}");
    }
    for (user, organization) in tricky {
        let expected = membership(&world.tenant, user, organization, &[user]);
        assert_eq!(found(world, user, organization).await, Some(expected));
    }
}

async fn tenants_do_not_meet(world: &World) {
    let elsewhere = tenant();
    let here = membership(&world.tenant, "u", "o", &["here"]);
    world.store.join(&here).await.unwrap();
    assert_eq!(world.store.find_membership(&elsewhere, &here.user, &here.organization).await.unwrap(), None);
    assert!(world.store.join(&membership(&elsewhere, "u", "o", &["there"])).await.unwrap());
    world.store.leave(&elsewhere, &here.user, &here.organization).await.unwrap();
    assert_eq!(found(world, "u", "o").await, Some(here));
}
