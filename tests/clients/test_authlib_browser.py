"""Authlib over TLS: registers a client (RFC 7591), and takes tokens from the fragment of the browser's answer."""

import re
import unittest
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
from authlib.integrations.httpx_client import OAuth2Client

from demo import facts, tls

DEMO, TLS = facts(), tls()
ISSUER = f"https://{TLS['domain']}/"
CALLBACK = "https://app.test/callback"


def through_the_pages(url: str) -> str:
    """The address at which the server sends the browser away, after login and consent."""
    with httpx.Client() as browser:
        answer = browser.get(url)
        while True:
            if answer.is_redirect:
                location = urljoin(ISSUER, answer.headers["location"])
                if not location.startswith(ISSUER):
                    return location
                answer = browser.get(location)
                continue
            state = re.search(r'name="state" value="([^"]+)"', answer.text).group(1)
            page = re.search(r'<form[^>]* action="([^"]+)"', answer.text).group(1)
            form = {"state": state, "username": DEMO["user"]["name"], "password": DEMO["user"]["password"]}
            answer = browser.post(urljoin(ISSUER, page), data={"state": state, "answer": "yes"} if "consent" in page else form)


class Browser(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        administrator = TLS["administrator"]
        with OAuth2Client(
            administrator["id"], administrator["secret"], token_endpoint_auth_method="client_secret_post"
        ) as client:
            client.fetch_token(ISSUER + "oauth/token", audience=ISSUER + "api/v2/", grant_type="client_credentials")
            flags = {"flags": {"enable_dynamic_client_registration": True}}
            client.patch(ISSUER + "api/v2/tenants/settings", json=flags).raise_for_status()

    def test_registered_and_answered_in_the_fragment(self) -> None:
        metadata = {
            "redirect_uris": [CALLBACK],
            "grant_types": ["implicit"],
            "response_types": ["id_token token"],
            "token_endpoint_auth_method": "none",
        }
        answer = httpx.post(ISSUER + "oidc/register", json=metadata)
        self.assertEqual(answer.status_code, 201, answer.text)
        registered = answer.json()
        with OAuth2Client(registered["client_id"], redirect_uri=CALLBACK, scope="openid email") as client:
            url, state = client.create_authorization_url(
                ISSUER + "authorize", response_type="id_token token", nonce="from-authlib"
            )
            back = through_the_pages(url)
            self.assertEqual(parse_qs(urlsplit(back).fragment)["state"], [state])
            token = client.fetch_token(authorization_response=back, state=state)
            self.assertEqual(token["token_type"], "Bearer")
            person = client.get(ISSUER + "userinfo").json()
            self.assertEqual(person["email"], DEMO["user"]["name"])
        bearer = {"authorization": "Bearer " + registered["registration_access_token"]}
        self.assertEqual(httpx.delete(registered["registration_client_uri"], headers=bearer).status_code, 204)


if __name__ == "__main__":
    unittest.main()
