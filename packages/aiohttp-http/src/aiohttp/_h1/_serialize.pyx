# Twin of serialize.py's head serializer, for text without controls.  Everything else is given to
# that one, which says what is wrong.

from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.unicode cimport PyUnicode_Check
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) except NULL

cdef enum:
    # Most heads fit here; longer ones are moved to the heap.
    ON_STACK = 2048


cdef struct Buffer:
    char* start
    Py_ssize_t used
    Py_ssize_t size
    bint on_heap


cdef inline bint is_plain(const unsigned char* p, Py_ssize_t size) noexcept nogil:
    """Whether there are no controls but HTAB; eight bytes at a time."""
    cdef const unsigned char* stop = p + size
    cdef uint64_t word, flipped
    cdef int i
    while stop - p >= 8:
        memcpy(&word, p, 8)
        flipped = word ^ <uint64_t>0x7F7F7F7F7F7F7F7F
        if (
            ((word - <uint64_t>0x2020202020202020) & ~word)
            | ((flipped - <uint64_t>0x0101010101010101) & ~flipped)
        ) & <uint64_t>0x8080808080808080:
            for i in range(8):
                if (p[i] < 0x20 and p[i] != 0x09) or p[i] == 0x7F:
                    return False
        p += 8
    while p < stop:
        if (p[0] < 0x20 and p[0] != 0x09) or p[0] == 0x7F:
            return False
        p += 1
    return True


cdef int reserve(Buffer* buffer, Py_ssize_t more) except -1:
    """Make room for so many bytes."""
    cdef Py_ssize_t size = buffer.size
    cdef char* moved
    if more <= size - buffer.used:
        return 0
    while more > size - buffer.used:
        size *= 2
    if buffer.on_heap:
        moved = <char*>PyMem_Realloc(buffer.start, size)
    else:
        moved = <char*>PyMem_Malloc(size)
    if moved is NULL:
        raise MemoryError
    if not buffer.on_heap:
        memcpy(moved, buffer.start, buffer.used)
        buffer.on_heap = True
    buffer.start = moved
    buffer.size = size
    return 0


cdef int put(Buffer* buffer, object text, const char* after) except -1:
    """Append a text and two bytes; 0 if the text is not plain."""
    cdef Py_ssize_t size
    cdef const char* encoded
    if not PyUnicode_Check(text):
        return 0
    encoded = PyUnicode_AsUTF8AndSize(text, &size)
    if not is_plain(<const unsigned char*>encoded, size):
        return 0
    reserve(buffer, size + 2)
    memcpy(buffer.start + buffer.used, encoded, size)
    memcpy(buffer.start + buffer.used + size, after, 2)
    buffer.used += size + 2
    return 1


cdef object serialize_in_python(start_line, headers):
    # Not at the top: serialize.py imports this module.
    from aiohttp._h1.serialize import py_serialize_head

    return py_serialize_head(start_line, headers)


def serialize_head(start_line, headers):
    cdef char stack[ON_STACK]
    cdef Buffer buffer
    buffer.start = stack
    buffer.used = 0
    buffer.size = ON_STACK
    buffer.on_heap = False
    try:
        if not put(&buffer, start_line, b"\r\n"):
            return serialize_in_python(start_line, headers)
        for name, value in headers.items():
            if not put(&buffer, name, b": ") or not put(&buffer, value, b"\r\n"):
                return serialize_in_python(start_line, headers)
        reserve(&buffer, 2)
        memcpy(buffer.start + buffer.used, b"\r\n", 2)
        return PyBytes_FromStringAndSize(buffer.start, buffer.used + 2)
    finally:
        if buffer.on_heap:
            PyMem_Free(buffer.start)
