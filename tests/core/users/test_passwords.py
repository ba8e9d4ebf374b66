"""The password policy and its hashes."""

from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher
from hypothesis import given, settings
from hypothesis import strategies as st

from platform_core.kernel.i18n import speaking
from platform_core.users import passwords


@pytest.mark.parametrize(
    "password",
    [
        "password123!", "P@ssw0rd2026", "Welcome2026!", "qwertyuiop12", "1234567890ab", "aaaaaaaaaaaa", "abcabcabcabc",
        "admin1234567", "zxcvbnm12345", "0987654321", "iloveyou!!!!", "Summer2026!!", "qwerty123456", "letmein12345",
        "13800001111", "woaini5201314", "crmadmin2026", "changeme!!!!", "asdfghjkl;12",
    ],
)  # fmt: skip
def test_passwords_that_everybody_tries_are_refused(password):
    assert passwords.is_common(password)
    with speaking("en"):
        assert "first that others try" in passwords.problem(password)


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Grüne-Wiese-im-Mai", "三只小猪盖房子去了呀", "tr0ub4dor&3kz", "vkqzjwmxhp"]
)
def test_other_passwords_are_fine_without_digits_or_capitals(password):
    assert passwords.problem(password) == ""


def test_short_and_long_and_personal_ones_are_refused():
    with speaking("en"):
        assert "10" in passwords.problem("kq7vmz2px")
        assert "128" in passwords.problem("x1y2" * 40)
        assert "own name" in passwords.problem("wangfang-82", login="wangfang")
        assert passwords.problem("wangfang likes green tea", login="wangfang") == ""


def test_a_hash_has_owasps_parameters_and_fits_its_password_only():
    stored = passwords.hash_password("correct horse battery")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(stored, "correct horse battery")
    assert not passwords.verify(stored, "correct horse battery ")
    assert not passwords.verify("", "nobody has this password")
    assert not passwords.verify("not a hash", "x")


def test_hashes_of_other_parameters_are_outdated():
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse battery")
    assert passwords.verify(weak, "correct horse battery")
    assert passwords.is_outdated(weak)
    assert not passwords.is_outdated(passwords.hash_password("correct horse battery"))


def test_no_more_than_two_hashes_are_computed_at_once(monkeypatch):
    running, most, lock = [0], [0], threading.Lock()
    inside = threading.Barrier(2, timeout=10)
    real = passwords._hasher.hash

    def observed(password):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        inside.wait()
        try:
            return real(password)
        finally:
            with lock:
                running[0] -= 1

    monkeypatch.setattr(passwords, "_hasher", type("Observed", (), {"hash": staticmethod(observed)}))
    threads = [threading.Thread(target=passwords.hash_password, args=("correct horse battery",)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert most[0] == 2


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gets_an_answer(password):
    assert isinstance(passwords.problem(password), str)
    assert isinstance(passwords.is_common(password), bool)


def test_nothing_behind_the_longest_password_is_cut_off():
    longest = "correct horse " * 10
    stored = passwords.hash_password(longest[: passwords.MAXIMUM])
    assert passwords.verify(stored, longest[: passwords.MAXIMUM])
    assert not passwords.verify(stored, longest)
