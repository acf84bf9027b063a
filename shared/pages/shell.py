"""The page's shell and its files: the same for everybody, so it is made without asking anybody (U1, U4)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from shared.http import compression
from shared.http.answers import language_of
from shared.pages import files
from shared.pages.rendering import render
from shared.settings import Settings
from shared.texts import Translate, translator

FILES = "files/"
SIGN_IN = "auth.js"
"""Signs in with Entra ID; another script with the same five functions may stand in its place (settings)."""
BRIDGE = "auth.html"


@dataclass(frozen=True)
class Shell:
    """What the shell is made of."""

    root: str
    sign_in: str
    config: dict[str, Any]
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
        "texts": _texts(translator(language)),
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
        (("g l", "g n", "g i", "g e"), _("Go to leads, notifications, insights, exports")),
        (("g p", "g s", "g w"), _("Go to profile, preferences, webhooks")),
        (("Ctrl Enter",), _("Send the form")),
        (("?",), _("This list")),
    )


def _texts(say: Translate) -> dict[str, str]:
    """What the page's script says, in the reader's language."""
    return {
        "copied": say("Copied."),
        "saved": say("Saved."),
        "undo": say("Undo"),
        "close": say("Close"),
        "again": say("Try again"),
        "discard": say("Throw away"),
        "signIn": say("Sign in"),
        "noSignIn": say("Signing in did not work: {why}"),
        "notLoaded": say("This could not be loaded: no answer came."),
        "amount": say("Write the amount without marks between thousands, such as 12000 or 12000.50."),
        "copySecret": say("Copy the secret"),
        "rotateHook": say("Make a new secret? For a day the old one signs, too."),
        "offline": say("Offline: shown as of {when}. Nothing can be sent until the connection is back."),
        "online": say("The connection is back."),
        "noAnswer": say(
            "No answer came, so it is not known whether this was done. Look at the lead before you try again."
        ),
        "failed": say("That did not work: {why}"),
        "number": say("If it stays so, quote this number: {number}"),
        "heartBack": say("The heart was put back: {why}"),
        "dismissed": say("Dismissed."),
        "dismissBack": say("It was not dismissed: {why}"),
        "logged": say("Logged."),
        "notLogged": say("It was not logged: {why}"),
        "feedbackGiven": say("Thank you for your feedback."),
        "feedbackReplaced": say("Thank you. It has taken the place of what you said before."),
        "fresh": say("{count} new leads: show"),
        "freshOne": say("1 new lead: show"),
        "place": say("{number} of {count}"),
        "selected": say("{count} selected"),
        "required": say("Please fill this in."),
        "requiredWhen": say("Give a date or a time frame."),
        "notTheSame": say("This is not what stands above."),
        "errors": say("Please look at these fields:"),
        "faster": say("Somebody was faster"),
        "fasterAccept": say("{who} accepted this lead {when}. Your form was not sent."),
        "fasterDecline": say("{who} declined this lead {when}. Your form was not sent."),
        "fasterOther": say("{who} changed this lead {when}. Your form was not sent."),
        "showLead": say("Show the lead"),
        "copyTyped": say("Copy what I typed"),
        "asNote": say("Add my text as a note"),
        "bothTitle": say("Two versions"),
        "bothText": say("{who} has changed this since you opened it. Choose what is to hold."),
        "mine": say("Mine"),
        "somebody": say("Somebody"),
        "sendChosen": say("Save what I chose"),
        "expired": say("Your sign-in has ended. Sign in again; what you typed is kept."),
        "draft": say("What you typed earlier is here again."),
        "exporting": say("The export is under way; it goes on without this page."),
        "bulkDone": say("Done: {done}. Not done: {failed}."),
        "bulkReason": say("One reason for all selected leads ({count})"),
        "secretOnce": say("This secret is shown once. Keep it where the receiver can read it."),
        "stored": say("I have stored it"),
        "sure": say("Sure?"),
        "deleteHook": say("Delete this webhook? What waits for it is not sent."),
        "deleted": say("Deleted."),
        "resent": say("It is sent again."),
        "tested": say("A test event is on its way; the log below shows what becomes of it."),
        "changedSince": say(
            "Somebody has changed this since you opened it. Load it again; what you typed is kept beside it."
        ),
    }
