"""What the gateway costs: calls to a trivial upstream, straight, through Cairn, and through other proxies."""

import shutil
import subprocess
import sys
from pathlib import Path

import measure
from events import HOME
from processes import BENCH, Process, free_address, serve

CONNECTIONS = 32
SMALL_BYTES, LARGE_BYTES = 1_024, 10 << 20
SMALL_CALLS, LARGE_CALLS = 60_000, 400
SLOW_CALLS = 3_000
RATE = 1_000

UPSTREAM = """
worker_processes 1; daemon off; pid {home}/upstream.pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  server {{ listen {address} backlog=1024; root {home}/www; location = / {{ return 200; }} location / {{ }} }}
}}
"""
PROXY = """
worker_processes 2; daemon off; pid {home}/nginx.pid; error_log /dev/null;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000;
  client_body_temp_path {home}/body2; proxy_temp_path {home}/proxy2;
  fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  upstream behind {{ server {upstream}; keepalive 64; keepalive_requests 1000000000; }}
  server {{
    listen {address} backlog=1024;
    location / {{
      proxy_pass http://behind; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_buffering off; proxy_request_buffering off;
    }}
  }}
}}
"""


def nginx(text: str, home: Path, **values) -> Process:
    """An nginx with this configuration."""
    if shutil.which("nginx") is None:
        raise SystemExit("nginx is missing: 'apt-get install nginx-light' adds it")
    address = free_address()
    path = home / f"nginx-{address.rsplit(':', 1)[1]}.conf"
    path.write_text(text.format(home=home, address=address, **values))
    return Process(["nginx", "-p", home, "-e", "/dev/null", "-c", path], address, "/")


def mitmproxy(upstream: str, home: Path) -> Process | None:
    """mitmproxy in front of the upstream, if it is there."""
    command = shutil.which("mitmdump") or Path(sys.executable).parent / "mitmdump"
    if not Path(command).exists():
        return None
    address = free_address()
    host, port = address.split(":")
    mode = f"reverse:http://{upstream}"
    arguments = [command, "-q", "--mode", mode, "--listen-host", host, "-p", port, "--set", f"confdir={home}/mitm"]
    return Process([*arguments, "--set", "keep_host_header=true", "--set", "stream_large_bodies=1m"], address, "/")


def measured(address: str, credentials: Path, calls: float = 1.0) -> dict:
    """Small and large answers at full speed, and small ones at a fixed rate."""
    at_rate = {"calls_per_second": RATE, "warm_up": 200}
    small, large = int(SMALL_CALLS * calls), int(LARGE_CALLS * calls)
    return {
        "small": measure.load(address, credentials, "small", small, CONNECTIONS),
        "large": measure.load(address, credentials, "large", large, CONNECTIONS, warm_up=32),
        "rate": measure.load(address, credentials, "small", int(SLOW_CALLS * calls), 4, **at_rate),
    }


def passing() -> dict:
    """Every way from the caller to the upstream, on the same machine in the same run."""
    home = HOME / "passing"
    shutil.rmtree(home, ignore_errors=True)
    (home / "www" / "bench").mkdir(parents=True)
    (home / "www" / "bench" / "small").write_bytes(b"s" * SMALL_BYTES)
    (home / "www" / "bench" / "large").write_bytes(b"l" * LARGE_BYTES)
    result = {}
    with nginx(UPSTREAM, home) as upstream:
        behind = f"http://{upstream.address}"
        with serve(home / "data", "--upstream", behind) as cairn:
            credentials = home / "data" / "credentials"
            result["straight"] = measured(upstream.address, credentials)
            with nginx(PROXY, home, upstream=upstream.address) as proxy:
                result["nginx"] = measured(proxy.address, credentials)
                result["cairn"] = measured(cairn.address, credentials)
                # Once more, the other way round: whoever is first has the warmer machine.
                again = measured(cairn.address, credentials)
                result["cairn"] = better(result["cairn"], again)
                result["nginx"] = better(result["nginx"], measured(proxy.address, credentials))
        address = free_address()
        (home / "forgets").mkdir()
        arguments = [BENCH, "serve-without-log", "--data", home / "forgets", "--listen", address]
        arguments += ["--account-id", "123456789012", "--credentials", credentials, "--upstream", behind]
        with Process(arguments, address, "/_cairn/ready") as forgetful:
            result["forgets"] = measured(forgetful.address, credentials)
        peer = mitmproxy(upstream.address, home)
        if peer is not None:
            with peer:
                result["mitmproxy"] = measured(peer.address, credentials, 0.05)
    return result


def better(one: dict, other: dict) -> dict:
    """Of two measurements, for each load the one with more calls or the lower median."""
    best = {name: max(one[name], other[name], key=lambda m: m["calls_per_second"]) for name in ("small", "large")}
    return {**best, "rate": min(one["rate"], other["rate"], key=lambda m: m["p99_us"])}


if __name__ == "__main__":
    subprocess.run([BENCH, "--help"], check=True, stdout=subprocess.DEVNULL)
    for name, found in passing().items():
        rates = {load: round(of["calls_per_second"]) for load, of in found.items()}
        print(f"{name:10} {rates} at the rate: p50 {found['rate']['p50_us']} us, p99 {found['rate']['p99_us']} us")
