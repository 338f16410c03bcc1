"""Credentials that a machine or a pod has instead of keys: the server asks the local endpoint that a cloud puts there, and
what it gets opens the store. A small store of this file checks what it is shown; S3 is the emulator that checks
signatures."""

import datetime
import json
import os
import ssl
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support import server as servers
from support.process import Process, free_port

TOKEN = "the-token-of-the-machine"
ACCESS_KEY, SECRET = "AKIATEST", "the secret of the test"
FILE = "/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts/note.txt"


def expiration():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))


class Cloud(BaseHTTPRequestHandler):
    """Token endpoints of three clouds, and a store for whoever shows the token: both as little as the server needs."""

    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(headers.pop("Content_Length", len(body))))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def serve(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        form = dict(urllib.parse.parse_qsl(body.decode(errors="replace")))
        self.server.asked.append((url.path, {**query, **form}, dict(self.headers)))
        token = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600, "resource": query.get("resource", "")}
        token["expires_on"] = str(int(time.time()) + 3600)
        keys = {"AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET, "Token": "session", "Expiration": expiration(), "Code": "Success"}
        keys |= {"Type": "AWS-HMAC", "LastUpdated": expiration()}
        if url.path == "/msi/token" or url.path == "/tenant/oauth2/v2.0/token" or url.path.startswith("/computeMetadata/"):
            self.answer(200, json.dumps(token))
        elif {**query, **form}.get("Action") == "AssumeRoleWithWebIdentity":
            fields = f"<AccessKeyId>{ACCESS_KEY}</AccessKeyId><SecretAccessKey>{SECRET}</SecretAccessKey>"
            fields += f"<SessionToken>session</SessionToken><Expiration>{expiration()}</Expiration>"
            kind = "AssumeRoleWithWebIdentity"
            self.answer(200, f"<{kind}Response><{kind}Result><Credentials>{fields}</Credentials></{kind}Result></{kind}Response>")
        elif url.path == "/latest/api/token":
            self.answer(200, "imds")
        elif url.path == "/latest/meta-data/iam/security-credentials/":
            self.answer(200, "role")
        elif url.path in ("/latest/meta-data/iam/security-credentials/role", "/pod/credentials"):
            self.answer(200, json.dumps(keys))
        elif self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(403, "<Error><Code>AccessDenied</Code></Error>")
        else:
            self.store(url.path, query, body)

    def store(self, path, query, body):
        objects, tags = self.server.objects, {"ETag": '"1"', "Last_Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}
        if self.command == "PUT":
            objects[path] = body
            self.answer(201, **tags)
        elif "comp" in query or "list-type" in query:
            self.answer(200, "<ListBucketResult></ListBucketResult>" if "list-type" in query else "<EnumerationResults><Blobs/></EnumerationResults>")
        elif path in objects:
            self.answer(200, objects[path], **tags)
        else:
            self.answer(404, "<Error><Code>NoSuchKey</Code></Error>")

    do_GET = do_PUT = do_POST = do_HEAD = serve

    def log_message(self, *_):
        pass


@pytest.fixture
def cloud():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Cloud)
    server.asked, server.objects = [], {}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def secure_cloud(cloud, tmp_path):
    """The same by TLS, which Amazon's token service must have; its certificate is its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    unsigned = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    unsigned = unsigned.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    certificate = unsigned.sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    file = tmp_path / "certificate.pem"
    file.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + certificate.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    cloud.socket = context.wrap_socket(cloud.socket, server_side=True)
    return cloud


@pytest.fixture
def token_file(tmp_path):
    file = tmp_path / "token"
    file.write_text("the assertion of the cluster")
    return str(file)


def address(cloud):
    return f"http://127.0.0.1:{cloud.server_address[1]}"


def asked(cloud, path):
    found = [(values, headers) for asked_path, values, headers in cloud.asked if asked_path.startswith(path)]
    assert found, f"nobody asked {path}: {cloud.asked}"
    return found[0]


def keep_and_read(tmp_path, destination, environment):
    """A server with nothing but this environment stores a file and gives it back."""
    port = free_port()
    command = [servers.binary(), "server", "--host", "127.0.0.1", "--port", port, "--artifacts-destination", destination]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/fettle.db", "--artifact-access", "proxy"]
    server = Process(command, port, tmp_path / "server.log", environment)
    for name in [name for name in server.environment if name.startswith(("AWS_", "AZURE_", "GOOGLE_"))]:
        if name not in environment:
            del server.environment[name]
    server.start()
    try:
        stored = requests.put(server.url + FILE, data=b"by whom?", timeout=60)
        assert stored.status_code == 200, stored.text + server.tail()
        assert requests.get(server.url + FILE, timeout=60).content == b"by whom?"
    finally:
        server.kill()


def test_managed_identity_of_azure(cloud, tmp_path):
    environment = {
        "AZURE_STORAGE_ACCOUNT_NAME": "account",
        "AZURE_STORAGE_ENDPOINT": address(cloud),
        "IDENTITY_ENDPOINT": f"{address(cloud)}/msi/token",
        "IDENTITY_HEADER": "the secret of the container",
        "AZURE_CLIENT_ID": "the-user-assigned-one",
    }
    keep_and_read(tmp_path, "az://container/runs", environment)
    values, headers = asked(cloud, "/msi/token")
    assert values["resource"] == "https://storage.azure.com" and values["client_id"] == "the-user-assigned-one"
    assert headers["x-identity-header"] == "the secret of the container"
    assert list(cloud.objects) == ["/container/runs/0/run/artifacts/note.txt"]


def test_workload_identity_of_azure(cloud, tmp_path, token_file):
    environment = {
        "AZURE_STORAGE_ACCOUNT_NAME": "account",
        "AZURE_STORAGE_ENDPOINT": address(cloud),
        "AZURE_AUTHORITY_HOST": address(cloud),
        "AZURE_CLIENT_ID": "client",
        "AZURE_TENANT_ID": "tenant",
        "AZURE_FEDERATED_TOKEN_FILE": token_file,
    }
    keep_and_read(tmp_path, "az://container/runs", environment)
    values, _ = asked(cloud, "/tenant/oauth2/v2.0/token")
    assert values["client_id"] == "client" and values["client_assertion"] == "the assertion of the cluster"
    assert values["scope"] == "https://storage.azure.com/.default"


def test_service_account_of_a_google_machine(cloud, tmp_path):
    host = address(cloud).removeprefix("http://")
    keep_and_read(tmp_path, "gs://bucket/runs", {"GCE_METADATA_HOST": host, "GCE_METADATA_IP": host, "STORAGE_EMULATOR_HOST": address(cloud)})
    _, headers = asked(cloud, "/computeMetadata/v1/instance/service-accounts/default/token")
    assert headers.get("Metadata-Flavor", headers.get("metadata-flavor")) == "Google"


def amazon(**more):
    return {"AWS_ENDPOINT_URL": os.environ["FETTLE_TEST_CLOUD"], "AWS_REGION": "eu-north-1", **more}


def test_web_identity_of_amazon(secure_cloud, tmp_path, token_file):
    role = {"AWS_ROLE_ARN": "arn:aws:iam::1:role/fettle", "AWS_WEB_IDENTITY_TOKEN_FILE": token_file}
    endpoint = {"AWS_ENDPOINT_URL_STS": address(secure_cloud).replace("http:", "https:"), "MLFLOW_S3_IGNORE_TLS": "true"}
    keep_and_read(tmp_path, f"s3://bucket/{tmp_path.name}", amazon(**endpoint, **role))
    values, _ = asked(secure_cloud, "/")
    assert values["RoleArn"] == role["AWS_ROLE_ARN"] and values["WebIdentityToken"] == "the assertion of the cluster"


def test_credentials_of_a_container_of_amazon(cloud, tmp_path, token_file):
    endpoint = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{address(cloud)}/pod/credentials"}
    keep_and_read(tmp_path, f"s3://bucket/{tmp_path.name}", amazon(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=token_file, **endpoint))
    _, headers = asked(cloud, "/pod/credentials")
    assert headers.get("authorization", headers.get("Authorization")) == "the assertion of the cluster"


def test_role_of_a_machine_of_amazon(cloud, tmp_path):
    keep_and_read(tmp_path, f"s3://bucket/{tmp_path.name}", amazon(AWS_METADATA_ENDPOINT=address(cloud)))
    asked(cloud, "/latest/meta-data/iam/security-credentials/role")
