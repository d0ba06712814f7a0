# SPDX-License-Identifier: LGPL-2.1-or-later
"""Nova's own compute API for flavors, and the openstack client as its administrator.

Real: the API's routes, policies and validation, its database (SQLite), the client.  Stood
in for: keystone (Nova's noauth2), the web server around the application (wsgiref), and the
part of api-paste.ini that is for other things.

usage: api.py PLACE PORT     serves"""

import json
import os
import shutil
import subprocess
import sys

PASTE = """[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/v2.1: version
/v2.1/+: compute
[pipeline:compute]
pipeline = faultwrap noauth2 routes
[filter:faultwrap]
paste.filter_factory = nova.api.openstack:FaultWrapper.factory
[filter:noauth2]
paste.filter_factory = nova.api.openstack.auth:NoAuthMiddleware.factory
[app:routes]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory
[app:version]
paste.app_factory = nova.api.openstack.compute.versions:VersionsV2.factory
"""
SETTINGS = """[DEFAULT]
state_path = {place}
log_file = {place}/api.log
[api]
auth_strategy = noauth2
[api_database]
connection = sqlite:///{place}/api.sqlite
[database]
connection = sqlite:///{place}/main.sqlite
[oslo_concurrency]
lock_path = {place}/locks
"""
PORT = 8774


def serve(place, port):
    from wsgiref.simple_server import WSGIRequestHandler, make_server
    from nova import config, objects, rpc
    from nova import conf as nova_conf
    from nova.db import migration
    from paste.deploy import loadapp

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_):
            pass

    with open(f"{place}/api.conf", "w") as file:
        file.write(SETTINGS.format(place=place))
    with open(f"{place}/api-paste.ini", "w") as file:
        file.write(PASTE)
    objects.register_all()
    config.parse_args(["nova-api", "--config-file", f"{place}/api.conf"])
    nova_conf.CONF.set_override("transport_url", "fake:/")
    rpc.init(nova_conf.CONF)
    for database in ("api", "main"):
        migration.db_sync(database=database)
    make_server("127.0.0.1", port, loadapp(f"config:{place}/api-paste.ini",
                                           name="osapi_compute"),
                handler_class=Quiet).serve_forever()


def missing():
    """the Debian package that is not there, if one is not"""
    return None if shutil.which("openstack") else "python3-openstackclient"


class Api:
    """serves while it is open"""

    def __init__(self, place):
        self.place = f"{place}/api"
        self.process = None

    def __enter__(self):
        import lab
        os.makedirs(self.place)
        with open(f"{self.place}/output", "w") as output:
            self.process = subprocess.Popen(
                [sys.executable, __file__, self.place, str(PORT)], stdout=output,
                stderr=output)
        lab.until(self._answers)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def _answers(self):
        """Nova's API is up"""
        import socket
        assert self.process.poll() is None, open(f"{self.place}/output").read()[-2000:]
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", PORT)) == 0

    @staticmethod
    def environment():
        """the administrator's; 2.86 is the first version that validates extra specs"""
        return {**os.environ, "OS_AUTH_TYPE": "admin_token", "OS_TOKEN": "admin:admin",
                "OS_ENDPOINT": f"http://127.0.0.1:{PORT}/v2.1/",
                "OS_COMPUTE_API_VERSION": "2.86"}

    def flavor(self, name):
        """as a dictionary"""
        done = subprocess.run(["openstack", "flavor", "show", name, "-f", "json"],
                              env=self.environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


if __name__ == "__main__":
    # not the directory of this file, which has modules of its own
    sys.path.pop(0)
    serve(sys.argv[1], int(sys.argv[2]))
