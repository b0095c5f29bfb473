"""A tenant file for `jeton import`, as large as wanted; loadtests/k6/world/people.js knows who is in it by number.

tenant.py [--users N] [--organizations N] [--organizations-per-user N] [--clients N] [--tenants N]
          [--callback URL] [--passwords real|cheap] > FILE

Tenants are `load`, with everything in it, and `load-0002` and so on with a machine and a person each. Person k
belongs to organizations k, k+1 … (modulo N). Everybody's password is the same and comes hashed, so that an import
hashes nothing: `real` as the server's defaults hash it, `cheap` for runs that are not about logins.
"""

import argparse
import hashlib
import json
import sys

HASHES = {
    "real": "$argon2id$v=19$m=19456,t=2,p=1$nLCQSVW173/GqfxN/NO7Cw$Jf47oxuu0s58Ei0V3uMDS2DcjNM7l5oZ4qEGUi3oSy0",
    "cheap": "$argon2id$v=19$m=8,t=1,p=1$JOKgkH2JVQEbQ2iSAmUkmg$xZAkKD06Z2l1O0Io7Mp+kKS3U61ht6jJm9rnpspD3r0",
}
AUDIENCE = "https://api.load.example/"


def secret(client_id: str) -> str:
    return hashlib.sha256(f"load test secret of {client_id}".encode()).hexdigest()


def resource_server() -> dict:
    return {
        "id": "load-api",
        "identifier": AUDIENCE,
        "name": "Load test API",
        "signing_alg": "EdDSA",
        "token_lifetime": 3600,
        "allow_offline_access": True,
        "scopes": [{"value": "read:things", "description": "See things"}],
    }


def machine(client_id: str) -> dict:
    return {
        "client_id": client_id,
        "client_secret": secret(client_id),
        "name": client_id,
        "app_type": "non_interactive",
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["client_credentials"],
    }


def application(client_id: str, callback: str, leeway: int) -> dict:
    return {
        "client_id": client_id,
        "client_secret": secret(client_id),
        "name": client_id,
        "app_type": "regular_web",
        "token_endpoint_auth_method": "client_secret_post",
        "grant_types": ["authorization_code", "refresh_token", "password"],
        "callbacks": [callback],
        "jwt_configuration": {"alg": "EdDSA", "lifetime_in_seconds": 36000},
        "refresh_token": {
            "rotation_type": "rotating",
            "expiration_type": "expiring",
            "leeway": leeway,
            "token_lifetime": 2592000,
            "idle_token_lifetime": 1296000,
        },
    }


def grant(client_id: str) -> dict:
    return {"client_id": client_id, "audience": AUDIENCE, "scope": ["read:things"]}


def person(number: int, password_hash: str) -> dict:
    return {
        "user_id": f"auth0|load-{number:07}",
        "email": f"user-{number:07}@load.example",
        "email_verified": True,
        "name": f"Person {number}",
        "password_hash": password_hash,
    }


def organizations(wanted: argparse.Namespace) -> list[dict]:
    members: list[list[dict]] = [[] for _ in range(wanted.organizations)]
    each = min(wanted.organizations_per_user, wanted.organizations)
    for user in range(wanted.users):
        for nth in range(each):
            members[(user + nth) % wanted.organizations].append({"user": f"user-{user:07}@load.example"})
    made = [
        {"id": f"org_load{nth:04}", "name": f"org-{nth:04}", "display_name": f"Organization {nth}", "members": own}
        for nth, own in enumerate(members)
    ]
    return [*made, {"id": "org_loadnobody", "name": "org-nobody", "display_name": "Nobody's", "members": []}]


def tenant(name: str, wanted: argparse.Namespace, *, whole: bool) -> dict:
    machines = [machine("load-machine")]
    if whole:
        machines += [machine(f"load-machine-{nth:04}") for nth in range(1, wanted.clients)]
    applications = [application("load-web", wanted.callback, 30), application("load-patient", wanted.callback, 600)]
    users = wanted.users if whole else 1
    return {
        "id": name,
        "friendly_name": f"Load test {name}",
        "resource_servers": [resource_server()],
        "clients": [*machines, *applications],
        "client_grants": [grant(entry["client_id"]) for entry in machines],
        "organizations": organizations(wanted) if whole else [],
        "users": [person(nth, HASHES[wanted.passwords]) for nth in range(users)],
    }


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=1000)
    parser.add_argument("--organizations", type=int, default=10)
    parser.add_argument("--organizations-per-user", type=int, default=2)
    parser.add_argument("--clients", type=int, default=1, help="machines of the tenant")
    parser.add_argument("--tenants", type=int, default=2)
    parser.add_argument("--callback", default="http://localhost:3000/callback")
    parser.add_argument("--passwords", choices=HASHES, default="real")
    return parser.parse_args()


def main() -> None:
    wanted = arguments()
    others = [tenant(f"load-{nth:04}", wanted, whole=False) for nth in range(2, wanted.tenants + 1)]
    json.dump({"tenants": [tenant("load", wanted, whole=True), *others]}, sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main()
