# SPDX-License-Identifier: MIT
"""A disk of our own that can lose power: an image on a loop device, with ext4 or xfs.

cut() shuts the filesystem down the way it does after a disaster: what was not flushed is gone
(`xfs_io -x -c shutdown` asks ext4 as well). Mounting it again replays its journal. Needs root, a
free loop device and xfsprogs; missing() says what is not there.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

IMAGE_MIB = 320  # xfs makes none below 300


def run(*argv, check=True):
    done = subprocess.run(argv, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise OSError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done


def missing(kind):
    """Why there can be no power cut here; None when there can."""
    if os.geteuid() != 0:
        return "mounting an image needs root"
    for program in ("losetup", "mount", "umount", "xfs_io", f"mkfs.{kind}"):
        if shutil.which(program) is None:
            return f"{program} is not installed (apt-get install xfsprogs e2fsprogs)"
    if kind not in pathlib.Path("/proc/filesystems").read_text().split() and \
            run("modprobe", kind, check=False).returncode != 0:
        return f"the kernel has no {kind}"
    if run("losetup", "-f", check=False).returncode != 0:
        return "no loop device is free"
    return None


def freeze(pid):
    """No thread of that process runs another instruction of its own. Without this, threads outlive the
    cut, which no thread outlives in the world: a fsync that was in the kernel when the filesystem was
    shut down may come back with 0, and a 200 would follow it."""
    os.kill(pid, signal.SIGSTOP)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        states = {stat_of(task) for task in pathlib.Path(f"/proc/{pid}/task").iterdir()}
        if states <= {"T", "t", "D"}:  # D is in a system call, and stops before it leaves it
            return
    raise OSError(f"process {pid} does not stop: {states}")


def stat_of(task):
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "T"  # it ended


class Disk:
    """One image, mounted at .path while it has power. in_memory: the image lies in /dev/shm."""

    def __init__(self, kind):
        self.kind = kind
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="b2o-disk-", dir=self.place()))
        self.image = self.base / "image"
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="b2o-mount-"))
        with open(self.image, "wb") as file:
            file.truncate(IMAGE_MIB << 20)
        run(f"mkfs.{kind}", "-q", str(self.image))
        self.mount()

    @staticmethod
    def place():
        """Memory is quick, and what is flushed to the image is flushed, whatever is below it."""
        shm = pathlib.Path("/dev/shm")
        return shm if shm.is_dir() and shutil.disk_usage(shm).free > 2 * IMAGE_MIB << 20 else None

    def mount(self):
        run("mount", "-o", "loop", str(self.image), str(self.path))

    def cut(self):
        """From this moment on nothing reaches the image."""
        run("xfs_io", "-x", "-c", "shutdown", str(self.path))

    def again(self):
        """Power is back. Nobody may have a file open there. A container that was started meanwhile
        has a copy of the mount: while it lasts the old filesystem does, shut down as it is."""
        run("umount", str(self.path))
        end = time.monotonic() + 60
        while run("losetup", "-j", str(self.image)).stdout:
            if time.monotonic() > end:
                raise OSError(f"{self.image} is still mounted in another mount namespace (a container's?)")
            time.sleep(0.005)
        self.mount()

    def remove(self):
        with contextlib.suppress(OSError):
            run("umount", str(self.path))
        shutil.rmtree(self.base, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()
