"""The stock auth0-python ManagementClient, over TLS: makes what a tenant needs, gets tokens, takes them away."""

import hashlib
import json
import secrets
import time
import unittest

import httpx
from auth0.management import ManagementClient
from auth0.management.core.api_error import ApiError

from demo import tls

CONNECTION = "Username-Password-Authentication"
PASSWORD = "Correct-Horse-1"
TLS = tls()


def token(**form: str) -> httpx.Response:
    return httpx.post(f"https://{TLS['domain']}/oauth/token", json=form)


class Tenant(unittest.TestCase):
    """One tenant's worth of records, made and removed by the SDK."""

    def setUp(self) -> None:
        mark = secrets.token_hex(4)
        self.audience = f"https://py-{mark}.test/"
        self.email = f"py-{mark}@example.test"
        administrator = TLS["administrator"]
        self.management = ManagementClient(
            domain=TLS["domain"], client_id=administrator["id"], client_secret=administrator["secret"]
        )
        made = self.management
        self.api = made.resource_servers.create(
            identifier=self.audience,
            name="Things",
            scopes=[{"value": "read:things"}],
            allow_offline_access=True,
        )
        self.machine = made.clients.create(name="Machine", app_type="non_interactive")
        self.grant = made.client_grants.create(
            client_id=self.machine.client_id, audience=self.audience, scope=["read:things"]
        )
        self.app = made.clients.create(
            name="App",
            app_type="native",
            grant_types=["password", "refresh_token", "authorization_code"],
            initiate_login_uri="https://app.test/login",
        )
        self.user = made.users.create(connection=CONNECTION, email=self.email, password=PASSWORD)
        self.role = made.roles.create(name=f"reader-{mark}")
        made.roles.permissions.add(
            self.role.id,
            permissions=[{"resource_server_identifier": self.audience, "permission_name": "read:things"}],
        )
        self.organization = made.organizations.create(name=f"py-{mark}", display_name="Python")
        made.organizations.members.create(self.organization.id, members=[self.user.user_id])

    def tearDown(self) -> None:
        made = self.management
        made.organizations.delete(self.organization.id)
        made.roles.delete(self.role.id)
        made.users.delete(self.user.user_id)
        made.clients.delete(self.machine.client_id)
        made.clients.delete(self.app.client_id)
        made.resource_servers.delete(self.api.id)
        with self.assertRaises(ApiError) as gone:
            made.clients.get(self.app.client_id)
        self.assertEqual(gone.exception.status_code, 404)

    def login(self) -> dict:
        answer = token(
            grant_type="password",
            client_id=self.app.client_id,
            username=self.email,
            password=PASSWORD,
            audience=self.audience,
            scope="openid offline_access read:things",
            organization=self.organization.id,
        )
        self.assertEqual(answer.status_code, 200, answer.text)
        return answer.json()

    def refresh(self, refresh_token: str) -> httpx.Response:
        return token(grant_type="refresh_token", client_id=self.app.client_id, refresh_token=refresh_token)

    def test_tokens_for_a_machine_and_a_person(self) -> None:
        answer = token(
            grant_type="client_credentials",
            client_id=self.machine.client_id,
            client_secret=self.machine.client_secret,
            audience=self.audience,
        )
        self.assertEqual(answer.json()["scope"], "read:things")
        self.assertEqual(self.refresh(self.login()["refresh_token"]).status_code, 200)

    def test_lists(self) -> None:
        made = self.management
        self.assertIn(self.app.client_id, [client.client_id for client in made.clients.list(per_page=1)])
        self.assertIn(self.grant.id, [grant.id for grant in made.client_grants.list(take=1)])
        found = [user.user_id for user in made.users.list(q=f'email:"{self.email}"')]
        self.assertEqual(found, [self.user.user_id])
        members = [member.user_id for member in made.organizations.members.list(self.organization.id)]
        self.assertEqual(members, [self.user.user_id])

    def test_a_removed_member_cannot_refresh(self) -> None:
        tokens = self.login()
        self.management.organizations.members.delete(self.organization.id, members=[self.user.user_id])
        self.assertEqual(self.refresh(tokens["refresh_token"]).status_code, 403)

    def test_a_new_password_ends_what_the_old_one_began(self) -> None:
        tokens = self.login()
        self.management.users.update(self.user.user_id, password="Correct-Horse-2")
        self.assertEqual(self.refresh(tokens["refresh_token"]).status_code, 400)

    def test_users_are_searched(self) -> None:
        def found(q: str, **more: str) -> list[str]:
            return [user.user_id for user in self.management.users.list(q=q, **more)]

        self.assertEqual(found(f"email:{self.email[:8]}*", sort="created_at:-1"), [self.user.user_id])
        self.assertEqual(found(f'email:"{self.email}" AND blocked:true'), [])
        with self.assertRaises(ApiError) as refused:
            found("logins_count:1")
        self.assertEqual(refused.exception.status_code, 400)

    def test_organizations_enable_connections_and_invite(self) -> None:
        made, organization = self.management.organizations, self.organization.id
        database = next(iter(self.management.connections.list(name=CONNECTION)))
        made.enabled_connections.add(organization, connection_id=database.id, assign_membership_on_login=True)
        enabled = [own.connection_id for own in made.enabled_connections.list(organization)]
        self.assertEqual(enabled, [database.id])
        made.enabled_connections.delete(organization, database.id)
        invited = made.invitations.create(
            organization,
            inviter={"name": "Ann"},
            invitee={"email": f"bob-{self.email}"},
            client_id=self.app.client_id,
            send_invitation_email=False,
        )
        self.assertTrue(invited.invitation_url.startswith("https://app.test/login?invitation=iv_"))
        self.assertEqual([own.id for own in made.invitations.list(organization)], [invited.id])
        made.invitations.delete(organization, invited.id)

    def test_refresh_tokens_say_whose_they_are(self) -> None:
        self.login()
        own = next(iter(self.management.users.refresh_token.list(self.user.user_id)))
        self.assertEqual((own.client_id, own.rotating), (self.app.client_id, True))
        self.management.refresh_tokens.delete(own.id)

    def test_a_taken_address_is_a_conflict(self) -> None:
        with self.assertRaises(ApiError) as refused:
            self.management.users.create(connection=CONNECTION, email=self.email, password=PASSWORD)
        self.assertEqual(refused.exception.status_code, 409)

    def test_statistics_and_custom_domains(self) -> None:
        self.login()
        made = self.management
        deadline = time.monotonic() + 5
        while made.stats.get_active_users_count() < 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertGreaterEqual(made.stats.get_active_users_count(), 1)
        self.assertTrue(any(day.logins for day in made.stats.get_daily()))
        domain = f"py-{secrets.token_hex(4)}.example.test"
        claimed = made.custom_domains.create(domain=domain, type="self_managed_certs")
        self.assertEqual(claimed.status, "pending_verification")
        self.assertEqual(made.custom_domains.get(claimed.custom_domain_id).domain, domain)
        made.custom_domains.delete(claimed.custom_domain_id)
        with self.assertRaises(ApiError) as gone:
            made.custom_domains.get(claimed.custom_domain_id)
        self.assertEqual(gone.exception.status_code, 404)

    def test_users_are_imported_from_a_file(self) -> None:
        made = self.management
        connection = next(iter(made.connections.list(name=CONNECTION))).id
        email = f"imported-{self.email}"
        digest = hashlib.md5(PASSWORD.encode()).hexdigest()
        users = [
            {"email": email, "custom_password_hash": {"algorithm": "md5", "hash": {"value": digest, "encoding": "hex"}}},
            {"email": self.email, "name": "Imported"},
            {"email": "nowhere"},
        ]
        job = made.jobs.users_imports.create(
            users=("users.json", json.dumps(users), "application/json"), connection_id=connection, upsert=True
        )
        for _ in range(200):
            job = made.jobs.get(job.id)
            if job.status not in ("pending", "processing"):
                break
            time.sleep(0.05)
        self.assertEqual((job.status, job.percentage_done), ("completed", 100))
        summary = (job.summary.inserted, job.summary.updated, job.summary.failed)
        self.assertEqual(summary, (1, 1, 1))
        refused = made.jobs.errors.get(job.id)
        self.assertEqual([record.errors[0].path for record in refused], ["email"])
        self.assertEqual(made.users.get(self.user.user_id).name, "Imported")
        answer = token(grant_type="password", client_id=self.app.client_id, username=email, password=PASSWORD)
        self.assertEqual(answer.status_code, 200, answer.text)
        made.users.delete(made.users.list_users_by_email(email=email)[0].user_id)

    def test_logs(self) -> None:
        self.login()
        self.assertTrue(any(event.type for event in self.management.logs.list(per_page=10).items or []))
