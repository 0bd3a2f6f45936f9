"""What the repository promises about itself: lock files, sizes, paths, documentation, imports."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
LOCKS = ("run", "dev", "spark", "synthesis")
CORE = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
BUILD = PROJECT["dependency-groups"]["build"]
LOCKED = {
    "run": [*CORE, *BUILD, *EXTRAS["train"]],
    "dev": [*CORE, *BUILD, *EXTRAS["train"], *EXTRAS["dev"]],
    "spark": EXTRAS["spark"],
    "synthesis": PROJECT["dependency-groups"]["synthesis"],
}


def lock_text(name: str) -> str:
    """The text of one lock file."""
    return (ROOT / "requirements" / f"{name}.lock").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, tuple[str, list[str]]]:
    """Each pinned package of a lock file with its version and its hashes."""
    entries = lock_text(name).replace("\\\n", " ").splitlines()
    found: dict[str, tuple[str, list[str]]] = {}
    for entry in filter(None, (re.sub(r"#.*", "", line).strip() for line in entries)):
        match = re.match(r"([a-z0-9.-]+)==([^ ;]+)", entry)
        assert match, f"requirements/{name}.lock: '{entry[:60]}' is not a pin"
        assert match[1] not in found, f"requirements/{name}.lock pins {match[1]} twice: one version for every Python"
        found[match[1]] = match[2], re.findall(r"--hash=(\S+)", entry)
    return found


def tracked_files() -> Iterator[Path]:
    """Every file that git keeps, or would keep once it is added."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return (ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def python(*arguments: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_names_no_index_host(lock: str) -> None:
    assert not re.search(
        r"://|--(extra-)?index|--find-links|--trusted-host|^-[if]\b| @ ", lock_text(lock), re.MULTILINE
    )


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    assert pins(lock)
    for package, (_, hashes) in pins(lock).items():
        assert hashes, f"{package} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes), package


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_covers_the_declared_dependencies(lock: str) -> None:
    pinned = pins(lock)
    for requirement in map(Requirement, LOCKED[lock]):
        assert requirement.name in pinned, f"{requirement.name} is not in requirements/{lock}.lock: run 'make lock'"
        version, _ = pinned[requirement.name]
        assert requirement.specifier.contains(version), f"{requirement}, but {version} is locked: run 'make lock'"


def test_both_locks_agree() -> None:
    run, dev = pins("run"), pins("dev")
    assert run == {package: dev.get(package) for package in run}


def test_spark_is_locked_by_itself() -> None:
    assert PROJECT["dependency-groups"]["spark"] == EXTRAS["spark"]
    assert not pins("spark").keys() & pins("dev").keys()
    assert "setuptools" in pins("dev"), "pip builds pyspark with it"


def test_wheel_has_one_build_backend() -> None:
    assert PROJECT["build-system"]["requires"] == BUILD


def test_modules_are_short() -> None:
    lengths = {
        str(module.relative_to(ROOT)): len(module.read_text(encoding="utf-8").splitlines())
        for package in PACKAGES
        for module in (ROOT / package).rglob("*.py")
    }
    assert lengths
    assert {module: lines for module, lines in lengths.items() if lines > 250} == {}


def test_randomness_has_a_seed() -> None:
    unseeded = re.compile(r"default_rng\(\s*(None)?\s*\)")
    guilty = [
        str(module.relative_to(ROOT))
        for package in PACKAGES
        for module in (ROOT / package).rglob("*.py")
        if unseeded.search(module.read_text(encoding="utf-8"))
    ]
    assert guilty == []


def test_changelog_has_its_headings() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    assert any(version.startswith("[Unreleased]") for version in versions)
    assert any(PROJECT["project"]["version"] in version.partition("\n")[0] for version in versions)
    for version in versions:
        headings = re.findall(r"^### (.+)$", version, flags=re.MULTILINE)
        assert headings == ["API", "Signals", "Model"], version.partition("\n")[0]


def test_no_machine_paths(require: Callable[[str, str], None]) -> None:
    require("git", "install git to list the files of the repository")
    folders = "|".join(("home", "root", "tmp", "work", "Users"))
    machine_path = re.compile(rf"(?<![\w.~:/-])/(?:{folders})/")
    guilty = []
    for path in tracked_files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:  # a binary file: models/starter's arrays, a picture
            continue
        guilty += [f"{path.relative_to(ROOT)}:{i}" for i, line in enumerate(lines, 1) if machine_path.search(line)]
    assert guilty == []


def test_make_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY:(.*)$", makefile, re.MULTILINE)
    assert phony
    shown = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    named = dict(re.findall(r"^ *make (\S+) +(\S.*)$", shown, re.MULTILINE))
    assert set(named) == set(phony[1].split())


def test_decisions_are_numbered_and_complete() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    for record in records:
        text = record.read_text(encoding="utf-8")
        assert text.startswith(f"# {record.name[:4]}. "), record.name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], record.name


def test_generated_pages_are_fresh() -> None:
    page = (ROOT / "docs" / "signals.md").read_text(encoding="utf-8")
    assert page == python("-m", "features.document"), "run 'make docs'"


def commands() -> Iterator[str]:
    """Every command that the command line knows, such as 'rapport rules try'."""
    import typer

    from rapport.cli import app

    def walk(command: object, name: str) -> Iterator[str]:
        below = getattr(command, "commands", None)
        if below is None:
            yield name
            return
        for word, inner in below.items():
            yield from walk(inner, f"{name} {word}")

    return walk(typer.main.get_command(app), "rapport")


def test_readme_names_every_command() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    known = list(commands())
    assert known
    assert [command for command in known if not re.search(rf"{command}\b", readme)] == []


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        # Not scipy, which numba imports wherever it is installed.
        ("serving.app", {"joblib", "mlflow", "sklearn", "training"}),
        # Heavy imports belong inside the commands, so that --help is instant.
        ("rapport.cli", {"duckdb", "fastapi", "mlflow", "pandas", "scipy", "sklearn"}),
    ],
)
def test_starts_without(module: str, unwanted: set[str]) -> None:
    loaded = set(python("-c", f"import sys, {module}; print(*sys.modules)").split())
    assert module in loaded
    assert sorted(loaded & unwanted) == []
