"""Run by pyftpdlib.sh: the library's TLS handler on an explicit and an implicit port."""

import logging
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

folder, home, explicit_port, implicit_port, passive_first, passive_last, tls_required = sys.argv[1:]
is_tuned = passive_first == "0"
logging.basicConfig(level=logging.INFO if is_tuned else logging.DEBUG, filename=f"{folder}/pyftpdlib.log")
accounts = DummyAuthorizer()
accounts.add_user("alice", "secret", home, perm="elradfmwMT")


class Explicit(TLS_FTPHandler):
    authorizer = accounts
    certfile = f"{folder}/certs/both.pem"
    passive_ports = None if is_tuned else range(int(passive_first), int(passive_last) + 1)
    permit_foreign_addresses = True
    tls_control_required = tls_required == "1"
    tls_data_required = tls_required == "1"


class Implicit(Explicit):
    """The library has no implicit mode: TLS starts here before the greeting is sent."""

    def handle(self):
        self.secure_connection(self.get_ssl_context())
        super().handle()


servers = [FTPServer(("127.0.0.1", int(explicit_port)), Explicit), FTPServer(("127.0.0.1", int(implicit_port)), Implicit)]
if is_tuned:
    for server in servers:
        server.max_cons = 4000
servers[0].serve_forever()
