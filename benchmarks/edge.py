"""The edge against nginx, side by side: answered and durable hits a second, on one core.

Every round measures nginx's `empty_gif` (which keeps nothing), our pixel and our redirect one after the other, with the
same client, the same thirteen headers of a real browser and ever different tokens. Only ratios inside a round mean
anything; absolute figures move with the machine. Server and client get a core each. Beside the rate stands what a hit
costs the server in processor time, kernel included: on a machine that others use too, that ratio is the steadier one.

Beside nginx stands what a user would run instead, each with a PostgreSQL that syncs its commits: the statements of a
mailing-list manager that writes a row per hit, under pgbench and without any HTTP; pytracking's view on Django with one
row per hit and lasting connections; django-mail-analytics as it comes. They are measured at 16 to 25 connections, where
they are fastest, and may use both cores' worth of server processes as they please.

Needs `nginx` and `wrk` on the PATH; the others are left out, and said so, where they are not installed. Run it with
`mailwake bench edge`, or `make bench` for all of them.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from timeit import repeat
from typing import Any, NamedTuple

from cryptography.fernet import Fernet

from mailwake.inert.keeper import write_empty
from mailwake.modes import INDIVIDUAL
from mailwake.tokens import KeyRing, LinkToken, MessageToken, Minter, Purpose, TokenReader, format_key, new_key
from peers import postgres
from peers.pairs import ratio, told, verdict

HOST = "track.example.com"
TOKENS, LINKS = 20_000, 30
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
#: what Chrome sends when a web mail shows an image
HEADERS = (
    f"Host: {HOST}",
    "Connection: keep-alive",
    'sec-ch-ua: "Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
    "sec-ch-ua-mobile: ?0",
    f"User-Agent: {AGENT}",
    'sec-ch-ua-platform: "Windows"',
    "Accept: image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "Sec-Fetch-Site: cross-site",
    "Sec-Fetch-Mode: no-cors",
    "Sec-Fetch-Dest: image",
    "Referer: https://mail.example.com/",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Accept-Language: en-US,en;q=0.9",
)
WRK = """
local paths, at, head = {}, 0, nil
init = function(args)
  for line in io.lines(args[1]) do paths[#paths + 1] = line end
  local file = io.open(args[2]); head = " HTTP/1.1\\r\\n" .. file:read("*a") .. "\\r\\n"; file:close()
end
request = function() at = at % #paths + 1; return "GET " .. paths[at] .. head end
done = function(summary, latency)
  io.write(string.format('{"requests":%d,"seconds":%f,"p50_ms":%f,"p99_ms":%f,"refused":%d}\\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.connect))
end
"""
NGINX = """
worker_processes 1; daemon off; pid nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{ listen 127.0.0.1:{port}; location / {{ empty_gif; }} }}
}}
"""


def on_core(core: int | None, command: list[str]) -> list[str]:
    return command if core is None else ["taskset", "-c", str(core), *command]


def cores() -> tuple[int | None, int | None]:
    """A core for the server and one for the client, where there are two."""
    ours = sorted(os.sched_getaffinity(0))
    return (ours[0], ours[1]) if len(ours) > 1 and shutil.which("taskset") else (None, None)


def prepare(folder: Path) -> None:
    """Settings, keys, and the paths that the client asks for."""
    key, today, dice = new_key(), datetime.now(UTC).date(), random.Random(1)
    config = f'[tracking]\nbase_url = "https://{HOST}"\n[edge]\nport = 0\n'
    (folder / "mailwake.keys").write_text(format_key(1, key, today), encoding="utf-8")
    (folder / "mailwake.toml").write_text(config, encoding="utf-8")
    minter = Minter(KeyRing({1: key}), HOST)
    links = [
        minter.link(LinkToken(7, n, f"https://www.example.com/products/{n}?utm_source=newsletter&utm_campaign=autumn"))
        for n in range(1, LINKS + 1)
    ]
    copies = [
        minter.message(
            Purpose.READ, MessageToken(INDIVIDUAL, 7, dice.getrandbits(63) + 1, dice.getrandbits(63) + 1, today)
        )
        for _ in range(TOKENS)
    ]
    (folder / "pixels").write_text("".join(f"/o/{copy}\n" for copy in copies), encoding="utf-8")
    (folder / "clicks").write_text("".join(f"/c/{copy}/{dice.choice(links)}\n" for copy in copies), encoding="utf-8")
    (folder / "headers").write_bytes("".join(f"{line}\r\n" for line in HEADERS).encode())
    write_empty(folder / "mailwake-data" / "inert.bin")
    (folder / "client.lua").write_text(WRK, encoding="utf-8")


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.terminate()
            child.wait(30)


@contextmanager
def nginx(folder: Path, core: int | None) -> Iterator[tuple[int, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    (folder / "nginx.conf").write_text(NGINX.format(port=port), encoding="utf-8")
    with running(on_core(core, [find("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf")]), folder) as child:
        deadline = time.monotonic() + 10
        while socket.socket().connect_ex(("127.0.0.1", port)):
            if child.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"nginx did not start: {child.stderr.read() if child.stderr else ''}")
            time.sleep(0.05)
        yield child.pid, port


@contextmanager
def edge(folder: Path, core: int | None) -> Iterator[tuple[int, int]]:
    with running(on_core(core, [sys.executable, "-m", "mailwake", "edge"]), folder) as child:
        ready = child.stdout.readline() if child.stdout else ""
        found = re.search(r":(\d+)$", ready.strip())
        if not found:
            raise SystemExit(f"the edge did not start: {child.stderr.read() if child.stderr else ''}")
        yield child.pid, int(found[1])


def find(program: str) -> str:
    for folder in (None, "/usr/sbin:/usr/local/sbin"):
        path = shutil.which(program, path=folder)
        if path:
            return path
    raise SystemExit(f"{program} is not installed; this benchmark needs nginx and wrk")


class Subject(NamedTuple):
    """Something that listens."""

    label: str
    pid: int
    port: int
    paths: str


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its children so far; all threads, user and kernel."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):  # a thread that has just ended
            total += int((task / "schedstat").read_text().split()[0])
            for child in (task / "children").read_text().split():
                total += round(cpu_seconds(int(child)) * 1e9)
    return total / 1e9


def load(subject: Subject, folder: Path, *, core: int | None, seconds: float, connections: int) -> dict[str, float]:
    port, paths = subject.port, subject.paths
    url = f"http://127.0.0.1:{port}"
    shape = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", "client.lua", url, "--", paths, "headers"]
    before = cpu_seconds(subject.pid)
    out = subprocess.run(on_core(core, [find("wrk"), *shape]), cwd=folder, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(out.stdout.splitlines()[-1])
    if result["refused"]:
        raise SystemExit(f"{result['refused']:.0f} requests of {paths} failed; the numbers would mean nothing")
    spent = cpu_seconds(subject.pid) - before
    per_second, cpu_us = result["requests"] / result["seconds"], spent / result["requests"] * 1e6
    return {"per_second": per_second, "cpu_us": cpu_us, **result}


PEERS = Path(__file__).parent / "peers"
#: name to the least factor; DESIGN section 9
FACTORS = {"listmonk's SQL": 15.0, "pytracking on Django": 70.0, "django-mail-analytics": 150.0}


@contextmanager
def django_site(folder: Path, socket_folder: Path, core: int | None, *, kind: str) -> Iterator[tuple[int, int]]:
    """pytracking as a synchronous site with threads, or django-mail-analytics as an asynchronous one with a pool."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    pool = {"BENCH_POOL": "1"} if kind == "asgi" else {}
    env = os.environ | {"BENCH_SOCKET": str(socket_folder), "PYTHONPATH": str(PEERS)} | pool
    shape = ["--blocking-threads", "4"] if kind == "wsgi" else []
    command = [sys.executable, "-m", "granian", "--interface", kind, "--port", str(port), *shape, f"django_site:{kind}"]
    with subprocess.Popen(
        on_core(core, command), cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as child:
        try:
            wait_for(port, child)
            yield child.pid, port
        finally:
            child.terminate()
            child.wait(30)


def wait_for(port: int, child: subprocess.Popen[Any]) -> None:
    deadline = time.monotonic() + 20
    while socket.socket().connect_ex(("127.0.0.1", port)):
        if child.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("a peer did not start")
        time.sleep(0.05)


def pgbench(socket_folder: Path, script: str, *, seconds: float, core: int | None) -> float:
    """Transactions a second of one hit's statements, 25 clients."""
    shape = [
        "-n",
        "-M",
        "prepared",
        "-c",
        "25",
        "-j",
        "1",
        "-T",
        str(max(1, round(seconds))),
        "-f",
        str(PEERS / script),
    ]
    where = ["-h", str(socket_folder), "-U", "bench", "postgres"]
    out = subprocess.run(
        on_core(core, [find("pgbench"), *shape, *where]), capture_output=True, text=True, check=True
    ).stdout
    return float(re.search(r"tps = ([0-9.]+)", out)[1])  # type: ignore[index]


def what_is_missing() -> str:
    """Why the peers with a database cannot be measured; empty when they can."""
    if postgres.found() is None or not shutil.which("pgbench"):
        return "PostgreSQL with pgbench is not installed"
    try:
        import django_mail_analytics  # noqa: F401 - it is there or not
        import pytracking  # noqa: F401
    except ImportError:
        return "Django, pytracking and django-mail-analytics are not installed; `make bench` does that"
    return ""


def measure_peers(folder: Path, *, seconds: float, rounds: int) -> dict[str, list[float]]:
    """Our pixel's rate over each peer's, pair by pair."""
    server, client = cores()
    found: dict[str, list[float]] = {name: [] for name in FACTORS}
    with postgres.cluster(server) as cluster, edge(folder, server) as ours:
        postgres.run_sql(cluster, (PEERS / "per_hit.sql").read_text(encoding="utf-8"))
        env = os.environ | {"BENCH_SOCKET": str(cluster), "PYTHONPATH": str(PEERS)}
        subprocess.run([sys.executable, str(PEERS / "django_site.py"), str(folder)], env=env, check=True)
        with (
            django_site(folder, cluster, server, kind="wsgi") as first,
            django_site(folder, cluster, server, kind="asgi") as second,
        ):
            subjects = {
                "pytracking on Django": Subject("pytracking", *first, "pytracking"),
                "django-mail-analytics": Subject("mail-analytics", *second, "mail-analytics"),
            }
            pixel = Subject("pixel", *ours, "pixels")
            for _ in range(rounds):
                mine = load(pixel, folder, core=client, seconds=seconds, connections=128)["per_second"]
                sql = pgbench(cluster, "per_hit_view.sql", seconds=seconds, core=client)
                found["listmonk's SQL"].append(mine / sql)
                for name, subject in subjects.items():
                    theirs = load(subject, folder, core=client, seconds=seconds, connections=16)["per_second"]
                    found[name].append(mine / theirs)
    return found


def measure(*, seconds: float, rounds: int, connections: int) -> dict[str, Any]:
    """All rounds; each holds nginx, pixel and click."""
    server, client = cores()
    find("wrk")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        with nginx(folder, server) as peer, edge(folder, server) as ours:
            subjects = (
                Subject("nginx", *peer, "pixels"),
                Subject("pixel", *ours, "pixels"),
                Subject("click", *ours, "clicks"),
            )

            def one_round(length: float) -> dict[str, dict[str, float]]:
                shape: dict[str, Any] = {"core": client, "seconds": length, "connections": connections}
                return {subject.label: load(subject, folder, **shape) for subject in subjects}

            one_round(1)  # everything is warm from here on
            measured = [one_round(seconds) for _ in range(rounds)]
        missing = what_is_missing()
        peers = {} if missing else measure_peers(folder, seconds=seconds, rounds=rounds)
    return {
        "rounds": measured,
        "pixel_to_nginx": ratio([one["pixel"]["per_second"] / one["nginx"]["per_second"] for one in measured]),
        "pixel_to_nginx_by_cpu": ratio([one["nginx"]["cpu_us"] / one["pixel"]["cpu_us"] for one in measured]),
        "click_to_pixel": ratio([one["click"]["per_second"] / one["pixel"]["per_second"] for one in measured]),
        "pixel_p99_ms": statistics.median(one["pixel"]["p99_ms"] for one in measured),
        "click_p99_ms": statistics.median(one["click"]["p99_ms"] for one in measured),
        "tokens": tokens(),
        "peers": {name: ratio(values) for name, values in peers.items()},
        "peers_missing": missing,
        "own_core_each": server is not None,
    }


def tokens() -> dict[str, float]:
    """From the path's text to ids: ours, and Fernet around JSON, which is how pytracking does it."""
    keys = KeyRing({1: new_key()})
    minter, reader = Minter(keys, HOST), TokenReader(keys, [HOST])
    copy = minter.message(Purpose.READ, MessageToken(INDIVIDUAL, 7, 2**62, 2**61, datetime.now(UTC).date()))
    link = minter.link(LinkToken(7, 3, "https://www.example.com/products/3?utm_source=newsletter"))
    fernet = Fernet(Fernet.generate_key())
    metadata = {"url": "https://www.example.com/products/3?utm_source=newsletter", "metadata": {"d": 2**62, "r": 2**61}}
    sealed = fernet.encrypt(json.dumps(metadata).encode())

    def ours() -> None:
        reader.message(copy, HOST, Purpose.READ)
        reader.link(link, HOST)

    mine = min(repeat(ours, number=20_000, repeat=5)) / 20_000
    theirs = min(repeat(lambda: json.loads(fernet.decrypt(sealed)), number=5_000, repeat=5)) / 5_000
    return {"ours_us": mine * 1e6, "fernet_json_us": theirs * 1e6, "ratio": theirs / mine}


def show(result: dict[str, Any]) -> None:
    print("round    nginx/s    pixel/s   ratio   p99 ms  nginx µs  pixel µs   by cpu    click/s  of pixel")
    for number, one in enumerate(result["rounds"], 1):
        base, pixel, click = (one[label]["per_second"] for label in ("nginx", "pixel", "click"))
        print(
            f"{number:>5}  {base:>9,.0f}  {pixel:>9,.0f}  {pixel / base:>6.2f}  {one['pixel']['p99_ms']:>7.2f}"
            f"  {one['nginx']['cpu_us']:>8.1f}  {one['pixel']['cpu_us']:>8.1f}"
            f"  {one['nginx']['cpu_us'] / one['pixel']['cpu_us']:>7.2f}  {click:>9,.0f}  {click / pixel:>8.2f}"
        )
    for label, key, budget in (("pixel to nginx", "pixel_to_nginx", 0.40), ("click to pixel", "click_to_pixel", 0.90)):
        print(f"{label}: {told(result[key])}; {verdict(result[key], budget)}")
    print(f"pixel to nginx by processor time: {told(result['pixel_to_nginx_by_cpu'])}")
    for name, found in result["peers"].items():
        print(f"pixel to {name}: {told(found, 0)} times; {verdict(found, FACTORS[name])}")
    if result["peers_missing"]:
        print(f"not measured: listmonk's SQL, pytracking on Django, django-mail-analytics: {result['peers_missing']}")
    p99 = result["pixel_p99_ms"]
    print(f"pixel p99: {p99:.2f} ms; budget 5 ms {'reached' if p99 <= 5 else 'missed'}")
    cost = result["tokens"]
    word = "reached" if cost["ratio"] >= 5 else "missed"
    print(
        f"token path: message and link {cost['ours_us']:.2f} µs, Fernet and JSON {cost['fernet_json_us']:.2f} µs;"
        f" {cost['ratio']:.1f} times faster; budget 5 {word}"
    )
    if not result["own_core_each"]:
        print("server and client shared their cores: these ratios flatter nobody and mean little")


def main() -> None:
    parser = argparse.ArgumentParser(description="the edge against nginx")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result = measure(seconds=given.seconds, rounds=given.rounds, connections=given.connections)
    print(json.dumps(result)) if given.json else show(result)


if __name__ == "__main__":
    main()
