"""Authlib's client logs a person in through the pages: authorization code with PKCE and state."""

import re
import unittest
from urllib.parse import urljoin

import httpx
from authlib.common.security import generate_token
from authlib.integrations.httpx_client import OAuth2Client

from demo import facts

DEMO = facts()


def through_the_pages(url: str) -> str:
    """The address at which the server sends the browser away, after the login form was filled in."""
    with httpx.Client() as browser:
        answer = browser.get(url)
        while True:
            if answer.is_redirect:
                location = urljoin(DEMO["issuer"], answer.headers["location"])
                if not location.startswith(DEMO["issuer"]):
                    return location
                answer = browser.get(location)
                continue
            form = {
                "state": re.search(r'name="state" value="([^"]+)"', answer.text).group(1),
                "username": DEMO["user"]["name"],
                "password": DEMO["user"]["password"],
            }
            answer = browser.post(urljoin(DEMO["issuer"], "/u/login"), data=form)


class Login(unittest.TestCase):
    def test_code_with_proof_key(self) -> None:
        party = DEMO["application"]
        with OAuth2Client(
            party["id"],
            party["secret"],
            token_endpoint_auth_method=party["method"],
            redirect_uri=party["callback"],
            scope="openid email",
            code_challenge_method="S256",
        ) as client:
            verifier = generate_token(48)
            url, state = client.create_authorization_url(DEMO["issuer"] + "authorize", code_verifier=verifier)
            back = through_the_pages(url)
            tokens = client.fetch_token(
                DEMO["issuer"] + "oauth/token", authorization_response=back, state=state, code_verifier=verifier
            )
            self.assertIn("id_token", tokens)
            person = client.get(DEMO["issuer"] + "userinfo").json()
            self.assertEqual(person["email"], DEMO["user"]["name"])


if __name__ == "__main__":
    unittest.main()
