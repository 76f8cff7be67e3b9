"""What no file that is read may make this code do, enforced by parsing all of it."""

import ast
import configparser
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[1]
SOURCES = sorted(
    path.relative_to(ROOT)
    for name in ("simclr_tf", "experiments")
    for path in (ROOT / name).rglob("*.py")
)
# Modules that run what a file says, and calls that do.
RUNS_FILES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
RUNS_ANYTHING = {
    "os.system",
    "os.popen",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "tarfile.open",
    "shutil.unpack_archive",
    "tempfile.mktemp",
    "keras.config.enable_unsafe_deserialization",
    "pandas.read_pickle",
}


def calls(tree):
    """Every call with the dotted name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def argument(call, name):
    for keyword in call.keywords:
        if keyword.arg == name and isinstance(keyword.value, ast.Constant):
            return keyword.value.value
    return None


def faults_of(text):
    """What in a source could run or unpack what a file says."""
    tree = ast.parse(text)
    faults = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
            # The name of what its loader raises; nothing of it is called.
            if {alias.name for alias in node.names} == {"UnpicklingError"}:
                names = []
        faults += [f"imports {name}" for name in names if name.split(".")[0] in RUNS_FILES]
    for name, call in calls(tree):
        method = name.rpartition(".")[2]
        if name in RUNS_TEXT | RUNS_ANYTHING or method in ("extractall", "extract_all"):
            faults.append(f"line {call.lineno}: calls {name}")
        if name in ("np.load", "numpy.load") and argument(call, "allow_pickle") is not False:
            faults.append(f"line {call.lineno}: {name} without allow_pickle=False")
        if method == "load_model" and argument(call, "safe_mode") is not True:
            faults.append(f"line {call.lineno}: load_model without safe_mode=True")
        if name == "torch.load" and argument(call, "weights_only") is not True:
            faults.append(f"line {call.lineno}: torch.load without weights_only=True")
        if argument(call, "shell") is True:
            faults.append(f"line {call.lineno}: a shell")
    return faults


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_no_file_that_is_read_can_run_anything(path):
    assert faults_of((ROOT / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "from joblib import load",
        "from pickle import UnpicklingError, loads",
        "eval(text)",
        "exec(text)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "keras.models.load_model(path)",
        "keras.models.load_model(path, safe_mode=False)",
        "yaml.load(text)",
        "archive.extractall(folder)",
        "subprocess.run(command, shell=True)",
        "torch.load(path)",
        "keras.config.enable_unsafe_deserialization()",
    ],
)
def test_the_rules_see_what_they_are_for(text):
    assert len(faults_of(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "np.load(path, allow_pickle=False)",
        "keras.models.load_model(path, safe_mode=True)",
        "yaml.safe_load(text)",
        "model.eval()",
        "re.compile(text)",
        "from pickle import UnpicklingError",
        "subprocess.run(command)",
    ],
)
def test_the_rules_allow_what_is_safe(text):
    assert faults_of(text) == []


# === Dependencies ===


def requirements():
    """Every requirement of setup.cfg: name, least version (empty without one)."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options"]["install_requires"].splitlines()
    for extra in config["options.extras_require"].values():
        lines += extra.splitlines()
    found = {}
    for line in filter(None, map(str.strip, lines)):
        name, _, version = re.sub(r"\[.*?\]", "", line).partition(">=")
        found[name.strip()] = version.strip() or found.get(name.strip(), "")
    return found


def licence_rows():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.partition("| package | licence |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1:-1] for line in table.splitlines()[2:]]
    return {name.strip(" `"): licence.strip() for name, licence, *_ in rows}


def test_every_requirement_has_a_least_version():
    assert [name for name, version in requirements().items() if not version] == []


def test_every_requirement_stands_in_the_list_of_licences():
    assert set(requirements()) == set(licence_rows())
    assert all(licence_rows().values())
