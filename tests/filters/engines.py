"""SpamAssassin and rspamd as Debian packages them, each with its local rules alone: nothing is asked of any network.

Blocklists, DNS, DKIM, SPF, fuzzy hashes and learned statistics are off: what they say depends on who sends, from where
and on which day, never on our marks alone. Both name the rules that a message meets, with the points of each.
"""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

#: rule to points
Rules = Mapping[str, float]

SPAMASSASSIN, RSPAMD = "SpamAssassin", "rspamd"
#: name to the program that has to be there
PROGRAMS = {SPAMASSASSIN: "spamassassin", RSPAMD: "rspamd"}

_PERL = r"""
use strict; use warnings; use Mail::SpamAssassin; use JSON::PP;
my ($home, @files) = @ARGV;
my $engine = Mail::SpamAssassin->new({
    local_tests_only => 1, dont_copy_prefs => 1, userstate_dir => $home, home_dir_for_helpers => $home,
    userprefs_filename => "$home/prefs", post_config_text => "use_bayes 0\nuse_auto_whitelist 0\nuse_txrep 0\n",
});
my @told;
for my $file (@files) {
    open(my $handle, '<:raw', $file) or die "$file: $!";
    local $/; my $mail = $engine->parse(<$handle>); close $handle;
    my $status = $engine->check($mail);
    my $scores = $status->{conf}->{scores};
    push @told, { map { $_ => 0 + ($scores->{$_} // 1) } split(/,/, $status->get_names_of_tests_hit()) };
    $status->finish(); $mail->finish();
}
print encode_json(\@told);
"""
#: modules of rspamd that ask others
_NET = ("rbl", "surbl", "fuzzy_check", "dkim", "spf", "dmarc", "arc", "asn", "mx_check", "dkim_signing", "hfilter")
#: it compiles its patterns first
_START_SECONDS = 240


def missing() -> list[str]:
    """Which of both are not installed."""
    return [name for name, program in PROGRAMS.items() if shutil.which(program) is None]


def versions() -> dict[str, str]:
    """What is installed."""
    said = {
        name: subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
        for name, program in PROGRAMS.items()
    }
    return {name: next(word for word in text.split() if word[0].isdigit()) for name, text in said.items()}


def spamassassin(messages: Sequence[bytes], folder: Path) -> list[Rules]:
    """The rules that each message meets."""
    files = []
    for number, message in enumerate(messages):
        files.append(folder / f"{number:04}.eml")
        files[-1].write_bytes(message)
    done = subprocess.run(["perl", "-e", _PERL, str(folder), *map(str, files)], capture_output=True, check=True)
    told: list[dict[str, float]] = json.loads(done.stdout)
    return [dict(sorted(rules.items())) for rules in told]


@contextmanager
def rspamd(folder: Path) -> Iterator[Rspamd]:
    """A daemon of our own on loopback, with an empty past."""
    local = folder / "local.d"
    local.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (local / "worker-normal.inc").write_text(f'bind_socket = "127.0.0.1:{port}";\ncount = 1;\n')
    for worker in ("controller", "proxy"):
        (local / f"worker-{worker}.inc").write_text("enabled = false;\n")
    (local / "logging.inc").write_text('type = "console";\nlevel = "error";\n')
    (local / "options.inc").write_text('dns { nameserver = ["127.0.0.1:1:1"]; timeout = 0.1s; retransmits = 1; }\n')
    for module in _NET:
        (local / f"{module}.conf").write_text("enabled = false;\n")
    places = [f"--var={name}={folder}" for name in ("DBDIR", "RUNDIR", "LOGDIR", "LOCAL_CONFDIR")]
    command = ["rspamd", "-f", "-i", "-c", "/etc/rspamd/rspamd.conf", *places]
    with (folder / "said").open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as daemon:
        try:
            engine = Rspamd(port)
            engine.wait(daemon)
            yield engine
        finally:
            daemon.terminate()
            daemon.wait(60)


class Rspamd:
    """A running daemon."""

    def __init__(self, port: int) -> None:
        self._port = port

    def wait(self, daemon: subprocess.Popen[bytes]) -> None:
        """Until it answers."""
        end = monotonic() + _START_SECONDS
        while True:
            try:
                self._ask("GET", "/ping", None)
            except OSError:
                if daemon.poll() is not None or monotonic() > end:
                    raise
                sleep(0.5)
            else:
                return

    def rules(self, message: bytes) -> Rules:
        """The rules that a message meets."""
        told = json.loads(self._ask("POST", "/checkv2", message))
        return {name: float(rule["score"]) for name, rule in sorted(told["symbols"].items())}

    def _ask(self, method: str, path: str, body: bytes | None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            # without an address of the client: what its reverse DNS says has nothing to do with marks
            connection.request(method, path, body, {"From": "news@shop.example.com", "Rcpt": "ann@example.org"})
            return connection.getresponse().read()
        finally:
            connection.close()
