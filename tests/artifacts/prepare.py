"""Makes the bucket and the container that the tests of the stores use: prepare.py S3_ADDRESS AZURE_ADDRESS"""

import base64
import hashlib
import hmac
import sys
import time
import urllib.error
import urllib.request
from email.utils import formatdate

ACCOUNT = "devstoreaccount1"
# The key that every Azurite has.
KEY = base64.b64decode("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==")
VERSION = "2021-08-06"


def put(url, headers):
    for attempt in range(100):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method="PUT", headers=headers)) as answer:
                assert answer.status in (200, 201), answer.status
            return
        except ConnectionError as error:
            refused = error
        except urllib.error.URLError as error:
            if isinstance(error, urllib.error.HTTPError) or not isinstance(error.reason, ConnectionError):
                raise
            refused = error
        time.sleep(0.1)
    raise refused


s3, azure = sys.argv[1:]
put(f"{s3}/bucket", {})
date = formatdate(usegmt=True)
text = f"PUT{chr(10) * 12}x-ms-date:{date}\nx-ms-version:{VERSION}\n/{ACCOUNT}/{ACCOUNT}/container\nrestype:container"
signature = base64.b64encode(hmac.new(KEY, text.encode(), hashlib.sha256).digest()).decode()
headers = {"x-ms-date": date, "x-ms-version": VERSION, "Authorization": f"SharedKey {ACCOUNT}:{signature}"}
put(f"{azure}/{ACCOUNT}/container?restype=container", headers)
