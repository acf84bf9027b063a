"""The page's shell and its files: the same for everybody, so it is made without asking anybody (U1, U4)."""

from dataclasses import dataclass
from urllib.parse import urlsplit

import azure.functions as func

from shared.http import compression
from shared.http.answers import language_of
from shared.pages import files
from shared.pages.rendering import render
from shared.settings import Settings
from shared.texts import translator

FILES = "files/"
SIGN_IN = "auth.js"
"""Signs in with Entra ID; another script with the same five functions may stand in its place (settings)."""
BRIDGE = "auth.html"


@dataclass(frozen=True)
class Shell:
    """What the shell is made of."""

    root: str
    sign_in: str
    config: dict[str, str]
    keys: tuple[tuple[tuple[str, ...], str], ...]

    def address(self, name: str) -> str:
        """Where a file of ours is."""
        return f"{self.root}/app/{FILES}{files.files()[name].name}"


def answer(req: func.HttpRequest, settings: Settings, request_id: str) -> func.HttpResponse:
    """The file that the path names, or the shell, which shows whatever screen the path names."""
    path = str(req.route_params.get("path", ""))
    if path.startswith(FILES):
        return _file(req, path.removeprefix(FILES), request_id)
    root = "/" + req.url.split("://", 1)[-1].partition("/")[2].partition("/app")[0]
    root = root.rstrip("/")
    html = _bridge(root) if path == BRIDGE else _shell(req, settings, root)
    return func.HttpResponse(html, headers=_headers(settings, request_id, language_of(req)), mimetype="text/html")


def _file(req: func.HttpRequest, name: str, request_id: str) -> func.HttpResponse:
    file = files.at(name)
    headers = {"x-ms-request-id": request_id, "X-Content-Type-Options": "nosniff"}
    if file is None:
        return func.HttpResponse("", status_code=404, headers={**headers, "Cache-Control": "no-store"})
    headers |= {"Cache-Control": files.FOREVER, "Vary": "Accept-Encoding"}
    if compression.takes_gzip(req.headers.get("accept-encoding")):
        return func.HttpResponse(
            file.packed, headers={**headers, "Content-Encoding": "gzip"}, mimetype=file.mimetype, charset="utf-8"
        )
    return func.HttpResponse(file.content, headers=headers, mimetype=file.mimetype, charset="utf-8")


def _headers(settings: Settings, request_id: str, language: str) -> dict[str, str]:
    """What the browser may do with the page: its own scripts, styles and calls, and the sign-in's."""
    login = urlsplit(settings.sign_in_authority)
    # Another sign-in than Entra's is one of our own address.
    host = "" if settings.sign_in_script else f" {login.scheme}://{login.netloc}"
    rules = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        # Icons are drawn in the style sheet.
        "img-src 'self' data:",
        f"connect-src 'self'{host}",
        f"frame-src 'self'{host}",
        "form-action 'none'",
        "base-uri 'none'",
        # The sign-in renews tokens in a frame of its own page.
        "frame-ancestors 'self'",
        "require-trusted-types-for 'script'",
        "trusted-types leads",
    )
    return {
        "x-ms-request-id": request_id,
        "Cache-Control": "no-cache",
        "Content-Language": language,
        "Content-Security-Policy": "; ".join(rules),
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Language",
        "X-Content-Type-Options": "nosniff",
    }


def _shell(req: func.HttpRequest, settings: Settings, root: str) -> str:
    language = language_of(req)
    config = {
        "root": root,
        "client": settings.sign_in_client or settings.token_audience,
        "authority": settings.sign_in_authority,
        "scope": settings.sign_in_scope or f"{settings.token_audience}/.default",
        "msal": f"{root}/app/{FILES}{files.files()['msal-browser.min.js'].name}",
        "bridge": f"{root}/app/{BRIDGE}",
        "language": language,
    }
    sign_in = settings.sign_in_script or f"{root}/app/{FILES}{files.files()[SIGN_IN].name}"
    return render("shell.html", language, view=Shell(root, sign_in, config, _keys(language)))


def _bridge(root: str) -> str:
    """Where the sign-in comes back to."""
    return render("bridge.html", "en", view=Shell(root, "", {}, ()))


def _keys(language: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The keys of the page and what they do."""
    _ = translator(language)
    return (
        (("j", "k"), _("Next and previous lead")),
        (("Enter", "o"), _("Open the lead")),
        (("u", "Esc"), _("Back to the list")),
        (("f",), _("Favorite")),
        (("x",), _("Select")),
        (("a",), _("Accept …")),
        (("d",), _("Decline …")),
        (("w",), _("Won …")),
        (("l",), _("Lost …")),
        (("e",), _("Edit the deal …")),
        (("c",), _("Log a call")),
        (("n",), _("Write a note")),
        (("/",), _("Search leads")),
        (("g l", "g n", "g e"), _("Go to leads, notifications, exports")),
        (("g p", "g s", "g w"), _("Go to profile, preferences, webhooks")),
        (("Ctrl Enter",), _("Send the form")),
        (("?",), _("This list")),
    )
