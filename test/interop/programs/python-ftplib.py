"""Does one task with Python's ftplib; the task is JSON in the first argument."""

import ftplib
import json
import ssl
import sys


class ImplicitFtp(ftplib.FTP_TLS):
    """ftplib has no implicit mode: the subclass that its users write wraps the socket as soon as it is there."""

    _sock = None

    @property
    def sock(self):
        return self._sock

    @sock.setter
    def sock(self, value):
        if value is not None and not isinstance(value, ssl.SSLSocket):
            value = self.context.wrap_socket(value, server_hostname=self.host)
        self._sock = value


def connect(task):
    if task["mode"] == "plain":
        ftp = ftplib.FTP()
    else:
        context = ssl.create_default_context(cafile=task["caFile"])
        ftp = {"explicit": ftplib.FTP_TLS, "implicit": ImplicitFtp}[task["mode"]](context=context)
    ftp.connect(task["host"], task["port"], timeout=15)
    ftp.login(task["user"], task["password"])
    if task["mode"] != "plain":
        ftp.prot_p()
    ftp.set_pasv(not task["operation"].startswith("active"))
    ftp.cwd(task["folder"])
    return ftp


def get(ftp, task, is_rest):
    with open(task["local"], "ab" if is_rest else "wb") as file:
        ftp.retrbinary("RETR " + task["remote"], file.write, rest=file.tell() if is_rest else None)


def put(ftp, task, is_rest):
    ftp.voidcmd("TYPE I")  # SIZE counts octets of the current type
    with open(task["local"], "rb") as file:
        rest = ftp.size(task["remote"]) if is_rest else None
        file.seek(rest or 0)
        ftp.storbinary("STOR " + task["remote"], file, rest=rest)


task = json.loads(sys.argv[1])
words = task["operation"].split()
ftp = connect(task)
if words[-1] == "list":
    for name, facts in ftp.mlsd():
        print(facts["type"], name)
    ftp.dir()
else:
    {"get": get, "put": put}[words[-1]](ftp, task, words[0] == "resume")
ftp.quit()
