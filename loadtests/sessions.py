"""Requests of the load tests, made from what the demo tenant holds (`tests/clients/demo.py`).

sessions.py FACTS form NAME       the body of `machine`, `refresh` or `organization` (the latter two end in refresh_token=),
                                  or `introspection` (ends in token=)
sessions.py FACTS authorization NAME   the Authorization header, empty when the secret is in the body
sessions.py FACTS login COUNT     COUNT logins by password, one refresh token per line
sessions.py FACTS access          the access token of a login
sessions.py FACTS answer NAME     what the server answers to such a request, for bare-hyper to imitate
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


def ask(server: http.client.HTTPConnection, facts: dict, name: str, path: str, body: str) -> str:
    """The text of a good answer."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    if value := authorization(party(facts, name)):
        headers["Authorization"] = value
    server.request("POST", path, body, headers)
    answer = server.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        sys.exit(f"sessions.py: {path} answered {answer.status}: {text}")
    return text


def login(server: http.client.HTTPConnection, facts: dict, wanted: str) -> str:
    fields = {
        "grant_type": "password",
        "username": facts["user"]["name"],
        "password": facts["user"]["password"],
        "audience": facts["eddsaAudience"],
        "scope": "openid profile email offline_access",
    }
    return json.loads(ask(server, facts, "login", "/oauth/token", urlencode(with_client(facts["application"], fields))))[wanted]


def answer(server: http.client.HTTPConnection, facts: dict, name: str) -> str:
    asked = form(facts, name)
    if name == "introspection":
        return ask(server, facts, name, "/oauth/introspect", asked + login(server, facts, "access_token"))
    return ask(server, facts, name, "/oauth/token", asked + ("" if name == "machine" else login(server, facts, "refresh_token")))


def main() -> None:
    facts, verb, what = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2], (sys.argv + [""])[3]
    server = http.client.HTTPConnection(urlsplit(facts["issuer"]).netloc, timeout=30)  # connects when it is asked
    if verb == "form":
        print(form(facts, what))
    elif verb == "authorization":
        print(authorization(party(facts, what)))
    elif verb == "login":
        for _ in range(int(what)):
            print(login(server, facts, "refresh_token"))
    elif verb == "access":
        print(login(server, facts, "access_token"))
    elif verb == "answer":
        print(answer(server, facts, what))
    elif verb == "strangers":
        for nth in range(int(what)):
            print("rt_" + f"{nth:06}".ljust(230, "A"))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
