# Twins of two functions of serialize.py, for text without controls.  Everything else is given to
# those, which say what is wrong.

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_Clear
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from cpython.unicode cimport PyUnicode_Check
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object text, Py_ssize_t* size) noexcept

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
    if encoded is NULL:
        # Surrogates, which are octets of a peer that were no UTF-8: Python's codec knows them.
        PyErr_Clear()
        return 0
    if not is_plain(<const unsigned char*>encoded, size):
        return 0
    reserve(buffer, size + 2)
    memcpy(buffer.start + buffer.used, encoded, size)
    memcpy(buffer.start + buffer.used + size, after, 2)
    buffer.used += size + 2
    return 1


cdef bint[256] IN_NAMES
for _byte in range(256):
    IN_NAMES[_byte] = _byte >= 0x20 and _byte != 0x7f and _byte != 0x3a  # as serialize._NAME


cdef int put_name(Buffer* buffer, object text) except -1:
    """Append a name, colon and space; 0 if the name would be read in another way."""
    cdef Py_ssize_t size, i
    cdef const unsigned char* encoded
    if not PyUnicode_Check(text):
        return 0
    encoded = <const unsigned char*>PyUnicode_AsUTF8AndSize(text, &size)
    if encoded is NULL:
        PyErr_Clear()
        return 0
    if size == 0 or encoded[0] == 0x20 or encoded[size - 1] == 0x20:
        return 0
    for i in range(size):
        if not IN_NAMES[encoded[i]]:
            return 0
    reserve(buffer, size + 2)
    memcpy(buffer.start + buffer.used, encoded, size)
    memcpy(buffer.start + buffer.used + size, b": ", 2)
    buffer.used += size + 2
    return 1


cdef int put_bytes(Buffer* buffer, const char* data, Py_ssize_t size) except -1:
    reserve(buffer, size)
    memcpy(buffer.start + buffer.used, data, size)
    buffer.used += size
    return 0


@cython.cdivision(True)
cdef int put_number(Buffer* buffer, Py_ssize_t number) except -1:
    """Append a number that is not negative."""
    cdef char digits[20]  # the most of 64 bits
    cdef int at = 20
    while True:
        at -= 1
        digits[at] = <char>(c"0" + number % 10)
        number //= 10
        if number == 0:
            break
    return put_bytes(buffer, digits + at, 20 - at)


cdef object serialize_in_python(start_line, headers):
    # Not at the top: serialize.py imports this module.
    from aiohttp._h1.serialize import py_serialize_head

    return py_serialize_head(start_line, headers)


cdef object ordinary_in_python(status, reason, content_type, length, end, body):
    from aiohttp._h1.serialize import py_ordinary_response

    return py_ordinary_response(status, reason, content_type, length, end, body)


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
            if not put_name(&buffer, name) or not put(&buffer, value, b"\r\n"):
                return serialize_in_python(start_line, headers)
        reserve(&buffer, 2)
        memcpy(buffer.start + buffer.used, b"\r\n", 2)
        return PyBytes_FromStringAndSize(buffer.start, buffer.used + 2)
    finally:
        if buffer.on_heap:
            PyMem_Free(buffer.start)


def ordinary_response(
    Py_ssize_t status, reason, content_type, Py_ssize_t length, bytes end not None, bytes body not None
):
    cdef char stack[ON_STACK]
    cdef Buffer buffer
    cdef Py_ssize_t size = PyBytes_GET_SIZE(body)
    cdef bytes response
    buffer.start = stack
    buffer.used = 0
    buffer.size = ON_STACK
    buffer.on_heap = False
    if status < 0 or length < 0:
        return ordinary_in_python(status, reason, content_type, length, end, body)
    try:
        put_bytes(&buffer, b"HTTP/1.1 ", 9)
        put_number(&buffer, status)
        put_bytes(&buffer, b" ", 1)
        if not put(&buffer, reason, b"\r\n"):
            return ordinary_in_python(status, reason, content_type, length, end, body)
        if content_type is not None:
            put_bytes(&buffer, b"Content-Type: ", 14)
            if not put(&buffer, content_type, b"\r\n"):
                return ordinary_in_python(status, reason, content_type, length, end, body)
        put_bytes(&buffer, b"Content-Length: ", 16)
        put_number(&buffer, length)
        put_bytes(&buffer, PyBytes_AS_STRING(end), PyBytes_GET_SIZE(end))
        # The body may be large: it is copied once.
        response = PyBytes_FromStringAndSize(NULL, buffer.used + size)
        memcpy(PyBytes_AS_STRING(response), buffer.start, buffer.used)
        memcpy(PyBytes_AS_STRING(response) + buffer.used, PyBytes_AS_STRING(body), size)
        return response
    finally:
        if buffer.on_heap:
            PyMem_Free(buffer.start)
