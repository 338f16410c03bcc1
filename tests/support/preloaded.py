"""A Python that has imported the client once and forks for each command that it is asked to run.

`python preloaded.py MODULE ...` imports the modules, which takes seconds, and then reads tasks from its input, one JSON
object a line. A task is what would follow `python` on a command line, a folder, an environment and a file for the
output; it runs in a fork of its own, so that no task sees what another has done. The answer is a line with the exit
code, or null if the time was up.
"""

import atexit
import importlib
import json
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

POLL_SECONDS = 0.005


def become(task):
    """Take on the folder, the environment and the files of a process of its own."""
    os.setsid()
    os.chdir(task["folder"])
    os.environ.clear()
    os.environ.update(task["environment"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    output = os.open(task["output"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)


def execute(arguments):
    """What `python ARGUMENTS` does, as far as users do it: a script, `-m MODULE` or `-c TEXT`."""
    first, *rest = arguments
    if first == "-m":
        sys.argv = rest
        sys.path[0] = os.getcwd()
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.argv = ["-c", *rest[1:]]
        sys.path[0] = ""
        exec(compile(rest[0], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = arguments
        sys.path[0] = str(Path(first).resolve().parent)
        runpy.run_path(first, run_name="__main__")


def child(task):
    """Run the task to its end, with everything that Python does when a program ends."""
    code = 1
    try:
        become(task)
        try:
            execute(task["arguments"])
            code = 0
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        threading._shutdown()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
        code = code or 1
    finally:
        os._exit(code)


def run(task):
    process = os.fork()
    if process == 0:
        child(task)
    deadline = time.monotonic() + task["timeout"]
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return None
        time.sleep(POLL_SECONDS)


def main(modules):
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a module prints while it is imported is no answer
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            print(f"{module}: {error}", file=sys.stderr)
    print(json.dumps("ready"), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
