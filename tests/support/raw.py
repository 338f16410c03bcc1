"""HTTP as an attacker or a broken program sends it: paths and bodies go over the wire as they are."""

import http.client
import json
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass
class Answer:
    status: int
    text: str

    def json(self):
        return json.loads(self.text)


def send(url, method, path, body=None, headers=None, timeout=60):
    """One request on a connection of its own. `path` is not normalised, `body` is bytes, text or a JSON value."""
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=timeout)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        headers = {"Content-Type": "application/json", **(headers or {})}
        if body is not None:
            headers.setdefault("Content-Length", str(len(body)))
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            if body:
                connection.send(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # a server may refuse a huge body before it has read all of it
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(errors="replace"))
    finally:
        connection.close()
