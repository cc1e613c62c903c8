# The compiled twin of masking.py: the same functions and the same class, no opinion.

from cpython.bytearray cimport PyByteArray_AS_STRING, PyByteArray_Check, PyByteArray_GET_SIZE
from cpython.buffer cimport PyBuffer_IsContiguous
from cpython.bytes cimport (
    PyBytes_AS_STRING, PyBytes_Check, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
)
from cpython.memoryview cimport PyMemoryView_Check, PyMemoryView_GET_BUFFER
from libc.stdint cimport uint64_t
from libc.string cimport memcpy


cpdef object holder(object data, Py_ssize_t size):
    cdef const void *start
    if PyByteArray_Check(data):
        return data
    if PyMemoryView_Check(data) and PyBuffer_IsContiguous(PyMemoryView_GET_BUFFER(data), b"C"):
        start = PyMemoryView_GET_BUFFER(data).buf
        held = data.obj
        if PyByteArray_Check(held) and start == PyByteArray_AS_STRING(held):
            return held
    return bytes(data[:size])


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


cdef const char *_source(object data, Py_ssize_t start, Py_ssize_t stop, bytes key) except NULL:
    """Return where ``data[start:stop]`` begins, having made sure that it is there."""
    if 0 <= start <= stop and (key is None or PyBytes_GET_SIZE(key) == 4):
        if PyBytes_Check(data) and stop <= PyBytes_GET_SIZE(data):
            return PyBytes_AS_STRING(data) + start
        if PyByteArray_Check(data) and stop <= PyByteArray_GET_SIZE(data):
            return PyByteArray_AS_STRING(data) + start
    raise ValueError("masked() needs a key of 4 bytes and 0 <= start <= stop <= len(data)")


cpdef bytes masked(bytes key, object data, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t offset=0):
    if key is None:
        raise ValueError("masked() needs a key; got None")
    cdef const char *source = _source(data, start, stop, key)
    cdef bytes result = PyBytes_FromStringAndSize(NULL, stop - start)
    _mask_into(PyBytes_AS_STRING(result), source, stop - start, PyBytes_AS_STRING(key), offset)
    return result


cpdef bytes unmasked(object data, Py_ssize_t start, Py_ssize_t stop):
    cdef const char *key = _source(data, start - 4, stop, None)
    cdef bytes result = PyBytes_FromStringAndSize(NULL, stop - start)
    _mask_into(PyBytes_AS_STRING(result), key + 4, stop - start, key, 0)
    return result


cdef class Gathering:
    def __init__(self, Py_ssize_t size, bytes key, Py_ssize_t offset):
        self._payload = PyBytes_FromStringAndSize(NULL, size)
        self._key = key
        self._offset = offset
        self._used = 0

    cpdef Py_ssize_t add(self, object data, Py_ssize_t start, Py_ssize_t stop) except -1:
        cdef const char *source = _source(data, start, stop, self._key)
        cdef Py_ssize_t size = stop - start
        cdef Py_ssize_t left = self.left() - size
        if left < 0:
            raise ValueError(f"expected at most {left + size} bytes; got {size}")
        cdef char *target = PyBytes_AS_STRING(self._payload) + self._used
        if self._key is None:
            memcpy(target, source, size)
        else:
            _mask_into(
                target, source, size, PyBytes_AS_STRING(self._key), self._offset + self._used
            )
        self._used += size
        return left

    cpdef bytes take(self):
        if self.left():
            raise ValueError(f"expected {self.left()} more bytes")
        cdef bytes payload = self._payload
        self._payload = b""
        self._used = 0
        return payload

    cdef Py_ssize_t left(self):
        return PyBytes_GET_SIZE(self._payload) - self._used


cpdef Gathering gather(Py_ssize_t size, bytes key, Py_ssize_t offset):
    return Gathering(size, key, offset)


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
