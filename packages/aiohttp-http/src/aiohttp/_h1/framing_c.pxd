# C types of the compiled build of framing.py.

cdef object BodyKind
cdef object _NONE
cdef object _LENGTH
cdef object _CHUNKED
cdef object _UNTIL_CLOSE

cdef unsigned int _DECISIVE
cdef unsigned int _SINGLETONS
cdef unsigned int _HOST
cdef unsigned int _CONTENT_LENGTH
cdef unsigned int _TRANSFER_ENCODING
cdef unsigned int _CONNECTION
cdef unsigned int _UPGRADE
cdef unsigned int _EXPECT
cdef unsigned int _CONTENT_ENCODING
cdef unsigned int _HIXIE_KEY

cdef object _CONNECTION_NAME
cdef object _CONTENT_LENGTH_NAME
cdef object _HOST_NAME
cdef object _TRANSFER_ENCODING_NAME

cdef object _NO_OPTIONS
cdef dict _FREQUENT_OPTIONS
cdef set KNOWN_HOSTS
cdef object check_host

cdef class Framing:
    cdef readonly object kind
    cdef readonly object length
    cdef readonly bint keep_alive
    cdef readonly bint upgrade
    cdef readonly bint expect_continue
    cdef readonly object compression

cdef Framing _KEEPS
cdef Framing _CLOSES

cdef object content_length(str text)
cdef str the_one_length(list values)
cdef list _members(list values)
cdef bint is_chunked(list values) except -1
cdef object _connection_options(headers)
cdef bint _persists(version, options) except -1
cdef object _request_framing(method, version, unsigned int seen, headers)
cdef tuple _request_body(unsigned int seen, headers)
cdef tuple _response_body(
    method, int code, unsigned int seen, unsigned int repeated, headers, bint lenient
)

cpdef request_framing(method, version, unsigned int seen, unsigned int repeated, headers)
cpdef response_framing(
    method,
    version,
    int code,
    unsigned int seen,
    unsigned int repeated,
    headers,
    bint lenient,
    bint until_close,
)
