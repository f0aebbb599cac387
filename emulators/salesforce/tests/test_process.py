"""The emulator as a process: it says where it listens, and takes its options."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import httpx2


def test_a_process_prints_its_address_and_answers_until_it_is_ended() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(each for each in sys.path if each)}
    command = [
        sys.executable,
        "-m",
        "salesforce_emulator",
        "--frozen-at",
        "2026-01-01T00:00:00Z",
        "--person-accounts",
        "--mutation",
        "keeps_half",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout
        told = json.loads(process.stdout.readline())
        try:
            with httpx2.Client(base_url=told["url"], verify=False, trust_env=False) as client:
                assert client.get("/__emu/clock").json() == {"now": "2026-01-01T00:00:00.000+0000"}
                assert client.get("/__emu/org").json()["id"] == told["org"]
                assert client.post("/__emu/settings", json={}).json()["has_person_accounts"] is True
                assert client.get("/services/data").json()[-1]["version"] == "68.0"
        finally:
            process.terminate()
