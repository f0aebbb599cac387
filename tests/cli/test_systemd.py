"""The unit file that is shipped: systemd understands all of it, and its limits fit the supervisor's."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailwake.monitoring.supervisor import GRACE_SECONDS
from mailwake.sections import Edge

UNIT = Path(__file__).parents[2] / "examples" / "mailwake.service"


def service() -> dict[str, str]:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    unit.read_string(UNIT.read_text(encoding="utf-8"))
    return dict(unit["Service"])


def test_systemd_understands_every_line(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("NO SYSTEMD: nobody verified examples/mailwake.service; install the package systemd and run again")
    there = tmp_path / "mailwake.service"
    text = UNIT.read_text(encoding="utf-8")
    there.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE))
    done = subprocess.run([program, "verify", str(there)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_systemd_understands_the_units_of_the_upgrade_too(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("NO SYSTEMD: nobody verified the units of docs/howto/upgrade.md; install systemd and run again")
    page = (UNIT.parents[1] / "docs" / "howto" / "upgrade.md").read_text(encoding="utf-8")
    units = {"mailwake.service": UNIT.read_text(encoding="utf-8")}
    units |= dict(re.findall(r"```ini\n# /etc/systemd/system/(\S+)\n(.*?)```", page, flags=re.DOTALL))
    assert len(units) == 4
    for name, text in units.items():
        known = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE)
        (tmp_path / name).write_text(known, encoding="utf-8")
    asked = [str(tmp_path / name.replace("@.", "@0.")) for name in units]
    environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"}
    done = subprocess.run([program, "verify", *asked], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_reload_is_what_the_supervisor_waits_for() -> None:
    assert service()["ExecReload"] == "/bin/kill -USR2 $MAINPID"
    assert service()["ExecStart"].split()[1:3] == ["-m", "mailwake"], "the link decides, and no script of one version"


def test_it_is_left_enough_time_to_stop() -> None:
    assert int(service()["TimeoutStopSec"]) > sum(GRACE_SECONDS) + 5
    assert service()["KillMode"] == "mixed", "SIGTERM is for the supervisor alone, which ends the roles in order"


def test_what_it_is_told_is_what_the_supervisor_tells() -> None:
    assert service()["Type"] == "notify"
    assert service()["NotifyAccess"] == "main", "a role must not answer in the supervisor's place"
    assert int(service()["WatchdogSec"]) >= 10


def test_it_comes_back_unless_a_setting_has_to_be_changed() -> None:
    assert service()["Restart"] == "always"
    assert service()["RestartPreventExitStatus"] == "2"


def test_every_connection_of_several_workers_has_a_file_descriptor() -> None:
    assert int(service()["LimitNOFILE"]) >= 4 * Edge().max_connections


def test_it_may_do_little_and_write_one_folder() -> None:
    unit = service()
    assert unit["ProtectSystem"] == "strict"
    assert unit["ReadWritePaths"] == unit["WorkingDirectory"] == "/var/lib/mailwake"
    for name in ("NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "RestrictNamespaces"):
        assert unit[name] == "yes"
    assert unit["CapabilityBoundingSet"] == ""


def test_the_how_to_shows_the_file_as_it_is() -> None:
    page = (UNIT.parents[1] / "docs" / "howto" / "systemd.md").read_text(encoding="utf-8")
    assert UNIT.read_text(encoding="utf-8") in page
