"""Sends a group's cases to one server, in order, over one connection."""

import http.client
import json
import re
import time
from urllib.parse import quote, urlencode, urlsplit

from .dsl import NOTHING
from .normal import Normaliser

REFERENCE = re.compile(r"\$\{([A-Za-z0-9_.]+)\}")
PAGES_MAX = 60
PAUSE_SECONDS = 0.004
# MLflow on a busy machine.
ANSWER_SECONDS = 180


class Connection:
    """Keep-alive, and nothing added to what a case says."""

    def __init__(self, url):
        self.http = http.client.HTTPConnection(urlsplit(url).netloc, timeout=ANSWER_SECONDS)

    def send(self, method, path, body, headers):
        """Once more on a new connection if the server has closed this one while it was idle."""
        was_open = self.http.sock is not None
        try:
            return self._send(method, path, body, headers)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if not was_open:
                raise
            self.http.close()
            return self._send(method, path, body, headers)

    def _send(self, method, path, body, headers):
        self.http.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            self.http.putheader(name, value)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            self.http.putheader("Content-Length", str(len(body or b"")))
        self.http.endheaders()
        if body:
            self.http.send(body)
        answer = self.http.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()

    def close(self):
        self.http.close()


def fill(value, names):
    """The case's value with this server's ids in place of `${name}`."""
    if isinstance(value, str):
        whole = REFERENCE.fullmatch(value)
        if whole:
            return names[whole[1]]
        return REFERENCE.sub(lambda found: str(names[found[1]]), value)
    if isinstance(value, dict):
        return {fill(key, names): fill(item, names) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [fill(item, names) for item in value]
    return value


def request_of(case, names):
    path = REFERENCE.sub(lambda found: quote(str(names[found[1]]), safe=""), case.path)
    query = fill(case.query, names)
    if query:
        pairs = query.items() if isinstance(query, dict) else map(tuple, query) if isinstance(query, list) else None
        path += "?" + (query if pairs is None else urlencode(list(pairs), doseq=True))
    headers = dict(case.headers)
    if case.raw is not None:
        body = case.raw
    elif case.body is NOTHING:
        body = None
    else:
        body = json.dumps(fill(case.body, names)).encode()
    if case.method in ("POST", "PUT", "PATCH") or body is not None:
        headers.setdefault("Content-Type", "application/json")
    return path, body, {name: value for name, value in headers.items() if value is not None}


def dig(value, path):
    for part in path.split("."):
        value = json.loads(value) if isinstance(value, str) else value
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def run(cases, url):
    """Each case's normalised answer, and its request as it was sent."""
    connection, names, answers = Connection(url), {}, {}
    normaliser = Normaliser(names)
    for case in cases:
        path, body, headers = request_of(case, names)
        if case.pause:
            time.sleep(PAUSE_SECONDS)
        status, received, content = connection.send(case.method, path, body, headers)
        if case.save:
            try:
                answer = json.loads(content)
                names |= {name: dig(answer, where) for name, where in case.save.items()}
            except (ValueError, KeyError, IndexError, TypeError) as error:
                raise RuntimeError(f"{url}: {case.name} saves nothing ({error!r}): {status} {content[:600]!r}") from None
        if case.pages and status == 200:
            answer = normaliser.answer(case, status, received, content)
            answer["body"] = [answer["body"]] + rest_of_pages(connection, case, names, content, normaliser)
        else:
            answer = normaliser.answer(case, status, received, content)
        answer["request"] = f"{case.method} {path[:2000]}\n{(body or b'').decode(errors='replace')[:2000]}"
        answers[case.id] = answer
    connection.close()
    return answers


def rest_of_pages(connection, case, names, content, normaliser):
    pages = []
    while (token := json.loads(content).get("next_page_token")) and len(pages) < PAGES_MAX:
        if case.method == "GET":
            path = f"{request_of(case, names)[0]}&{urlencode({'page_token': token})}"
            body, headers = None, {}
        else:
            path, _, headers = request_of(case, names)
            body = json.dumps({**fill(case.body, names), "page_token": token}).encode()
        status, received, content = connection.send(case.method, path, body, headers)
        pages.append(normaliser.answer(case, status, received, content)["body"])
    return pages
