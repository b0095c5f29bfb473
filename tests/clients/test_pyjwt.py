"""PyJWT verifies our access tokens by nothing but the published keys."""

import unittest

import httpx
import jwt

from demo import facts

DEMO = facts()


def machine_token(audience: str) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": DEMO["machine"]["id"],
        "client_secret": DEMO["machine"]["secret"],
        "audience": audience,
    }
    answer = httpx.post(DEMO["issuer"] + "oauth/token", data=form)
    answer.raise_for_status()
    return answer.json()["access_token"]


class AccessTokens(unittest.TestCase):
    keys = jwt.PyJWKClient(DEMO["issuer"] + ".well-known/jwks.json")

    def decoded(self, token: str, algorithm: str, audience: str) -> dict:
        key = self.keys.get_signing_key_from_jwt(token).key
        return jwt.decode(token, key, algorithms=[algorithm], audience=audience, issuer=DEMO["issuer"])

    def check(self, algorithm: str, audience: str) -> None:
        token = machine_token(audience)
        claims = self.decoded(token, algorithm, audience)
        self.assertEqual(claims["sub"], DEMO["machine"]["id"] + "@clients")
        self.assertEqual(jwt.get_unverified_header(token)["typ"], "at+jwt")
        with self.assertRaises(jwt.InvalidAudienceError):
            self.decoded(token, algorithm, "https://elsewhere.example")
        header, payload, signature = token.split(".")
        changed = signature[:8] + ("B" if signature[8] == "A" else "A") + signature[9:]
        with self.assertRaises(jwt.InvalidSignatureError):
            self.decoded(".".join([header, payload, changed]), algorithm, audience)

    def test_eddsa(self) -> None:
        self.check("EdDSA", DEMO["eddsaAudience"])

    def test_rs256(self) -> None:
        self.check("RS256", DEMO["rs256Audience"])


if __name__ == "__main__":
    unittest.main()
