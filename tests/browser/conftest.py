"""One Chromium and one local host for all tests of a worker; a partner and fresh browser windows for each test."""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.browser.desk import Desk
from tests.journeys.local_host import LocalHost

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking"),
    *("--disable-quic", "--no-first-run", "--disable-sync"),
)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: what people see and do on the workspace page is not tested (U1 to U4)")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS])
        yield running
        await running.close()


@pytest.fixture(scope="session")
def host(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalHost]:
    with LocalHost(Path(tmp_path_factory.mktemp("local"))) as running:
        yield running


@pytest.fixture
async def desk(host: LocalHost, browser: Browser) -> AsyncIterator[Desk]:
    made = Desk(host, browser)
    yield made
    await made.close()
    # A page that works has nothing to complain of: no error, no refused script, no third party (U4).
    assert not made.unexpected
