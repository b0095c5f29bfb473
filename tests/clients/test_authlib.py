"""Authlib's client: client credentials, password, refresh, introspection, revocation."""

import unittest

from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

from demo import facts

DEMO = facts()
TOKEN = DEMO["issuer"] + "oauth/token"


class Grants(unittest.TestCase):
    def client(self, party: dict) -> OAuth2Client:
        # Authlib would revoke with client_secret_basic, whatever it asks for tokens with.
        made = OAuth2Client(
            party["id"],
            party["secret"],
            token_endpoint_auth_method=party["method"],
            revocation_endpoint_auth_method=party["method"],
        )
        self.addCleanup(made.close)
        return made

    def login(self) -> tuple[OAuth2Client, dict]:
        application = self.client(DEMO["application"])
        tokens = application.fetch_token(
            TOKEN,
            grant_type="password",
            username=DEMO["user"]["name"],
            password=DEMO["user"]["password"],
            audience=DEMO["eddsaAudience"],
            scope="openid offline_access",
        )
        return application, tokens

    def active(self, application: OAuth2Client, token: str) -> bool:
        answer = application.introspect_token(DEMO["issuer"] + "oauth/introspect", token=token)
        self.assertEqual(answer.status_code, 200)
        return answer.json()["active"]

    def test_client_credentials(self) -> None:
        tokens = self.client(DEMO["machine"]).fetch_token(
            TOKEN, grant_type="client_credentials", audience=DEMO["eddsaAudience"]
        )
        self.assertEqual(tokens["token_type"], "Bearer")
        self.assertNotIn("refresh_token", tokens)

    def test_an_unknown_audience_is_refused(self) -> None:
        with self.assertRaises(OAuthError) as refused:
            self.client(DEMO["machine"]).fetch_token(
                TOKEN, grant_type="client_credentials", audience="https://nowhere.example"
            )
        self.assertEqual(refused.exception.error, "access_denied")

    def test_password_then_refresh(self) -> None:
        application, tokens = self.login()
        refreshed = application.refresh_token(TOKEN, refresh_token=tokens["refresh_token"])
        self.assertNotEqual(refreshed["refresh_token"], tokens["refresh_token"])
        self.assertIn("id_token", refreshed)

    def test_a_wrong_password_is_refused(self) -> None:
        with self.assertRaises(OAuthError) as refused:
            self.client(DEMO["application"]).fetch_token(
                TOKEN, grant_type="password", username=DEMO["user"]["name"], password="wrong"
            )
        self.assertEqual(refused.exception.error, "invalid_grant")

    def test_introspection_and_revocation(self) -> None:
        application, tokens = self.login()
        self.assertTrue(self.active(application, tokens["refresh_token"]))
        self.assertTrue(self.active(application, tokens["access_token"]))
        answer = application.revoke_token(DEMO["issuer"] + "oauth/revoke", token=tokens["refresh_token"])
        self.assertEqual(answer.status_code, 200)
        self.assertFalse(self.active(application, tokens["refresh_token"]))


if __name__ == "__main__":
    unittest.main()
