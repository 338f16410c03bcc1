"""The servers that are measured: starting them, and what they cost in memory and processor time."""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
POSTGRES = os.environ.get("FETTLE_BENCH_POSTGRES", "")
FETTLE = os.environ.get("FETTLE_BIN", "target/release/fettle")


def tool(name):
    """A program of bench/tools."""
    return os.path.join(os.environ.get("FETTLE_BENCH_TOOLS", "target/release"), name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """One server with all its child processes."""

    def __init__(self, name, command, port, folder, environment=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = folder / f"{name}.log"
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {**os.environ, "PATH": path, "MLFLOW_DISABLE_TELEMETRY": "true", **(environment or {})}
        self.child = None

    def start(self, first_path="/health", patience_seconds=300):
        """Start and wait for the first 200; answer with the seconds that it took."""
        started = time.perf_counter()
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(
                self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.environment, start_new_session=True
            )
        while time.perf_counter() - started < patience_seconds:
            if self.answers(first_path):
                return time.perf_counter() - started
            if self.child.poll() is not None:
                break
            # Asking often would take time from a slow start; a hundredth of what has passed loses no precision.
            time.sleep(max(0.0005, (time.perf_counter() - started) / 100))
        log = self.log.read_text(errors="replace")[-3000:]
        self.stop()
        raise SystemExit(f"{self.name} does not answer at {first_path}:\n{log}")

    def answers(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def stop(self):
        if self.child is None:
            return
        self.child.send_signal(signal.SIGTERM)
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()

    def processes(self):
        """The process and all its descendants."""
        parents = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    fields = (entry / "stat").read_text().rpartition(")")[2].split()
                except OSError:
                    continue  # it has just ended
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
        found, queue = [], [self.child.pid]
        while queue:
            process = queue.pop()
            found.append(process)
            queue += parents.get(process, [])
        return found

    def cpu_seconds(self):
        total = 0
        for process in self.processes():
            try:
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def memory_mib(self):
        """Memory of all processes, shared pages counted once (proportional set size)."""
        total = 0
        for process in self.processes():
            try:
                lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return total / 1024


@contextlib.contextmanager
def databases(store, folder):
    """A function that names a fresh database of a kind for each server."""
    if store == "sqlite":
        yield lambda name: f"sqlite:///{folder}/{name}.db"
        return
    made = []

    def uri(name):
        database = f"bench_{name}_{os.getpid()}"
        postgres(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        postgres(f"CREATE DATABASE {database}")
        made.append(database)
        return POSTGRES.rpartition("/")[0] + f"/{database}"

    try:
        yield uri
    finally:
        for database in made:
            postgres(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def postgres(statement):
    subprocess.run(["psql", "--quiet", POSTGRES, "-c", statement], check=True, stderr=subprocess.DEVNULL)


def mlflow_server(folder, uri=None, **environment):
    """As its users start it."""
    port = free_port()
    # Left to itself SQLAlchemy looks for another driver than the one that MLflow's documentation names.
    uri = uri and uri.replace("postgresql://", "postgresql+psycopg2://")
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", port]
    command += ["--backend-store-uri", uri or f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", folder / "mlflow-artifacts"]
    return Server("mlflow", command, port, folder, environment)


def fettle_server(folder, uri=None):
    port = free_port()
    command = [FETTLE, "server", "--host", "127.0.0.1", "--port", port]
    command += ["--backend-store-uri", uri or f"sqlite:///{folder}/fettle.db", "--artifacts-destination", folder / "fettle-artifacts"]
    return Server("fettle", command, port, folder)


def seed(uri, **amounts):
    """Fill a store of Fettle that no server uses."""
    command = [FETTLE, "seed", "--backend-store-uri", uri]
    for name, amount in amounts.items():
        command += [f"--{name}", str(amount)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def mlflow_scoring(folder, model):
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", model, "-p", port, "--env-manager", "local"]
    return Server("mlflow", command, port, folder)


def fettle_scoring(folder, model, executor):
    port = free_port()
    command = [FETTLE, "serve", "-m", model, "-p", port, "--executor", executor, "--python", sys.executable]
    return Server(f"fettle-{executor}", command, port, folder)
