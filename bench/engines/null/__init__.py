"""A server that stores nothing: it shows how fast clients could be if the database took no time."""
