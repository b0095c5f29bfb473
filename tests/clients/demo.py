"""What the tests need to know of the demo tenant, read from the JSON that `jeton import` reads.

`demo.py FOLDER ISSUER` prints it; `facts()` gives it to the tests. Nothing of the demo is written anywhere else.
"""

import json
import os
import sys
from pathlib import Path


def facts() -> dict:
    return json.loads(Path(os.environ["JETON_DEMO_FACTS"]).read_text())


def tls() -> dict:
    """The same program behind TLS, and who may manage its default tenant."""
    administrator = {
        "id": os.environ["JETON_BOOTSTRAP_CLIENT_ID"],
        "secret": os.environ["JETON_BOOTSTRAP_CLIENT_SECRET"],
    }
    return {"domain": os.environ["JETON_TLS_DOMAIN"], "administrator": administrator}


def records(folder: Path, kind: str) -> list[dict]:
    """Every record below a key called `kind`, however deep it stands."""

    def below(value: object) -> list[dict]:
        if isinstance(value, dict):
            own = value.get(kind)
            found = [entry for entry in own if isinstance(entry, dict)] if isinstance(own, list) else []
            return found + [entry for inner in value.values() for entry in below(inner)]
        if isinstance(value, list):
            return [entry for inner in value for entry in below(inner)]
        return []

    return [entry for path in sorted(folder.glob("*.json")) for entry in below(json.loads(path.read_text()))]


def the_first(what: str, candidates: list) -> dict:
    if not candidates:
        sys.exit(f"demo.py: the demo has no {what}")
    return candidates[0]


def client(folder: Path, what: str, grants: set[str]) -> dict:
    fitting = [
        entry
        for entry in records(folder, "clients")
        if entry.get("client_secret") and grants <= set(entry.get("grant_types", []))
    ]
    chosen = the_first(what, fitting)
    return {
        "id": chosen["client_id"],
        "secret": chosen["client_secret"],
        "method": chosen.get("token_endpoint_auth_method", "client_secret_post"),
        "callback": (chosen.get("callbacks") or [None])[0],
        "afterLogout": (chosen.get("allowed_logout_urls") or [None])[0],
    }


def page_application(folder: Path) -> dict:
    fitting = [entry for entry in records(folder, "clients") if entry.get("app_type") == "spa"]
    chosen = the_first("application inside the browser", fitting)
    return {"id": chosen["client_id"], "callback": chosen["callbacks"][0]}


def audience(folder: Path, machine: dict, algorithm: str) -> str:
    granted = {
        grant["audience"] for grant in records(folder, "client_grants") if grant["client_id"] == machine["id"]
    }
    fitting = [
        api["identifier"]
        for api in records(folder, "resource_servers")
        if api["identifier"] in granted and api.get("signing_alg", "EdDSA") == algorithm
    ]
    return the_first(f"API that signs with {algorithm} and is granted to {machine['id']}", fitting)


def member(folder: Path) -> tuple[dict, dict]:
    """A user with a password, and an organization that it belongs to."""
    users = [user for user in records(folder, "users") if user.get("password") and not user.get("blocked")]
    memberships = [(org, entry) for org in records(folder, "organizations") for entry in org.get("members", [])]
    organizations = {}
    for organization in records(folder, "organizations"):
        organizations |= {name: organization for name in (organization.get("id"), organization["name"]) if name}
    for entry in records(folder, "memberships") + records(folder, "members"):
        if entry.get("organization") in organizations:
            memberships.append((organizations[entry["organization"]], entry))
    for user in users:
        names = {user.get(key) for key in ("user_id", "email", "username")} - {None}
        for organization, entry in memberships:
            named = entry.values() if isinstance(entry, dict) else [entry]
            if any(name in names for name in named if isinstance(name, str)):
                return user, organization
    return the_first("user with a password who is a member of an organization", [])


def main() -> None:
    folder, issuer = Path(sys.argv[1]), sys.argv[2]
    machine = client(folder, "machine-to-machine client", {"client_credentials"})
    user, organization = member(folder)
    found = {
        "issuer": issuer,
        "machine": machine,
        "application": client(folder, "application with passwords", {"password", "refresh_token"}),
        "page": page_application(folder),
        "eddsaAudience": audience(folder, machine, "EdDSA"),
        "rs256Audience": audience(folder, machine, "RS256"),
        "user": {"name": user.get("email") or user["username"], "password": user["password"]},
        "organization": {"name": organization["name"]},
    }
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
