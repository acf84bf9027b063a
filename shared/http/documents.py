"""Settings documents: read with an ETag, replaced or patched only as they were read (RFC 7396)."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, ClassVar, TypeVar

from pydantic import GetJsonSchemaHandler, RootModel, TypeAdapter
from pydantic_core import CoreSchema

from shared.domain.errors import Detail, InvalidRequest, NotFound, PreconditionFailed
from shared.domain.messages import say
from shared.http.bodies import validated
from shared.http.calls import Call, Response
from shared.http.fields import Incoming
from shared.usecases.races import until_won

D = TypeVar("D")
N = TypeVar("N")
V = TypeVar("V", bound=Mapping[str, Any])
Json = dict[str, Any]
DOCUMENT: Json = {"takes": ("If-Match",), "headers": ("ETag",)}
"""What every endpoint that changes a document says of itself."""
SHARED = ("titleIsShared", "nameIsShared")
"""Changed by what other partners do, which must not make a partner's own conditional writes fail.

So whoever reads a document that shows one gets no 304, which would hide it.
"""
CLOCK = "now"
"""Not a part of what is shown, only of when."""


class Patch(RootModel[Json]):
    """A JSON merge patch of a document: what is not named stays, null takes it back to what holds without it."""

    of: ClassVar[type[Incoming]]

    def onto(self, view: Mapping[str, Any]) -> Any:
        """The patched document, as `of`; raises InvalidRequest that names every field at fault."""
        names = {field.alias or name for name, field in self.of.model_fields.items()}
        try:
            wanted = merged({name: item for name, item in view.items() if name in names}, self.root)
        except RecursionError:
            # What the parser of JSON could just follow.
            deep = say("%(what)s is nested too deep.", what="The body")
            raise InvalidRequest(details=[Detail("invalidJson", deep)]) from None
        return validated(self.of, wanted, "body")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> Json:
        """The document's own schema, of which nothing is required and nothing has a default."""
        shape = dict(handler.resolve_ref_schema(handler(TypeAdapter(cls.of).core_schema)))
        required = shape.pop("required", ())
        shape["properties"] = {
            name: _patching(item, may_go=name not in required) for name, item in shape["properties"].items()
        }
        return shape | {"description": (cls.__doc__ or "").strip()}


def _patching(shape: Json, *, may_go: bool) -> Json:
    """A property as a patch may have it: without a default, and null where the document can do without it."""
    kept = {key: said for key, said in shape.items() if key != "default"}
    is_open = not may_go or "anyOf" in kept or not (kept.get("type") or "$ref" in kept)
    return kept if is_open else {"anyOf": [kept, {"type": "null"}]}


def merged(target: Any, patch: Any) -> Any:
    """RFC 7396: objects are merged name by name, null removes, everything else replaces."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), value)
    return found


def tag_of(view: Mapping[str, Any] | None) -> str:
    """The ETag of a document: it changes whenever what is shown of it does, except by what others do (SHARED)."""
    view = {name: item for name, item in view.items() if name not in (*SHARED, CLOCK)} if view else view
    return '"' + hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()[:32] + '"'


def tagged(view: V, status: int | None = None) -> Response[V]:
    """The answer that shows a document, with its ETag."""
    return Response(view, status, {"ETag": tag_of(view)})


async def store(
    call: Call[Any, Any],
    *,
    read: Callable[[], Awaitable[D]],
    view: Callable[[D], Mapping[str, Any] | None],
    write: Callable[[D], Awaitable[N]],
    target: Callable[[D], Mapping[str, Any] | None] | None = None,
) -> N:
    """Change a document as it is now; decided again on the fresh one when somebody else was faster.

    `target`: what a patch is put on, where that is not what is shown.
    Raises PreconditionFailed where the caller has read another one (`If-Match`).
    """

    async def change() -> N:
        before = await read()
        versions = call.versions()
        seen = view(before)
        if isinstance(call.body, Patch):
            # A patch that is at fault, or has nothing to change, is told so, whatever version it is meant for.
            given(call, target(before) if target else seen)
        if versions is not None and not (
            versions & {tag_of(seen).strip('"')} or ("*" in versions and seen is not None)
        ):
            now = (
                say("The ETag is %(tag)s now.", tag=tag_of(seen)) if seen is not None else say("There is nothing yet.")
            )
            raise PreconditionFailed(details=[Detail("preconditionFailed", now, "If-Match")])
        return await write(before)

    return await until_won(change)


def given(call: Call[Any, Any], view: Mapping[str, Any] | None) -> Any:
    """The document that the body means: itself, or the patch on the one there is; raises NotFound without one."""
    if not isinstance(call.body, Patch):
        return call.body
    if view is None:
        raise NotFound
    return call.body.onto(view)
