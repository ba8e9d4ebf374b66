"""A browser for tests: keeps a user's cookie, sends the CSRF token, speaks htmx when asked."""

from __future__ import annotations

from typing import Any

from httpx import Client, Response

from platform_core.app import Runtime
from platform_core.users import sessions
from platform_core.users.models import User

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


class Browser:
    """Requests go through the whole application; only the sign-in form is skipped.

    `client` is a TestClient for an application in this process, or any other for a server with the same database.
    """

    def __init__(self, runtime: Runtime, client: Client, cookie: str = "", csrf: str = "") -> None:
        self._runtime = runtime
        self._client = client
        self.cookie = cookie
        self.csrf = csrf

    def sign_in(self, user: User) -> Browser:
        """A browser that `user` is signed in with."""
        settings = self._runtime.settings
        with self._runtime.database.system_session("sign in for a test") as session:
            account = session.get_one(User, user.id)
            cookie = sessions.open_session(session, settings, account, ip="127.0.0.1", agent="test")
            session.flush()
            identity = sessions.by_cookie(session, settings, str(cookie.value))
        assert identity is not None
        csrf = self._runtime.vault.sign("csrf", str(identity.session_id))
        return Browser(self._runtime, self._client, f"{cookie.key}={cookie.value}", csrf)

    def token(self, user: User, *, changes_rights: bool = False) -> Browser:
        """A program that holds a bearer token of `user`."""
        with self._runtime.database.system_session("token for a test") as session:
            account = session.get_one(User, user.id)
            token = sessions.create_api_token(session, account, "test", changes_rights=changes_rights)
        return Browser(self._runtime, self._client, f"Bearer {token}")

    def get(self, url: str, *, htmx: bool = False, **options: Any) -> Response:
        return self._send("GET", url, HTMX if htmx else {}, options)

    def post(self, url: str, data: dict[str, Any] | None = None, *, htmx: bool = False, **options: Any) -> Response:
        return self._send("POST", url, HTMX if htmx else {}, {"data": data, **options} if data is not None else options)

    def request(self, method: str, url: str, **options: Any) -> Response:
        return self._send(method, url, {}, options)

    def _send(self, method: str, url: str, extra: dict[str, str], options: dict[str, Any]) -> Response:
        headers = {**extra, **options.pop("headers", {})}
        if self.cookie.startswith("Bearer "):
            headers["Authorization"] = self.cookie
        elif self.cookie:
            headers["Cookie"] = f"{self.cookie}; {headers['Cookie']}" if "Cookie" in headers else self.cookie
            headers.setdefault("X-CSRF-Token", self.csrf)
        self._client.cookies.clear()
        answer = self._client.request(method, url, headers=headers, follow_redirects=False, **options)
        self._follow(answer)
        return answer

    def _follow(self, answer: Response) -> None:
        """Take a new token of one's own session, as a browser does."""
        name = self.cookie.partition("=")[0]
        fresh = answer.cookies.get(name) if "=" in self.cookie else None
        if fresh and self.csrf:
            with self._runtime.database.system_session("a renewed session of a test") as session:
                identity = sessions.by_cookie(session, self._runtime.settings, fresh)
            if identity is not None and self._runtime.vault.verify("csrf", str(identity.session_id), self.csrf):
                self.cookie = f"{name}={fresh}"
