import hashlib
import hmac
import logging
import random
import secrets
import ssl
import uuid
from datetime import UTC, date, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import modes

from platform_core.kernel import clock

_log = logging.getLogger(__name__)


def chance():
    random.choice("abc")  # found: chance-that-can-be-guessed
    random.SystemRandom()  # found: chance-that-can-be-guessed
    uuid.uuid1()  # found: chance-that-can-be-guessed
    uuid.uuid4()
    return secrets.token_urlsafe(32)


def digests(data):
    hashlib.md5(data)  # found: weak-digest
    hashlib.sha1(data)  # found: weak-digest
    hashlib.new("md5", data)  # found: weak-digest
    hashes.SHA1()  # found: weak-digest
    modes.ECB()  # found: weak-digest
    return hashlib.sha256(data)


def compared(row, form, token, data):
    assert token == form.get("token")  # found: secrets-compared-in-steps
    assert row.signature != data  # found: secrets-compared-in-steps
    assert token != ""
    assert data.password == data.again
    assert form.get("password") != form.get("again")
    return hmac.compare_digest(token, data)


def logged(user, point, password):
    _log.info("signed in with %s", password)  # found: secret-in-the-log
    _log.warning("called %s of %s", point.phone, user.id)  # found: secret-in-the-log
    _log.error(f"wrong password {user.password}")  # found: secret-in-the-log
    print(user.token)  # found: secret-in-the-log
    _log.info("%s signed in", user.id)


def moments(seconds):
    datetime.now()  # found: clock-of-the-machine
    datetime.utcnow()  # found: clock-of-the-machine
    datetime.today()  # found: clock-of-the-machine
    date.today()  # found: clock-of-the-machine
    datetime.fromtimestamp(seconds)  # found: clock-of-the-machine
    datetime.utcfromtimestamp(seconds)  # found: clock-of-the-machine
    datetime.fromtimestamp(seconds, UTC)
    return clock.now(), clock.today()


def peers(client, context):
    client.get("https://peer.example", verify=False)  # found: unproved-peer
    ssl._create_unverified_context()  # found: unproved-peer
    context.verify_mode = ssl.CERT_NONE  # found: unproved-peer
    context.check_hostname = False  # found: unproved-peer
    return ssl.create_default_context()
