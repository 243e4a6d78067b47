"""Where the sources are, for the tests of the repository itself."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CPP = ROOT / "cpp"
PACKAGE = ROOT / "python" / "gatedcore"


def cpp_sources() -> list[Path]:
    return sorted(p for p in CPP.rglob("*") if p.suffix in {".hpp", ".cpp"})


def python_sources() -> list[Path]:
    return sorted(p for p in PACKAGE.rglob("*") if p.suffix in {".py", ".pyi"})
