import asyncio
import json
import marshal
import os
import pickle
import re
import shelve
import shutil
import subprocess

import dramatiq
import jinja2
import yaml


def escaping(environment, source):
    jinja2.Environment(autoescape=True)  # found: escaping-off
    jinja2.Template(source)  # found: escaping-off
    environment.from_string(source)  # found: escaping-off
    environment.autoescape = False  # found: escaping-off
    return environment.get_template("a/page.html")


def objects(data, file):
    pickle.loads(data)  # found: objects-out-of-bytes
    marshal.loads(data)  # found: objects-out-of-bytes
    shelve.open(file)  # found: objects-out-of-bytes
    yaml.load(data)  # found: objects-out-of-bytes
    dramatiq.set_encoder(dramatiq.PickleEncoder())  # found: objects-out-of-bytes
    return json.loads(data)


def code(words):
    eval(words)  # found: code-out-of-text
    exec(words)  # found: code-out-of-text
    compile(words, "a", "exec")  # found: code-out-of-text
    __import__(words)  # found: code-out-of-text
    return re.compile(words)


def shells(words):
    subprocess.run(f"ls {words}", shell=True, check=True)  # found: shell
    os.system(words)  # found: shell
    os.popen(words)  # found: shell
    subprocess.getoutput(words)  # found: shell
    asyncio.create_subprocess_shell(words)  # found: shell
    return subprocess.run(["ls", words], check=True)


def unpacking(archive, file):
    archive.extractall("a")  # found: archive-unpacked-blindly
    archive.extract("b")  # found: archive-unpacked-blindly
    shutil.unpack_archive(file)  # found: archive-unpacked-blindly
    return archive.read("b")
