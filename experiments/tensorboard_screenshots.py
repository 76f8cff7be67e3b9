r"""Pictures of TensorBoard's pages of real runs, taken in a browser without a window.

    python experiments/tensorboard_screenshots.py --logdir=runs/mine \
        --projector_dir=analysis/projector

Starts TensorBoard on a free port of this machine, opens `--pages` of the runs and the projector of
`analyse.py --projector`, waits until each shows its data, and writes NAME.png of each. The browser
asks no other machine for anything. Needs Chromium and pip install simclr_tf[test].
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from absl import flags

from experiments import launcher
from simclr_tf.checks import check_one_of
from simclr_tf.files import write_atomically

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# What a page shows once its data has arrived.
_SIGNS = {
    "scalars": "vz-line-chart2 svg path",
    "images": "tf-image-loader img",
    "graphs": "tf-graph-scene svg g.node",
    "histograms": "vz-histogram-timeseries svg path",
    "hparams": "tf-hparams-table-view vaadin-grid-cell-content",
}
# A plug-in of its own, for what profile_step.py writes.
_PROFILE = "profile"

_LOGDIR = flags.DEFINE_string("logdir", None, "folder of runs, as TensorBoard takes it")
_PROJECTOR_DIR = flags.DEFINE_string("projector_dir", None, "folder of analyse.py --projector")
_OUTPUT_DIR = flags.DEFINE_string("output_dir", "tensorboard_pages", "folder of the pictures")
_PAGES = flags.DEFINE_list(
    "pages", list(_SIGNS), f"of --logdir: {', '.join(_SIGNS)}, {_PROFILE} (needs pip install xprof)"
)
_SECONDS = flags.DEFINE_float("seconds", 120.0, "how long a page may take to show its data")
flags.mark_flag_as_required("logdir")

_PROJECTOR = "projector"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_SIZE = {"width": 1280, "height": 800}
# What has arrived is still being drawn, and there is no sign of its end.
_DRAWING_MS = 4000
# Enough for pages of few colours, and a third of the bytes.
_COLOURS = 64


def main() -> None:
    """Reads the flags and takes the pictures."""
    for page in _PAGES.value:
        check_one_of("pages", page, (*_SIGNS, _PROFILE))
    folders = {"logdir": (_LOGDIR.value, _PAGES.value)}
    if _PROJECTOR_DIR.value is not None:
        folders["projector_dir"] = (_PROJECTOR_DIR.value, [_PROJECTOR])
    for name, (folder, _) in folders.items():
        if not os.path.isdir(os.path.expanduser(folder)):
            raise ValueError(f"`{name}` must be an existing folder. Received: {folder!r}")
    output = pathlib.Path(_OUTPUT_DIR.value).expanduser()
    output.mkdir(parents=True, exist_ok=True)
    with _browser() as browser:
        for folder, pages in folders.values():
            if not pages:
                continue
            with _tensorboard(os.path.expanduser(folder)) as address:
                for page in pages:
                    path = output / f"{page}.png"
                    write_atomically(path, _picture(browser, address, page))
                    print(f"{path}: {path.stat().st_size / 1000:.0f} kB", flush=True)


@contextlib.contextmanager
def _tensorboard(folder: str) -> Iterator[str]:
    """Runs TensorBoard in a process of its own, whose flags are not ours; gives its address."""
    command = [sys.executable, "-m", "tensorboard.main", f"--logdir={folder}"]
    # The quicker reader of event files is a program that does not exist for every machine.
    command += ["--host=127.0.0.1", "--port=0", "--load_fast=false"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            lines = []
            for line in process.stderr:
                lines.append(line)
                if address := re.search(r"http://127\.0\.0\.1:\d+/", line):
                    break
            else:
                raise ValueError(f"TensorBoard did not start: {''.join(lines[-1:])}")
            # What it says later must be taken, or it would wait.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield address.group()
        finally:
            process.terminate()


@contextlib.contextmanager
def _browser() -> Iterator[Browser]:
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise ValueError(
            f'The pictures need the extra "test": pip install "simclr_tf[test]". Received: {error}'
        ) from error
    program = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if program is None:
        raise ValueError(f"The pictures need one of these on the PATH: {', '.join(_BROWSERS)}.")
    # The projector draws with WebGL, which a machine without a GPU computes.
    arguments = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        except Error as error:
            raise ValueError(f"TensorBoard's page did not show its data: {error}") from error
        finally:
            browser.close()


def _picture(browser: Browser, address: str, name: str) -> bytes:
    _wait_for_data(address, name)
    page = browser.new_page(viewport=_SIZE)
    page.set_default_timeout(1000 * _SECONDS.value)
    page.route("**/*", lambda route: _only_from(address, route))
    page.goto(f"{address}#{name}")
    _wait_for_sign(page, name)
    page.wait_for_timeout(_DRAWING_MS)
    content = page.screenshot()
    page.close()
    return _small(content)


def _wait_for_sign(page: Page, name: str) -> None:
    if name == _PROJECTOR:
        frame = page.frame_locator("iframe").frame_locator("iframe")
        frame.locator("#scatter canvas").first.wait_for()
        frame.locator("#notification-dialog").wait_for(state="hidden")
    elif name == _PROFILE:
        page.frame_locator("iframe").get_by_text("Performance Summary").first.wait_for()
    else:
        page.locator(_SIGNS[name]).locator("visible=true").first.wait_for()


def _only_from(address: str, route: Any) -> None:
    if route.request.url.startswith((address, "data:", "blob:")):
        route.continue_()
    else:
        route.abort()


def _wait_for_data(address: str, plugin: str) -> None:
    """Waits until TensorBoard has read enough of its files to show something there."""
    end = time.monotonic() + _SECONDS.value
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{address}data/plugins_listing") as answer:
            pages = json.load(answer)
        if plugin not in pages:
            raise ValueError(f"TensorBoard has no page {plugin!r}: pip install xprof.")
        if pages[plugin]["enabled"]:
            return
        time.sleep(1)
    raise ValueError(f"TensorBoard finds nothing for its page {plugin!r} in the folder.")


def _small(content: bytes) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    with Image.open(io.BytesIO(content)) as picture:
        picture.convert("RGB").quantize(_COLOURS).save(file, "PNG", optimize=True)
    return file.getvalue()


if __name__ == "__main__":
    launcher.launch(main)
