# The compiled twin of masking.py: the same functions, no opinion.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from libc.stdint cimport uint64_t
from libc.string cimport memcpy


cdef void _mask_into(
    char *target, const char *source, Py_ssize_t size, const char *key, Py_ssize_t offset
) noexcept nogil:
    cdef char pattern[8]
    cdef uint64_t word, pattern_word
    cdef Py_ssize_t i
    for i in range(8):
        pattern[i] = key[(offset + i) & 3]
    memcpy(&pattern_word, pattern, 8)
    # Words by memcpy: any alignment and byte order; compilers make vector instructions of it.
    for i in range(size >> 3):
        memcpy(&word, source + 8 * i, 8)
        word ^= pattern_word
        memcpy(target + 8 * i, &word, 8)
    for i in range(size & ~7, size):
        target[i] = source[i] ^ pattern[i & 7]


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
    memcpy(target, PyBytes_AS_STRING(head), head_size)
    _mask_into(
        target + head_size, PyBytes_AS_STRING(data) + start, size, PyBytes_AS_STRING(key), offset
    )
    return result


cpdef bytes framed(int first, bytes payload, bytes key):
    if payload is None or (key is not None and PyBytes_GET_SIZE(key) != 4):
        raise ValueError("framed() needs a payload of bytes and a key of 4 bytes, or None")
    cdef Py_ssize_t size = PyBytes_GET_SIZE(payload)
    cdef int length_width = 0 if size < 126 else 2 if size < 65536 else 8
    cdef int head_size = 2 + length_width + (0 if key is None else 4)
    cdef bytes result = PyBytes_FromStringAndSize(NULL, head_size + size)
    cdef char *target = PyBytes_AS_STRING(result)
    cdef int mask_bit = 0 if key is None else 0x80
    cdef int i
    target[0] = <char>first
    if length_width == 0:
        target[1] = <char>(mask_bit | size)
    else:
        target[1] = <char>(mask_bit | (126 if length_width == 2 else 127))
        for i in range(length_width):
            target[2 + i] = <char>((<uint64_t>size >> (8 * (length_width - 1 - i))) & 0xFF)
    if key is None:
        memcpy(target + head_size, PyBytes_AS_STRING(payload), size)
    else:
        memcpy(target + head_size - 4, PyBytes_AS_STRING(key), 4)
        _mask_into(target + head_size, PyBytes_AS_STRING(payload), size, PyBytes_AS_STRING(key), 0)
    return result
