"""The repository itself: no module imports upward, each source has its mirror test."""

import ast
import re
import sys
from pathlib import Path

import pytest

from repository_sources import PACKAGE, ROOT, cpp_sources, python_sources

# The modules of the package from the bottom; each may import from its own level and those before.
PYTHON_LEVELS = [
    {
        "_core",
        "archive",
        "arrays",
        "ceilings",
        "columns",
        "frameworks",
        "interrupt",
        "keras_arguments",
        "keras_names",
        "reference",
    },
    {"checks", "error_function", "registration", "unfused"},
    {"activations", "configs", "parameters", "random", "sample_weights"},
    {"ops"},
    {
        "constraints",
        "distributed",
        "initializers",
        "losses",
        "metrics",
        "optimizers",
        "preprocessing",
        "regularizers",
        "streaming",
    },
    {"layers"},
    {
        "batches",
        "callbacks",
        "chunks",
        "diagnosis",
        "feeding",
        "graph_config",
        "graph_ends",
        "graph_plan",
        "objective",
        "objectives",
        "progress",
        "results",
        "row_building",
        "run_state",
        "sources",
        "summary",
        "team",
    },
    {"bucketing", "data", "datasets", "joint_start", "shared_batches", "shared_means", "step"},
    {"course", "evaluation", "local_step", "model_weights", "ordered_step", "shared_step"},
    {"sharing"},
    {"training"},
    {"persistence"},
    {"layered"},
    {"backup", "checkpoints", "graph", "model", "row_tensors", "saving"},
    {"interop", "keras", "models", "onnx", "torch"},
    {"plot"},
    {"backend", "utils"},
    {"__init__"},
    {"tasks"},
    {"benchmark", "conversion"},
    {"cli"},
]
# Conveniences that reach up, inside a function: the method that draws what the object holds, and
# names of Keras's for what stands higher, or what leads to Keras itself.
UPWARD = {
    ("callbacks", "backup"),
    ("callbacks", "checkpoints"),
    ("callbacks.history", "plot"),
    ("layered", "interop.convert.keras_out"),
    ("layers.trace", "plot"),
    ("persistence", "interop.convert.keras_in"),
    ("persistence", "interop.convert.keras_weights_in"),
    ("preprocessing", "data"),
}
# Who may import what, beside the standard library and NumPy.
THIRD_PARTY = {
    "safetensors": {"archive", "interop.convert.torch_file"},
    "tqdm": {"benchmark", "progress", "tasks.console"},
    "onnx": {
        f"interop.onnx.{module}"
        for module in (
            "backend",
            "export",
            "external",
            "graph_writer",
            "load",
            "node",
            "tensors",
            "wire",
        )
    },
    "google": {"interop.onnx.load", "interop.onnx.wire"},  # protobuf, which onnx brings
    "keras": {
        f"interop.keras.{module}"
        for module in ("layer_hooks", "on_jax", "on_numpy", "on_torch", "requests")
    },
    "jax": {"interop.keras.on_jax"},
    "tensorflow": {"interop.keras.on_tensorflow"},
    "torch": {
        "benchmark",
        "interop.convert.torch_row",
        "interop.keras.on_torch",
        "interop.torch",
    }
    | {
        f"interop.torch.{module}"
        for module in (
            "cell_calls",
            "cell_modules",
            "core_calls",
            "falling_back",
            "handles",
            "layer_ops",
            "packing",
            "replacing",
            "sequence_modules",
            "sharing",
            "unrolled",
            "weight_layout",
        )
    },
    "matplotlib": {
        "callbacks.history",
        "layers.trace",
        "plot.canvas",
        "plot.confusion",
        "plot.forecast",
        "plot.history",
        "plot.horizon",
        "plot.trace",
        "plot.weights",
        "tasks.console",
        "tasks.music",
    },
}
# Of these only when it is used, or for its types: a plain import does without. The bridges of
# interop are imported only by who has their framework.
OPTIONAL = {"matplotlib", "safetensors", "torch"}

# Sources without a test of their own name: where they are tested, or why there is nothing to test.
WITHOUT_MIRROR = {
    "cpp/core/types.hpp": "plain data",
    "cpp/core/pause.hpp": "tests/cpp/core/meeting_test.cpp and progress_test.cpp wait with it",
    "cpp/core/unroll.hpp": "every register tile is a test of it",
    **dict.fromkeys(
        (
            "cpp/simd/store_parts_x86.hpp",
            *(f"cpp/simd/vec_{isa}.hpp" for isa in ("avx2", "avx512", "neon", "portable")),
        ),
        "tests/cpp/simd/vec_test.cpp is built for each",
    ),
    "cpp/sequence/lstm_calls.hpp": "plain data",
    "cpp/sequence/gru_calls.hpp": "plain data",
    "cpp/sequence/dense_calls.hpp": "plain data",
    "cpp/sequence/row_step_calls.hpp": "plain data",
    "cpp/optimizers/step_calls.hpp": "plain data",
    "cpp/optimizers/vectors.hpp": "the loop of every optimizer, which their tests run",
    "cpp/dispatch/kernel_table.hpp": "plain data; tests/cpp/dispatch/isa_test.cpp reads the tables",
    "cpp/dispatch/cell_calls.hpp": "accessors; run_masked_test.cpp calls through all of them",
    "cpp/dispatch/packed_steps.hpp": "run_masked_test.cpp: no masked call without",
    "cpp/dispatch/run_masked_backward.cpp": "run_masked_test.cpp",
    "cpp/dispatch/recomputed_span.hpp": "run_recompute_test.cpp and run_masked_test.cpp run spans",
    "cpp/dispatch/kernels.cpp": "fills the table that the kernel tests call through",
    "cpp/bindings/bindings.hpp": "declarations",
    "python/gatedcore/graph_config.py": "tests/python/test_graph.py writes and reads its graphs",
    "python/gatedcore/layered.py": "tests/python/test_model.py and test_graph.py: no model without",
    "python/gatedcore/layers/weighted.py": "tests/python/layers/test_base.py sets and gets weights",
    "python/gatedcore/model_weights.py": "tests/python/test_model.py sets and gets weights",
    "cpp/bindings/module.cpp": "imported by every Python test",
    "cpp/bindings/old_glibc.cpp": "scripts/check_wheel.py",
}


def name_of(source: Path) -> str:
    """Return a module's dotted name within the package; an __init__ has its folder's name."""
    parts = source.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def level_of(module: str) -> int:
    top = module.split(".")[0]
    levels = [i for i, names in enumerate(PYTHON_LEVELS) if top in names]
    assert len(levels) == 1, (
        f"{module} stands in {len(levels)} levels of PYTHON_LEVELS, expected one"
    )
    return levels[0]


def targets_of(node: ast.stmt) -> list[str]:
    """Return the full names that an import statement may mean; "a.b" for `from a import b`."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"line {node.lineno}: a relative import; name the module in full"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def own_module(target: str) -> str | None:
    """Return the module of the package that an imported name comes from, if it is of ours."""
    if target.split(".")[0] != "gatedcore":
        return None
    parts = target.split(".")[1:]
    while parts:
        path = PACKAGE.joinpath(*parts)
        if any(path.with_suffix(s).exists() for s in (".py", ".pyi")) or path.is_dir():
            return ".".join(parts)
        parts.pop()
    return "__init__"


def imports_of(source: Path) -> list[tuple[str, bool]]:
    """Return every name that a file imports, and whether it does so as it is loaded."""
    found = []

    def visit(node: ast.AST, at_load: bool) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            found.extend((target, at_load) for target in targets_of(node))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            at_load = False
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            at_load = False
        for child in ast.iter_child_nodes(node):
            visit(child, at_load)

    visit(ast.parse(source.read_text()), True)
    return found


def test_there_is_something_to_read():
    # Every other test here passes on an empty list.
    assert len(cpp_sources()) > 20
    assert len(python_sources()) > 20


def test_files_are_short():
    # The stub of one compiled module cannot be divided: docs/decisions/0014.
    longest = {PACKAGE / "_core.pyi": 500}
    folders = ("bench", "cpp", "python", "scripts", "tests")
    sources = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".pyi", ".cpp", ".hpp", ".c", ".sh"}
    ]
    assert len(sources) > 500
    lengths = {path: len(path.read_text().splitlines()) for path in sources}
    long = [str(path) for path, length in lengths.items() if length > longest.get(path, 400)]
    assert long == []


def test_every_module_has_a_level():
    known = set().union(*PYTHON_LEVELS)
    modules = {name_of(source).split(".")[0] for source in python_sources()}
    assert modules - known == set(), "say in PYTHON_LEVELS what these modules may import"
    assert known - modules == set(), "PYTHON_LEVELS names modules that are not there"


def test_no_import_points_up():
    wrong = []
    for source in python_sources():
        module = name_of(source)
        for target, at_load in imports_of(source):
            imported = own_module(target)
            if imported is None or level_of(imported) <= level_of(module):
                continue
            if at_load or (module, imported) not in UPWARD:
                wrong.append(f"{module} imports {imported}")
    assert not wrong


def test_upward_conveniences_are_in_use():
    used = {
        (name_of(source), own_module(target))
        for source in python_sources()
        for target, _ in imports_of(source)
    }
    assert used >= UPWARD


def test_no_modules_import_each_other_in_a_circle():
    graph: dict[str, set[str]] = {}
    for source in python_sources():
        imported = {own_module(target) for target, at_load in imports_of(source) if at_load}
        graph[name_of(source)] = {m for m in imported if m} - {name_of(source)}

    done: set[str] = set()

    def visit(module: str, path: list[str]) -> None:
        assert module not in path, " imports ".join([*path[path.index(module) :], module])
        if module not in done:
            for imported in sorted(graph.get(module, ())):
                visit(imported, [*path, module])
            done.add(module)

    for module in sorted(graph):
        visit(module, [])


def test_only_known_files_import_other_packages():
    wrong = []
    for source in python_sources():
        module = name_of(source)
        for target, at_load in imports_of(source):
            package = target.split(".")[0]
            if package in sys.stdlib_module_names or package in {"gatedcore", "numpy"}:
                continue
            if module not in THIRD_PARTY.get(package, set()):
                wrong.append(f"{module} imports {package}")
            elif package in OPTIONAL and at_load and module.split(".")[0] != "interop":
                wrong.append(f"{module} imports {package} as it is loaded")
    assert not wrong


def cpp_mirrors(source: Path) -> list[Path]:
    """Return the tests of a C++ source; those of the bindings are in Python."""
    folder = source.parent.name
    if folder == "bindings":
        tests, names = ROOT / "tests" / "python" / folder, [f"test_{source.stem}.py"]
    else:
        tests, names = ROOT / "tests" / "cpp" / folder, [f"{source.stem}_test.cpp"]
    names.append(names[0].replace(source.stem, f"{source.stem}_*"))
    return [test for name in names for test in tests.glob(name)]


def python_mirrors(source: Path) -> list[Path]:
    tests = (ROOT / "tests" / "python" / source.relative_to(PACKAGE)).parent
    return [*tests.glob(f"test_{source.stem}.py"), *tests.glob(f"test_{source.stem}_*.py")]


def test_every_source_has_its_mirror_test():
    missing = {str(p.relative_to(ROOT)) for p in cpp_sources() if not cpp_mirrors(p)}
    missing |= {
        str(p.relative_to(ROOT))
        for p in python_sources()
        if p.suffix == ".py" and p.name != "__init__.py" and not python_mirrors(p)
    }
    assert missing - set(WITHOUT_MIRROR) == set()
    assert set(WITHOUT_MIRROR) - missing == set(), "no exception is needed any more"


@pytest.mark.parametrize("folder", ["cpp", "python", "cmake", "scripts", "bench"])
def test_no_folder_or_file_is_a_drawer(folder):
    # Code that belongs nowhere in particular has not been understood yet.
    drawers = {"utils", "util", "common", "misc", "helpers"}
    found = {p for p in (ROOT / folder).rglob("*") if p.stem in drawers}
    assert found <= {PACKAGE / "utils.py"}


def test_the_namespace_utils_only_imports():
    # It is there because Keras has one; what it names lives where it belongs.
    statements = ast.parse((PACKAGE / "utils.py").read_text()).body
    # The last one looks up names that are not there.
    assert {type(s) for s in statements[1:-1]} <= {ast.ImportFrom, ast.Assign}


PROSE = [
    path
    for pattern in ("*.md", "*.yml", "*.toml", "docs/**/*.md", "scripts/*", ".github/workflows/*")
    for path in ROOT.glob(pattern)
    if path.is_file()
]


@pytest.mark.parametrize("path", PROSE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_ends_in_spaces_and_named_files_exist(path):
    text = path.read_text()
    assert re.findall(r".*[ \t]$", text, re.MULTILINE) == []
    named = re.findall(r"\b(?:scripts|bench|tests|docs)/[\w/]+\.(?:sh|py|md)\b", text)
    assert [name for name in named if not (ROOT / name).exists()] == []
