# Twins of the two tokenizers in head.py: the same signatures, the same results.
#
# They take a whole, plainly right head apart and return None for everything else; what is wrong
# with it, head.py says.  Nothing here knows a rule about a field.  No byte outside of the given
# object is read: each access is behind a comparison with `stop`.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Calloc
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_DecodeASCII, PyUnicode_DecodeUTF8
from libc.stdint cimport uint64_t
from libc.string cimport memchr, memcmp, memcpy

cdef extern from "Python.h":
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 maxchar)
    void* PyUnicode_1BYTE_DATA(object text)

from aiohttp._h1.kinds import HttpVersion10, HttpVersion11
from aiohttp._h1.names import KNOWN, LEARNED, resolve
from aiohttp._h1.section import TCHAR_BYTES

cdef object VERSION_10 = HttpVersion10
cdef object VERSION_11 = HttpVersion11
cdef dict learned = LEARNED

# --- Classes of bytes ---

cdef enum:
    IS_TCHAR = 1   # RFC 9110 §5.6.2
    IS_TARGET = 2  # no control, space or DEL
    IS_VALUE = 4   # RFC 9110 §5.5: VCHAR, obs-text, SP, HTAB

cdef unsigned char classes[256]


cdef void fill_classes():
    cdef int byte
    for byte in range(256):
        classes[byte] = 0
        if byte in TCHAR_BYTES:
            classes[byte] |= IS_TCHAR
        if byte > 0x20 and byte != 0x7F:
            classes[byte] |= IS_TARGET
        if (byte >= 0x20 and byte != 0x7F) or byte == 0x09:
            classes[byte] |= IS_VALUE


fill_classes()

# --- Known names: an open hash table, filled here and never changed, so any thread may read it ---

cdef struct Slot:
    const char* text
    Py_ssize_t size
    PyObject* name
    unsigned int mark

cdef enum:
    SLOTS = 2048  # a power of two, several times the number of names

cdef Slot* slots = <Slot*>PyMem_Calloc(SLOTS, sizeof(Slot))
if slots is NULL:
    raise MemoryError
# Owns what the slots point to.
cdef list slot_owners = []


cdef inline unsigned int place(const unsigned char* text, Py_ssize_t size) noexcept nogil:
    # Length, both ends and the middle tell the known names apart well enough.
    return <unsigned int>(
        size * 0x9E37 + text[0] * 0x85EB + text[size - 1] * 0xC2B3 + text[size >> 1] * 0x27D5
    ) & (SLOTS - 1)


cdef void fill_slots() except *:
    cdef unsigned int at
    cdef bytes text
    for text, (name, mark) in KNOWN.items():
        slot_owners.append((text, name))
        at = place(<const unsigned char*>PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text))
        while slots[at].text is not NULL:
            at = (at + 1) & (SLOTS - 1)
        slots[at].text = PyBytes_AS_STRING(text)
        slots[at].size = PyBytes_GET_SIZE(text)
        slots[at].name = <PyObject*>name
        slots[at].mark = mark


fill_slots()


cdef object shared_name(const unsigned char* text, Py_ssize_t size, unsigned int* mark):
    """The object that stands for a name, and its mark; `size` is at least 1."""
    cdef unsigned int at = place(text, size)
    while slots[at].text is not NULL:
        if slots[at].size == size and memcmp(slots[at].text, text, size) == 0:
            mark[0] = slots[at].mark
            return <object>slots[at].name
        at = (at + 1) & (SLOTS - 1)
    cdef bytes spelled = PyBytes_FromStringAndSize(<const char*>text, size)
    entry = learned.get(spelled)
    if entry is None:
        entry = resolve(spelled)
    name, bit = <tuple>entry
    mark[0] = bit
    return name


# --- Frequent methods ---

cdef tuple METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")
cdef tuple METHOD_BYTES = tuple([method.encode() for method in METHODS])


cdef str shared_method(const unsigned char* text, Py_ssize_t size):
    cdef Py_ssize_t i
    cdef bytes spelled
    for i in range(7):
        spelled = <bytes>METHOD_BYTES[i]
        if PyBytes_GET_SIZE(spelled) == size and memcmp(PyBytes_AS_STRING(spelled), text, size) == 0:
            return <str>METHODS[i]
    return PyUnicode_DecodeASCII(<const char*>text, size, NULL)


# --- Text ---

cdef enum Text:
    NOT_TEXT = 0    # there are controls
    ASCII_TEXT = 1
    OTHER_TEXT = 2  # UTF-8 or something else


cdef inline Text kind_of_text(const unsigned char* p, const unsigned char* stop) noexcept nogil:
    """What the bytes of a value are; eight at a time."""
    cdef uint64_t word, flipped
    cdef uint64_t all_bits = 0
    cdef int i
    while stop - p >= 8:
        memcpy(&word, p, 8)
        all_bits |= word
        # Sets the high bit of each byte below 0x20, and of each that is 0x7F.
        flipped = word ^ <uint64_t>0x7F7F7F7F7F7F7F7F
        if (
            ((word - <uint64_t>0x2020202020202020) & ~word)
            | ((flipped - <uint64_t>0x0101010101010101) & ~flipped)
        ) & <uint64_t>0x8080808080808080:
            # HTAB is below 0x20 and right; and a borrow may have marked a neighbour.
            for i in range(8):
                if not classes[p[i]] & IS_VALUE:
                    return NOT_TEXT
        p += 8
    while p < stop:
        if not classes[p[0]] & IS_VALUE:
            return NOT_TEXT
        all_bits |= p[0]
        p += 1
    return OTHER_TEXT if all_bits & <uint64_t>0x8080808080808080 else ASCII_TEXT


cdef inline void trim(const unsigned char** start, const unsigned char** stop) noexcept nogil:
    """Take optional white space off both ends (RFC 9110 §5.6.3)."""
    while start[0] < stop[0] and (start[0][0] == c" " or start[0][0] == c"\t"):
        start[0] += 1
    while start[0] < stop[0] and ((stop[0] - 1)[0] == c" " or (stop[0] - 1)[0] == c"\t"):
        stop[0] -= 1


cdef inline str text_of(const unsigned char* start, const unsigned char* stop, Text kind):
    cdef str text
    if kind == ASCII_TEXT and stop - start > 1:
        text = PyUnicode_New(stop - start, 127)
        memcpy(PyUnicode_1BYTE_DATA(text), start, stop - start)
        return text
    # The empty text and those of one character are shared objects, which this returns.
    return PyUnicode_DecodeUTF8(<const char*>start, stop - start, "surrogateescape")


# --- The field section ---

cdef const unsigned char* take_section(
    const unsigned char* p,
    const unsigned char* stop,
    Py_ssize_t longest,
    Py_ssize_t most,
    list fields,
    unsigned int* seen,
    unsigned int* repeated,
) except? NULL:
    """Append the fields to the list; where the empty line begins, NULL if it is not so plain."""
    cdef const unsigned char* name
    cdef const unsigned char* colon
    cdef const unsigned char* value
    cdef const unsigned char* value_stop
    cdef const unsigned char* lf
    cdef unsigned int mark = 0
    cdef Py_ssize_t count = 0
    cdef Text kind
    while stop - p >= 2:
        if p[0] == c"\r":
            return p if p[1] == c"\n" else NULL
        name = p
        while p < stop and classes[p[0]] & IS_TCHAR:
            p += 1
        if p == name or p == stop or p[0] != c":":
            return NULL
        colon = p
        value = p + 1
        lf = <const unsigned char*>memchr(value, c"\n", stop - value)
        # The byte before LF is inside: at the least it is the colon.
        if lf is NULL or (lf - 1)[0] != c"\r":
            return NULL
        value_stop = lf - 1
        count += 1
        if value_stop - name > longest or count > most:
            return NULL
        trim(&value, &value_stop)
        kind = kind_of_text(value, value_stop)
        if kind == NOT_TEXT:
            return NULL
        shared = shared_name(name, colon - name, &mark)
        repeated[0] |= seen[0] & mark
        seen[0] |= mark
        fields.append((shared, text_of(value, value_stop, kind)))
        p = lf + 1
    return NULL


# --- Heads ---

def tokenize_request(
    bytes data not None,
    Py_ssize_t start,
    Py_ssize_t max_line_size,
    Py_ssize_t max_field_size,
    Py_ssize_t max_headers,
):
    cdef const unsigned char* base = <const unsigned char*>PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    if start < 0 or start >= size:
        return None
    cdef const unsigned char* stop = base + size
    cdef const unsigned char* method = base + start
    cdef const unsigned char* p = method
    while p < stop and classes[p[0]] & IS_TCHAR:
        p += 1
    if p == method or p == stop or p[0] != c" ":
        return None
    cdef const unsigned char* method_stop = p
    p += 1
    cdef const unsigned char* target = p
    while p < stop and classes[p[0]] & IS_TARGET:
        p += 1
    cdef const unsigned char* target_stop = p
    # " HTTP/1.x" and CRLF
    if p == target or stop - p < 11 or memcmp(p, b" HTTP/1.", 8) != 0:
        return None
    if (p[8] != c"1" and p[8] != c"0") or p[9] != c"\r" or p[10] != c"\n":
        return None
    if p + 9 - method > max_line_size:
        return None
    version = VERSION_11 if p[8] == c"1" else VERSION_10
    p += 11
    cdef const unsigned char* section = p
    cdef unsigned int seen = 0
    cdef unsigned int repeated = 0
    cdef list fields = []
    p = take_section(p, stop, max_field_size + 2, max_headers, fields, &seen, &repeated)
    if p is NULL:
        return None
    return (
        shared_method(method, method_stop - method),
        text_of(target, target_stop, OTHER_TEXT),
        version,
        fields,
        PyBytes_FromStringAndSize(<const char*>section, p - section),
        seen,
        repeated,
        p + 2 - base,
    )


def tokenize_response(
    bytes data not None,
    Py_ssize_t start,
    Py_ssize_t max_line_size,
    Py_ssize_t max_field_size,
    Py_ssize_t max_headers,
):
    cdef const unsigned char* base = <const unsigned char*>PyBytes_AS_STRING(data)
    cdef Py_ssize_t size = PyBytes_GET_SIZE(data)
    # "HTTP/1.x ddd " and CRLF
    if start < 0 or size - start < 15:
        return None
    cdef const unsigned char* stop = base + size
    cdef const unsigned char* p = base + start
    if memcmp(p, b"HTTP/1.", 7) != 0 or (p[7] != c"1" and p[7] != c"0") or p[8] != c" ":
        return None
    if not (c"1" <= p[9] <= c"9" and c"0" <= p[10] <= c"9" and c"0" <= p[11] <= c"9"):
        return None
    if p[12] != c" ":
        return None
    version = VERSION_11 if p[7] == c"1" else VERSION_10
    cdef int code = (p[9] - 48) * 100 + (p[10] - 48) * 10 + (p[11] - 48)
    cdef const unsigned char* reason = p + 13
    cdef const unsigned char* lf = <const unsigned char*>memchr(reason, c"\n", stop - reason)
    # The byte before LF is inside: at the least it is the space.
    if lf is NULL or (lf - 1)[0] != c"\r":
        return None
    cdef const unsigned char* reason_stop = lf - 1
    if reason_stop - p > max_line_size or kind_of_text(reason, reason_stop) == NOT_TEXT:
        return None
    trim(&reason, &reason_stop)
    p = lf + 1
    cdef const unsigned char* section = p
    cdef unsigned int seen = 0
    cdef unsigned int repeated = 0
    cdef list fields = []
    p = take_section(p, stop, max_field_size + 2, max_headers, fields, &seen, &repeated)
    if p is NULL:
        return None
    return (
        version,
        code,
        text_of(reason, reason_stop, OTHER_TEXT),
        fields,
        PyBytes_FromStringAndSize(<const char*>section, p - section),
        seen,
        repeated,
        p + 2 - base,
    )
