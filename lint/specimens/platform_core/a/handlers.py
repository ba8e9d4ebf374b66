import litestar
from litestar import asgi, websocket
from litestar.handlers import HTTPRouteHandler

from platform_core.users.routes import local_path
from platform_core.web.pages import redirect
from platform_core.web.routing import get, post


@get("/a", permission="a.view", name="a:page")
def page(request, session, actor):
    return redirect(request, "/a")


@get("/a/b", name="a:open")  # found: route-without-permission
def opened(request):
    return None


@post("/a/b", name="a:open_post")  # found: route-without-permission
def opened_post(request, form):
    return redirect(request, form.get("next"))  # found: redirect-where-the-sender-says


@litestar.get("/c", name="a:c")  # found: route-past-the-decorators
def past(request):
    target = request.query_params.get("next", "/")
    return redirect(request, target)  # found: redirect-where-the-sender-says


@asgi("/d")  # found: route-past-the-decorators
def raw(scope, receive, send):
    return None


@websocket("/e")  # found: route-past-the-decorators
def socket(socket):
    return None


@post("/f", permission="a.edit", name="a:f")
def f(request, session, form, made):
    response = redirect(request, local_path(form.get("next")))
    response.headers["location"] = f"{request.headers.get('referer')}#top"  # found: redirect-where-the-sender-says
    saved = made.save(session, form.get("name"))
    return redirect(request, saved.url)


handler = HTTPRouteHandler("/g")  # found: route-past-the-decorators
