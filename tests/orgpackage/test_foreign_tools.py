"""Salesforce's own library for source and deployments reads the package as we do."""

import io
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from lxml import etree
from tests.orgpackage import schema

from mailwake.orgpackage import packing

LIBRARY = "@salesforce/source-deploy-retrieve@12.37.2"
CONVERT = """
const { ComponentSet, MetadataConverter } = require('@salesforce/source-deploy-retrieve');
(async () => {
  const [source, outputDirectory] = process.argv.slice(2);
  const found = ComponentSet.fromSource(source);
  found.sourceApiVersion = '63.0';
  await new MetadataConverter().convert(found, 'metadata', { type: 'directory', outputDirectory, genUniqueDir: false });
})().catch((fault) => { console.error(fault); process.exit(1); });
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the library is installed; needs Node 22, because it unpacks what older ones cannot."""
    node, npm = shutil.which("node"), shutil.which("npm")
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout if node else "v0"
    if npm is None or int(told.strip().lstrip("v").partition(".")[0]) < 22:
        pytest.skip("no node")
    install = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(tmp_path), LIBRARY]
    if subprocess.run(install, capture_output=True, check=False).returncode:
        pytest.skip("no node: the library could not be installed")
    return tmp_path


@pytest.mark.long
def test_salesforces_library_makes_the_same_files_of_the_source(folder: Path) -> None:
    """The same paths, and in each the same elements whatever their order."""
    (folder / "convert.cjs").write_text(CONVERT, encoding="utf-8")
    source, made = folder / "package", folder / "made"
    shutil.copytree(schema.package_folder(), source)  # it looks upwards for the project's file
    command = ["node", "convert.cjs", str(source / "force-app"), str(made)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    theirs = {str(path.relative_to(made)): path.read_bytes() for path in made.rglob("*") if path.is_file()}
    archive = zipfile.ZipFile(io.BytesIO(packing.package_zip()))
    ours = {name: archive.read(name) for name in archive.namelist()}
    assert set(theirs) == set(ours)
    for name, content in ours.items():
        assert _meaning(content) == _meaning(theirs[name]), name


def _meaning(content: bytes) -> object:
    text = re.sub(rb"<version>[0-9.]+</version>", b"", content)  # theirs says which API the library speaks
    return _node(etree.fromstring(text))


def _node(element: "etree._Element") -> tuple[object, ...]:
    below = sorted(map(_node, element), key=repr)
    return (etree.QName(element).localname, (element.text or "").strip(), sorted(element.attrib.items()), below)
