"""A receiver of webhooks on loopback: it takes, fails, hangs, closes or redirects, as the path says."""

import asyncio

from aiohttp import web

from tests.loopback import listen


class Receiver:
    """A server on loopback that remembers what came."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.targets: list[str] = []
        self.port = 0

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_route("*", "/{name:.*}", self._take)
        runner, self.port = await listen(app)
        return runner

    async def _take(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        # The request line as it stood on the wire, nothing decoded.
        self.targets.append(request.raw_path)
        self.requests.append((name, dict(request.headers), await request.read()))
        match name:
            case "hang":
                await asyncio.sleep(5)
            case "close":
                assert request.transport is not None
                request.transport.abort()
            case "redirect":
                raise web.HTTPFound("/ok")
            case "busy":
                return web.Response(status=429, headers={"Retry-After": "7200"})
            case "later":
                return web.Response(status=503, headers={"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"})
            case "big":
                return web.Response(status=500, body=b"\x00\xff" * 1_000_000)
            case "packed":
                answer = web.Response(body=b'\xef\xbb\xbf{\r\n"id": 7\r\n}')
                answer.enable_compression()
                return answer
            case "echo":
                return web.Response(body=await request.read())
            case "ok":
                return web.Response(text="thanks")
        return web.Response(status=int(name) if name.isdigit() else 200)
