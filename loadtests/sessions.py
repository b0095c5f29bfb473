"""Requests of the load tests, made from what the demo tenant holds (`tests/clients/demo.py`).

sessions.py FACTS form NAME       the body of `machine`, `refresh` or `organization` (the latter two end in refresh_token=),
                                  or `introspection` (ends in token=)
sessions.py FACTS authorization NAME   the Authorization header, empty when the secret is in the body
sessions.py FACTS login COUNT     COUNT logins by password, one refresh token per line
sessions.py FACTS access          the access token of a login
sessions.py FACTS strangers COUNT      as many words of a refresh token's length, for a server that does not look
"""

import base64
import http.client
import json
import sys
from pathlib import Path
from urllib.parse import quote_plus, urlencode, urlsplit


def party(facts: dict, name: str) -> dict:
    return facts["machine" if name == "machine" else "application"]


def with_client(client: dict, form: dict) -> dict:
    if client["method"] == "client_secret_basic":
        return form
    return {"client_id": client["id"], "client_secret": client["secret"], **form}


def authorization(client: dict) -> str:
    if client["method"] != "client_secret_basic":
        return ""
    pair = quote_plus(client["id"]) + ":" + quote_plus(client["secret"])
    return "Basic " + base64.b64encode(pair.encode()).decode()


def form(facts: dict, name: str) -> str:
    client = party(facts, name)
    if name == "machine":
        fields = {"grant_type": "client_credentials", "audience": facts["eddsaAudience"]}
        return urlencode(with_client(client, fields))
    if name == "introspection":
        return urlencode(with_client(client, {})) + "&token="
    fields = {"grant_type": "refresh_token"}
    if name == "organization":
        fields["organization"] = facts["organization"]["name"]
    return urlencode(with_client(client, fields)) + "&refresh_token="


def login(facts: dict, count: int, wanted: str = "refresh_token") -> None:
    client = facts["application"]
    fields = {
        "grant_type": "password",
        "username": facts["user"]["name"],
        "password": facts["user"]["password"],
        "audience": facts["eddsaAudience"],
        "scope": "openid profile email offline_access",
    }
    body = urlencode(with_client(client, fields))
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if authorization(client):
        headers["Authorization"] = authorization(client)
    server = http.client.HTTPConnection(urlsplit(facts["issuer"]).netloc, timeout=30)
    for _ in range(count):
        server.request("POST", "/oauth/token", body, headers)
        answer = server.getresponse()
        text = answer.read()
        if answer.status != 200:
            sys.exit(f"sessions.py: a login was answered {answer.status}: {text.decode()}")
        print(json.loads(text)[wanted])


def main() -> None:
    facts, verb, what = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2], (sys.argv + [""])[3]
    if verb == "form":
        print(form(facts, what))
    elif verb == "authorization":
        print(authorization(party(facts, what)))
    elif verb == "login":
        login(facts, int(what))
    elif verb == "access":
        login(facts, 1, "access_token")
    elif verb == "strangers":
        for nth in range(int(what)):
            print("rt_" + f"{nth:06}".ljust(420, "A"))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
