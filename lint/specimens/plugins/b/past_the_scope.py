from sqlalchemy import create_engine, literal_column, select, table, text

from baton_plugins.b.models import Entry
from platform_core.api import PUBLIC, get


def entries(session, database, actor, context):
    session.execute(text("SELECT 1"))  # found: plugin-past-the-scope
    session.execute(select(literal_column("1")))  # found: plugin-past-the-scope
    session.execute(select(table("b_entry")))  # found: plugin-past-the-scope
    session.execute(select(Entry.__table__))  # found: plugin-past-the-scope
    session.connection().exec_driver_sql("SELECT 1")  # found: plugin-past-the-scope
    database.system_session("why not")  # found: plugin-past-the-scope
    database.open_session()  # found: plugin-past-the-scope
    create_engine("sqlite://")  # found: plugin-past-the-scope
    session.info["actor"] = actor  # found: plugin-past-the-scope
    session.commit()  # found: plugin-past-the-scope
    session.add(Entry())
    context.database.system_session("b: forget what is old")
    context.database.system_session(actor)  # found: plugin-past-the-scope
    Entry.__table__.alias("b_scope_entry")
    return session.scalars(select(Entry).where(Entry.name == "text()"))


@get("/b", permission=PUBLIC, name="b:open")  # found: public-route-of-a-plugin
def opened(request):
    return None


@get("/b/c", permission="public", name="b:open_too")  # found: public-route-of-a-plugin
def opened_too(request):
    return None
