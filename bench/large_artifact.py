"""A large file through `fettle server` and back, with the memory of the server measured on the way.

    python bench/large_artifact.py BINARY [--gib 5] [--limit-mib 64] [--destination s3://bucket/large]

Credentials and endpoint come from the environment, as for the server. The bytes are made and checked as they flow, so
no disk is needed on the side of the client.
"""

import argparse
import hashlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

CHUNK = 1 << 20


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as status:
        values = dict(line.split(":", 1) for line in status)
    return int(values["VmRSS"].split()[0])


def chunks(count, digest):
    block = os.urandom(CHUNK)
    for number in range(count):
        data = number.to_bytes(8, "big") + block[8:]
        digest.update(data)
        yield data


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--gib", type=float, default=5)
    parser.add_argument("--limit-mib", type=float, default=64)
    parser.add_argument("--port", type=int, default=21590)
    parser.add_argument("--destination")
    options = parser.parse_args()
    count = int(options.gib * 1024)
    with tempfile.TemporaryDirectory() as folder:
        command = [options.binary, "server", "--port", str(options.port)]
        command += ["--backend-store-uri", f"sqlite:///{folder}/fettle.db"]
        command += ["--artifacts-destination", options.destination or f"{folder}/artifacts"]
        with open(f"{folder}/log", "w") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log)
        peak, stop = [0], threading.Event()

        def watch():
            while not stop.is_set():
                peak[0] = max(peak[0], memory_kib(server.pid))
                time.sleep(0.05)

        try:
            for _ in range(200):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{options.port}/health").read()
                    break
                except OSError:
                    time.sleep(0.1)
            idle = memory_kib(server.pid)
            watcher = threading.Thread(target=watch)
            watcher.start()
            sent, path = hashlib.sha256(), "/api/2.0/mlflow-artifacts/artifacts/0/large.bin"
            connection = http.client.HTTPConnection("127.0.0.1", options.port, timeout=600)
            started = time.monotonic()
            connection.request("PUT", path, body=chunks(count, sent), headers={"Content-Length": str(count * CHUNK)})
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            answer.read()
            up, up_peak = time.monotonic() - started, peak[0]
            received, started = hashlib.sha256(), time.monotonic()
            connection.request("GET", path)
            answer = connection.getresponse()
            assert answer.status == 200, answer.read()
            while data := answer.read(CHUNK):
                received.update(data)
            down = time.monotonic() - started
            stop.set()
            watcher.join()
            connection.request("DELETE", path)
            connection.getresponse().read()
        finally:
            stop.set()
            server.terminate()
            server.wait()
    same = sent.digest() == received.digest()
    figures = {
        "gib": options.gib,
        "up_mib_s": round(count / up),
        "down_mib_s": round(count / down),
        "idle_mib": round(idle / 1024, 1),
        "peak_up_mib": round(up_peak / 1024, 1),
        "peak_mib": round(peak[0] / 1024, 1),
        "same_bytes": same,
    }
    print(json.dumps(figures))
    sys.exit(0 if same and peak[0] < options.limit_mib * 1024 else 1)


if __name__ == "__main__":
    main()
