"""`python3 -m bench.large_artifact [BINARY] [--gib 5]`: one large file through `fettle server` into a folder and back.

Needs nothing but Python. Fails if the server's memory was ever above the bound, or if other bytes come back.
"""

import argparse
import re
import tempfile
from pathlib import Path

from bench import processes
from bench.cases.artifacts import through

MEMORY_MIB_MAX = 64


def peak_mib(server):
    """The most memory that the process ever had, as the kernel counts it."""
    status = Path(f"/proc/{server.child.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def main():
    parser = argparse.ArgumentParser(prog="python3 -m bench.large_artifact", description=__doc__.splitlines()[0])
    parser.add_argument("binary", nargs="?", default=processes.FETTLE, help="the server to measure, built with --release")
    parser.add_argument("--gib", type=int, default=5)
    parser.add_argument("--folder", help="where the file is kept meanwhile; needs as much room")
    arguments = parser.parse_args()
    processes.FETTLE = arguments.binary
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        server = processes.fettle_server(Path(folder))
        server.start()
        try:
            up, down, _ = through(server, arguments.gib * 1024)
            peak = peak_mib(server)
        finally:
            server.stop()
    print(f"{arguments.gib} GiB: up {up:.0f} MiB/s, down {down:.0f} MiB/s, at most {peak:.1f} MiB of memory")
    if peak > MEMORY_MIB_MAX:
        raise SystemExit(f"more than {MEMORY_MIB_MAX} MiB")


if __name__ == "__main__":
    main()
