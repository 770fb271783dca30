"""How freed memory goes back to the system. For glibc; other C libraries are left as they are."""

import ctypes

# From malloc.h.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE_BLOCK = 256 * 1024


def give_back_large_blocks():
    """Make malloc return each block of 256 KB or more as soon as it is freed. Before any thread.

    By itself it stops doing so when it has seen pictures come and go (its threshold rises to
    32 MB), and each thread then keeps the peak of its own arena. Set here, not by MALLOC_…
    variables, it holds however the process was started.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # macOS, musl
        return
    mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
    mallopt(M_ARENA_MAX, 1)
