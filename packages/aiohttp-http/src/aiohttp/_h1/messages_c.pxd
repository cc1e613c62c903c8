# C types of the compiled build of messages.py.

cdef class RawMessage:
    pass

cdef class RawRequestMessage(RawMessage):
    cdef public object method
    cdef public object path
    cdef public object version
    cdef public object headers
    cdef object _raw_headers
    cdef public bint should_close
    cdef public object compression
    cdef public bint upgrade
    cdef public bint chunked
    cdef object _url

cdef class RawResponseMessage(RawMessage):
    cdef public object version
    cdef public object code
    cdef public object reason
    cdef public object headers
    cdef object _raw_headers
    cdef public bint should_close
    cdef public object compression
    cdef public bint upgrade
    cdef public bint chunked
