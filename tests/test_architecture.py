"""The rules that keep the library readable, enforced by parsing it."""

import ast
import functools
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[1]
LIBRARY = "simclr_tf"

# A module imports strictly lower ranks only, apart from its own folder.
RANKS = {
    "archives": 0,
    "checks": 0,
    "files": 0,
    "lazy": 0,
    "fusion": 0,
    "similarity": 1,
    "boxes": 1,
    "distribution": 1,
    "schedules": 1,
    "optimizers": 1,
    "runs": 1,
    "plots": 1,
    "augment": 2,
    "encoders": 2,
    "losses": 2,
    "metrics": 2,
    "data": 2,
    "training": 3,
    "evaluation": 3,
    "retrieval": 3,
    "weights": 3,
    "export": 4,
    "protocols": 4,
    "detection": 4,
}

LONGEST_FILE = 250
LONGEST_FUNCTION = 60
# Path -> why this file may be longer.
LONG_FILES: dict[str, str] = {}


def sources(folder):
    return sorted(
        path.relative_to(ROOT)
        for path in (ROOT / folder).rglob("*.py")
        if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    )


def module_name(path):
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name, root=ROOT):
    path = root.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@functools.cache
def text_of(path, root=ROOT):
    return (root / path).read_text(encoding="utf-8")


@functools.cache
def tree_of(path, root=ROOT):
    return ast.parse(text_of(path, root))


@functools.cache
def imported_names(path, root=ROOT):
    """Every module that the file imports, anywhere in it, by its full name."""
    package = module_name(path).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    names = []
    for node in ast.walk(tree_of(path, root)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                full = f"{source}.{alias.name}"
                names.append(full if is_module(full, root) else source)
    return names


def place(module):
    """`data` for `simclr_tf.data.cache`; None for the library's own `__init__`."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else None


def rank_violations(path, imports):
    """The imports of one library file that do not go down the ranks."""
    own = place(module_name(path))
    if own is None:
        return []
    violations = []
    for name in imports:
        if name.split(".")[0] != LIBRARY:
            continue
        other = place(name)
        if other is None or (other != own and RANKS[other] >= RANKS[own]):
            violations.append(f"{path} imports {name}")
    return violations


def cycle_in(graph):
    """One cycle of the graph `{node: [neighbours]}` as a list of nodes, or None."""
    done = set()

    def visit(node, trail):
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node in done:
            return None
        for neighbour in graph.get(node, ()):
            found = visit(neighbour, [*trail, node])
            if found:
                return found
        done.add(node)
        return None

    return next(filter(None, (visit(node, []) for node in graph)), None)


def imported_packages(path):
    return {name.split(".")[0] for name in imported_names(path)}


def imports_of(paths, packages):
    """The files that import one of the packages, and which."""
    found = {str(path): imported_packages(path) & packages for path in paths}
    return {path: names for path, names in found.items() if names}


LIBRARY_FILES = sources(LIBRARY)
ALL_FILES = [*LIBRARY_FILES, *sources("experiments")]
PYTORCH = {"torch", "torchvision", "lightly"}


def test_every_module_has_a_rank():
    places = {place(module_name(path)) for path in LIBRARY_FILES} - {None}
    assert places - set(RANKS) == set(), "give each a rank here and in CONTRIBUTING.md"


def test_imports_go_down_the_ranks():
    assert [
        fault for path in LIBRARY_FILES for fault in rank_violations(path, imported_names(path))
    ] == []


def test_no_import_cycles():
    graph = {
        module_name(path): [name for name in imported_names(path) if name.startswith(LIBRARY)]
        for path in LIBRARY_FILES
    }
    assert cycle_in(graph) is None


def test_there_is_no_utils():
    names = {part for path in LIBRARY_FILES for part in path.with_suffix("").parts}
    assert not {name for name in names if "util" in name or name in ("helpers", "common", "misc")}


def test_only_public_keras_is_imported():
    found = [(path, name) for path in ALL_FILES for name in imported_names(path)]
    assert [pair for pair in found if pair[1].startswith("keras.src")] == []


def test_the_library_does_not_know_flags_or_scripts():
    assert imports_of(LIBRARY_FILES, {"absl", "experiments", "tests"}) == {}


def test_the_library_does_not_import_what_it_is_measured_against():
    # Files of PyTorch are read by its own loader, the only one that knows what is safe in them.
    reader = "simclr_tf/weights/torch_file.py"
    assert imports_of(LIBRARY_FILES, PYTORCH) == {reader: {"torch"}}


def test_only_the_benchmark_of_pytorch_imports_it():
    peers = pathlib.Path("experiments/benchmarks/pytorch")
    others = [path for path in sources("experiments") if peers not in path.parents]
    # They only say which version another module has imported.
    assert {pathlib.Path(path).name for path in imports_of(others, PYTORCH)} == {
        "threads.py",
        "worker_main.py",
    }


def test_the_library_has_no_assert_and_catches_no_bare_exception():
    broad = ("Exception", "BaseException")
    found = []
    for path in LIBRARY_FILES:
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.Assert):
                found.append(f"{path}:{node.lineno} asserts")
            elif isinstance(node, ast.ExceptHandler) and not any(
                isinstance(inner, ast.Raise) and inner.exc is None for inner in ast.walk(node)
            ):
                # Catching everything to clean up is right when it is raised again.
                if node.type is None or getattr(node.type, "id", "") in broad:
                    found.append(f"{path}:{node.lineno} catches everything")
    assert found == []


def test_matplotlib_is_imported_inside_functions_only():
    found = []
    for path in ALL_FILES:
        for node in tree_of(path).body:
            if isinstance(node, (ast.Import, ast.ImportFrom)) and "matplotlib" in ast.unparse(node):
                found.append(f"{path}:{node.lineno}")
    assert found == []


def test_files_are_short():
    long = {str(path) for path in ALL_FILES if len(text_of(path).splitlines()) > LONGEST_FILE}
    # An exception that is no longer needed goes, too.
    assert long == set(LONG_FILES)


def lines_of_code(function):
    """Lines of a function without its docstring, which the style wants long."""
    first = function.body[0]
    documented = ast.get_docstring(function) is not None
    docstring = first.end_lineno - first.lineno + 1 if documented else 0
    return function.end_lineno - function.lineno + 1 - docstring


def test_functions_are_short():
    functions = [
        (path, node)
        for path in ALL_FILES
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    lengths = {f"{path}: {node.name}": lines_of_code(node) for path, node in functions}
    assert {name for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == set()


def test_contributing_states_the_ranks_in_force():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for rank in sorted(set(RANKS.values())):
        row = next(line for line in text.splitlines() if line.startswith(f"| {rank} |"))
        stated = {name.strip("`/ ") for name in row.split("|")[2].split(",")}
        assert stated == {name for name, of in RANKS.items() if of == rank}


# === The rules themselves ===


@pytest.fixture
def small_library(tmp_path):
    def write(name, text):
        path = pathlib.Path(LIBRARY, name)
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        return path

    write("__init__.py", "")
    write("data/__init__.py", "")
    write("data/cache.py", "")
    return tmp_path, write


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import simclr_tf.data.cache", "simclr_tf.data.cache"),
        ("from simclr_tf.data import cache", "simclr_tf.data.cache"),
        ("from simclr_tf.data import PictureSet", "simclr_tf.data"),
        ("from simclr_tf.data.cache import load", "simclr_tf.data.cache"),
        ("from . import cache", "simclr_tf.data.cache"),
        ("from .cache import load", "simclr_tf.data.cache"),
        ("from ..data.cache import load", "simclr_tf.data.cache"),
        ("def f():\n    from simclr_tf import checks", "simclr_tf"),
    ],
)
def test_every_form_of_import_is_seen(small_library, text, expected):
    root, write = small_library
    assert imported_names(write("data/other.py", text), root) == [expected]


@pytest.mark.parametrize(
    ("path", "imported", "allowed"),
    [
        ("data/cache.py", "simclr_tf.checks", True),
        ("data/cache.py", "simclr_tf.data.decode", True),
        ("data/cache.py", "numpy", True),
        ("data/cache.py", "simclr_tf.augment.recipes", False),
        ("data/cache.py", "simclr_tf.training", False),
        ("data/cache.py", "simclr_tf", False),
        ("schedules.py", "simclr_tf.similarity", False),
        ("__init__.py", "simclr_tf.training", True),
    ],
)
def test_an_import_is_allowed_when_it_goes_down(path, imported, allowed):
    assert (rank_violations(pathlib.Path(LIBRARY, path), [imported]) == []) is allowed


def test_a_cycle_is_found_and_named():
    assert cycle_in({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]


def test_a_diamond_is_no_cycle():
    assert cycle_in({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}) is None
