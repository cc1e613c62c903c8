# The compiled twin of masking.masked_py: the same signature, no opinion.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t
from libc.string cimport memcpy


cpdef bytes masked(
    bytes key, bytes data, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t offset=0, bytes head=b""
):
    if (
        key is None
        or data is None
        or head is None
        or PyBytes_GET_SIZE(key) != 4
        or not 0 <= start <= stop <= PyBytes_GET_SIZE(data)
    ):
        raise ValueError("masked() needs a key of 4 bytes and 0 <= start <= stop <= len(data)")
    cdef Py_ssize_t size = stop - start
    cdef Py_ssize_t head_size = PyBytes_GET_SIZE(head)
    cdef bytes result = PyBytes_FromStringAndSize(NULL, head_size + size)
    cdef char *target = PyBytes_AS_STRING(result)
    cdef const char *source = PyBytes_AS_STRING(data) + start
    cdef const char *mask = PyBytes_AS_STRING(key)
    cdef char pattern[8]
    cdef uint64_t word, pattern_word
    cdef Py_ssize_t i
    for i in range(8):
        pattern[i] = mask[(offset + i) & 3]
    memcpy(&pattern_word, pattern, 8)
    memcpy(target, PyBytes_AS_STRING(head), head_size)
    target += head_size
    # Words by memcpy: any alignment and byte order; compilers make vector instructions of it.
    for i in range(size >> 3):
        memcpy(&word, source + 8 * i, 8)
        word ^= pattern_word
        memcpy(target + 8 * i, &word, 8)
    for i in range(size & ~7, size):
        target[i] = source[i] ^ pattern[i & 7]
    return result
