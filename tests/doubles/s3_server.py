"""Serve moto's S3 alone on a port of the loopback address, until it is killed: `python s3_server.py PORT`."""

import sys

from moto.moto_server.werkzeug_app import MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server


class _Quiet(MotoRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 the name is werkzeug's
        """Tell no request: that would take a tenth of the time."""


def make_s3_server(port: int) -> BaseWSGIServer:
    """Port 0 takes a free one. moto's own server looks for the service of each request, which takes as long again."""
    return make_server("127.0.0.1", port, create_backend_app("s3"), threaded=True, request_handler=_Quiet)


if __name__ == "__main__":
    # as other S3 servers do, it keeps connections: making one for each request costs both ends a quarter of it
    _Quiet.protocol_version = "HTTP/1.1"
    _Quiet.disable_nagle_algorithm = True
    make_s3_server(int(sys.argv[1])).serve_forever()
