"""Pages of HTML that stand alone, made from templates: text is escaped as it is put in, and nowhere else."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import TYPE_CHECKING, Any

from sim.errors import printable

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "sim.views.pages"  # its folder templates holds styles and script, too


def render_page(template: str, page: object) -> str:
    """Fill a template of this package with a page's data; the same data give the same bytes."""
    return page_environment().get_template(template).render(page=page)


def page_environment() -> Environment:
    """Make what fills templates: neither markup nor control characters in a page's data take effect."""
    from jinja2 import Environment, PackageLoader, StrictUndefined  # few commands make pages

    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Read as they are and not included, since braces of theirs would be taken for a template's.
    script = _read("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    environment.globals.update(style=_read("page.css"), script=script, script_digest=digest)
    return environment


def _finalize(value: Any) -> Any:
    """Make control characters visible in all but markup, which is what macros and `safe` return."""
    return value if hasattr(value, "__html__") else printable(str(value))


def _read(name: str) -> str:
    return resources.files(_PACKAGE).joinpath("templates", name).read_text(encoding="utf-8")
