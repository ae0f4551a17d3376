"""Looking at a daemon from outside, and waiting for what it does."""
import os
import sys
import time


def option(name, default):
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


def resident(daemon):
    with open("/proc/%d/statm" % daemon.process.pid) as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def open_files(daemon):
    return len(os.listdir("/proc/%d/fd" % daemon.process.pid))


def wait_until(holds, seconds):
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
