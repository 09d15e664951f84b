"""HTML pages read back, and opened in a browser where there is one."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

from support.patience import patient

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
VOID = frozenset({"meta", "link", "br", "wbr", "hr", "img", "input"})


class Read(HTMLParser):
    """A page that is read: its tags must be balanced; it keeps ids, what is referred to, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: Counter[str] = Counter()
        self.references: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            assert not name.startswith("on"), name
            if name == "id":
                self.ids[value or ""] += 1
            if name in ("href", "src", "xlink:href"):
                self.references.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def check(text: str) -> Read:
    """Make sure that a page is whole and alone."""
    read = Read(text)
    assert text.startswith("<!DOCTYPE html>\n")
    assert "http" not in text.replace('http-equiv="Content-Security-Policy"', "")
    assert not [name for name, count in read.ids.items() if count > 1]
    for reference in read.references:
        assert reference.startswith("data:") or reference.removeprefix("#") in read.ids, reference
    assert "default-src 'none'" in text
    return read


def complaints(file: Path, folder: Path) -> tuple[str, list[str]]:
    """Load a file in a browser that reaches nothing else; give what became of it, and what the console says."""
    assert BROWSER is not None
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9", "--no-first-run"]
    command += ["--enable-logging=stderr", "--v=0", "--dump-dom", file.as_uri()]
    found = subprocess.run(command, capture_output=True, text=True, timeout=patient(120), check=True)
    return found.stdout, [line for line in found.stderr.splitlines() if "CONSOLE" in line]
