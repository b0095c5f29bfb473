"""Sessions before a run: seed.py BASE_URL COUNT prints a refresh token per line, the k-th of person k (modulo USERS).

seed.py form prints the form of such a login, up to the name of the person.

USERS (1000) is how many people loadtests/tenant.py made. Who is told to come back does, for a minute.
"""

import concurrent.futures
import hashlib
import http.client
import json
import os
import sys
import threading
import time
from urllib.parse import urlencode, urlsplit

CALLERS = 16
USERS = int(os.environ.get("USERS", "1000"))
CLIENT = "load-web"
OWN = threading.local()


def person(number: int) -> str:
    """The name of the person of that number (modulo USERS)."""
    return f"user-{number % USERS:07}@load.example"


def form(person: str) -> str:
    return urlencode({
        "grant_type": "password",
        "client_id": CLIENT,
        "client_secret": hashlib.sha256(f"load test secret of {CLIENT}".encode()).hexdigest(),
        "password": "load-test-password",
        "audience": "https://api.load.example/",
        "scope": "openid profile email offline_access",
        "username": person,
    })


def headers(number: int) -> dict:
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return {"Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": address}


def ask(place: str, number: int) -> tuple[int, bytes]:
    if not hasattr(OWN, "server"):
        OWN.server = http.client.HTTPConnection(place, timeout=30)
    try:
        OWN.server.request("POST", "/oauth/token", form(person(number)), headers(number))
        answer = OWN.server.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException) as error:
        OWN.server.close()
        return 0, str(error).encode()


def session(place: str, number: int) -> str:
    end = time.monotonic() + 60
    while True:
        status, text = ask(place, number)
        if status == 200:
            return json.loads(text)["refresh_token"]
        if status not in (0, 429, 503) or time.monotonic() > end:
            raise RuntimeError(f"the login of person {number} was answered {status}: {text.decode()}")
        time.sleep(0.1)


def main() -> None:
    place, count = urlsplit(sys.argv[1]).netloc, int(sys.argv[2])
    with concurrent.futures.ThreadPoolExecutor(CALLERS) as callers:
        try:
            for token in callers.map(lambda number: session(place, number), range(count)):
                print(token)
        except RuntimeError as error:
            callers.shutdown(cancel_futures=True)
            sys.exit(f"seed.py: {error}")


if __name__ == "__main__":
    if sys.argv[1:] == ["form"]:
        print(form(""))
    elif len(sys.argv) == 3:
        main()
    else:
        sys.exit(__doc__)
