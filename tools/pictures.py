"""Takes the pictures of the workspace page that the documents show: `make pictures`.

Starts a local host of its own, with the demo's leads, and looks at it in Chromium.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from local.azurite import free_port

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 700}
SHOTS: dict[str, dict[str, Any]] = {
    "leads": {"path": "leads"},
    "leads-dark": {"path": "leads?status=received&orderBy=expiry+asc", "dark": True},
    "leads-narrow": {"path": "leads", "viewport": NARROW},
    "lead": {"path": "leads?search=northwind", "open": True},
    "lead-narrow": {"path": "leads?search=northwind", "open": True, "viewport": NARROW},
    "accept-dark": {"path": "leads?search=northwind", "open": True, "keys": "a", "dark": True},
    "insights": {"path": "insights", "ready": ".figure"},
    "insights-dark": {"path": "insights", "ready": ".figure", "dark": True},
    "insights-narrow": {"path": "insights", "ready": ".figure", "viewport": NARROW},
}
DRAWN = {"funnel": "From received to won"}
"""Pictures that the interface draws, by the names of their figures on the page."""


def main() -> None:
    """Start a host, take every picture, stop it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("There is no Chromium here; install one (Debian: apt-get install chromium).")
    PICTURES.mkdir(exist_ok=True)
    port = free_port()
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"PORT": str(port), "LOCAL_DATA": data, "PYTHONUNBUFFERED": "1"}
        host = subprocess.Popen(
            [sys.executable, "-m", "local"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            assert host.stdout is not None
            if not any("The workspace page" in line for line in host.stdout):
                raise SystemExit("The local host did not start.")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
                for name, shot in SHOTS.items():
                    take(browser, f"http://localhost:{port}/api/app/", name, **shot)
                for name, figure in DRAWN.items():
                    draw(browser, f"http://localhost:{port}/api/app/", name, figure)
        finally:
            host.send_signal(signal.SIGTERM)
            host.wait(30)


def take(
    browser: Browser,
    page_url: str,
    name: str,
    *,
    path: str,
    viewport: Any = WIDE,
    dark: bool = False,
    open: bool = False,  # noqa: A002 - what is done with the first lead
    keys: str = "",
    ready: str = "#count:not(:empty)",
) -> None:
    """One picture, of a fresh window that Ann has signed in to; `ready` is there once the screen is."""
    context = browser.new_context(viewport=viewport, color_scheme="dark" if dark else "light", locale="en-GB")
    page = signed_in(context, page_url + path, ready)
    if open:
        page.click("#rows th a")
        page.wait_for_selector("#timeline li")
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_selector("dialog form")
    page.wait_for_selector("#bell:not([hidden])")
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURES / f"{name}.png")
    context.close()
    sys.stdout.write(f"docs/pictures/{name}.png\n")


def draw(browser: Browser, page_url: str, name: str, figure: str) -> None:
    """One picture of the interface's own, as its button on the insights hands it over."""
    context = browser.new_context(locale="en-GB")
    page = signed_in(context, page_url + "insights", ".figure")
    with page.expect_download() as loading:
        page.get_by_role("button", name=f"Picture: {figure}").click()
    loading.value.save_as(PICTURES / f"{name}.svg")
    context.close()
    sys.stdout.write(f"docs/pictures/{name}.svg\n")


def signed_in(context: BrowserContext, address: str, ready: str) -> Page:
    """A window in which Ann has signed in, at a screen that is there."""
    page = context.new_page()
    page.goto(address)
    page.click("#sign-in-form button")
    page.wait_for_selector(ready)
    return page


if __name__ == "__main__":
    main()
