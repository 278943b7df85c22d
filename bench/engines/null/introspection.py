"""What asyncpg asks of a server before it sends an array of bigint (phase 2-F), and what PostgreSQL answers.

Recorded of asyncpg 0.32 (``introspection.INTRO_LOOKUP_TYPES``) and PostgreSQL 15.20: the types int8 and int8[], in the
binary format that it asks for. It switches ``jit`` off meanwhile, where the server's version has it.
"""

from struct import Struct

COLUMN = Struct("!ihihih")
ASKS = "WITH RECURSIVE typeinfo_tree"
PARAMETERS = (1028,)
"""An array of object ids."""
COLUMNS = (
    ("oid", 26, 4), ("ns", 19, 64), ("name", 19, 64), ("kind", 18, 1), ("basetype", 26, 4), ("elemtype", 26, 4),
    ("elemdelim", 18, 1), ("range_subtype", 26, 4), ("attrtypoids", 1028, -1), ("attrnames", 1009, -1),
    ("depth", 23, 4), ("basetype_name", 25, -1), ("elemtype_name", 25, -1), ("range_subtype_name", 25, -1),
)  # fmt: skip
"""Name, type and size of each."""
INT8 = (b"\0\0\0\x14", b"pg_catalog", b"int8", b"b", None, b"\0\0\0\0", *[None] * 4, b"\0\0\0\1", None, b"-", None)
INT8_ARRAY = (
    b"\0\0\3\xf8", b"pg_catalog", b"_int8", b"b", None, b"\0\0\0\x14", b",", *[None] * 3, b"\0\0\0\0", None, b"bigint",
    None,
)  # fmt: skip
