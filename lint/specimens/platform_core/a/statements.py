from sqlalchemy import literal_column, text


def statements(session, connection, name, words):
    session.execute(text(f"SELECT 1 FROM {name}"))  # found: sql-made-of-text
    session.execute(text("SELECT 1 FROM %s" % name))  # found: sql-made-of-text
    session.execute(text(words))  # found: sql-made-of-text
    literal_column("a." + name)  # found: sql-made-of-text
    connection.exec_driver_sql(words)  # found: sql-made-of-text
    connection.execute(f"PRAGMA {name}")  # found: sql-made-of-text
    connection.execute("SELECT " + name)  # found: sql-made-of-text
    connection.execute("SELECT {}".format(name))  # found: sql-made-of-text
    session.execute(text("SELECT 1 FROM a WHERE b = :b"), {"b": name})
    connection.exec_driver_sql("PRAGMA optimize")
    literal_column("1")
    session.execute(words)
