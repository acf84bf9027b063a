"""Mails on a phone: nothing scrolls sideways, whatever word a customer writes (N4); needs a Chromium, as Debian has."""

import asyncio
import html
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from shared.domain.telling.mails import MailNotice
from tests.unit.delivery.test_letters import LEAD, letter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
WORD = "x" * 390
LONG = replace(
    LEAD, notes=f"Hello {WORD}", customer=replace(LEAD.customer, company=WORD[:256], email=f"{WORD}@x.example")
)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: how wide mails are on a phone is not tested")
@pytest.mark.parametrize("width", [320, 375])
async def test_no_mail_scrolls_sideways_on_a_phone(tmp_path: Path, width: int) -> None:
    mails = [
        letter(notice, language, lead=LONG, leads=(LONG,)).html for notice in MailNotice for language in ("en", "de")
    ]
    frames = "".join(f'<iframe width="{width}" height="900" srcdoc="{html.escape(one)}"></iframe>' for one in mails)
    script = (
        "onload=()=>{document.title=[...document.querySelectorAll('iframe')]"
        ".map(f=>f.contentDocument.documentElement.scrollWidth).join(' ')}"
    )
    page = tmp_path / "mails.html"
    page.write_text(f"<!doctype html><meta charset=utf-8><script>{script}</script>{frames}")
    process = await asyncio.create_subprocess_exec(
        str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path}/profile", "--dump-dom", page.as_uri(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    shown, _ = await asyncio.wait_for(process.communicate(), 120)
    found = re.search(r"<title>([\d ]+)</title>", shown.decode())
    assert found, shown.decode()[:500]
    widths = [int(one) for one in found[1].split()]
    assert len(widths) == len(mails)
    assert max(widths) <= width
