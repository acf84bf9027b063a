"""Calls to servers on this machine, as httpx makes them.

None speaks TLS; httpx would read the certificates of the whole world for each call (60 ms of processor time).
"""

from functools import partial

import httpx

request = partial(httpx.request, verify=False)
get = partial(request, "GET")
post = partial(request, "POST")
Client = partial(httpx.Client, verify=False)
AsyncClient = partial(httpx.AsyncClient, verify=False)
