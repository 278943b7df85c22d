"""Root mounts for an ordinary user: the mount is made with root's rights, all else is done with the user's.

A user's own mount needs a device that he may open, and fusermount3; root's only the kernel (fuse.rst, mount options).
"""

import ctypes
import os
import pwd
import signal
import sys

NAME = "pgladder-power"
"""Of the file system, in the list of mounts."""
LIBC = ctypes.CDLL(None, use_errno=True)
NOSUID, NODEV, DETACH = 2, 4, 2
"""Of mount(2) and umount2(2)."""
PDEATHSIG = 1
"""Of prctl(2)."""


def mounted_for(name: str, mount: str) -> str:
    """Mount an empty connection for a user, and go on in a child as that user; return what libfuse is to serve.

    The parent, still root, waits for the child and unmounts, however the child ends.

    Raises:
        OSError: the kernel does not mount it.

    """
    user = pwd.getpwnam(name)
    connection = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={connection},rootmode=40000,user_id={user.pw_uid},group_id={user.pw_gid}"
    if LIBC.mount(NAME.encode(), mount.encode(), b"fuse", NOSUID | NODEV, options.encode()):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), mount)
    child = os.fork()
    if child:
        _unmount_after(child, connection, mount)
    _become(user)
    os.set_inheritable(connection, True)
    return f"/dev/fd/{connection}"


def _unmount_after(child: int, connection: int, mount: str) -> None:
    os.close(connection)
    # Who ordered us about sees the child's end by it.
    for each in (sys.stdin, sys.stdout):
        os.close(each.fileno())
    _, status = os.waitpid(child, 0)
    LIBC.umount2(mount.encode(), DETACH)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _become(user: pwd.struct_passwd) -> None:
    """Give up root's rights for a user's, and end when the parent does."""
    parent = os.getppid()
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    LIBC.prctl(PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
