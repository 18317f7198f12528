"""Fetches one file with Python's ftplib: TRUST HOST PORT USER PASSWORD FILE CA; TRUST is checked or unchecked."""

import ftplib
import ssl
import sys

trust, host, port, user, password, name, ca = sys.argv[1:]
context = {"context": ssl.create_default_context(cafile=ca)} if trust == "checked" else {}
ftp = ftplib.FTP_TLS(**context)
ftp.connect(host, int(port), timeout=8)
ftp.login(user, password)
ftp.prot_p()
with open("out", "wb") as file:
    ftp.retrbinary("RETR " + name, file.write)
ftp.quit()
