"""A stand-in for Application Insights: takes what the exporter sends over a socket and keeps it."""

import gzip
import json
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

KEY = "00000000-0000-0000-0000-000000000001"


class Insights:
    """Running while inside; `envelopes` are what came, `text` is all of it as written."""

    def __init__(self) -> None:
        self.envelopes: list[dict[str, Any]] = []
        self.text = ""
        insights = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                count = insights.take(body.decode())
                answer = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """What makes a host send here, all of it and soon."""
        url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        return {
            "APPLICATIONINSIGHTS_CONNECTION_STRING": f"InstrumentationKey={KEY};IngestionEndpoint={url}",
            "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
            "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
            "OTEL_TRACES_SAMPLER": "always_on",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "OTEL_METRIC_EXPORT_INTERVAL": "500",
        }

    def take(self, body: str) -> int:
        """Keep what came; how much it was."""
        found = json.loads(body)
        self.text += body
        self.envelopes += found
        return len(found)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The contents of one kind: `RemoteDependencyData` are spans, `MetricData` metrics."""
        return [one["data"]["baseData"] for one in self.envelopes if one["data"]["baseType"] == kind]

    def wait_for(self, arrived: Callable[[], bool]) -> None:
        """The exporter sends a moment later."""
        ends = time.monotonic() + 30
        while not arrived():
            assert time.monotonic() < ends, self.text[-4000:]
            time.sleep(0.1)
