cdef class Gathering:
    cdef bytes _payload
    cdef bytes _key
    cdef Py_ssize_t _offset
    cdef Py_ssize_t _used

    cpdef Py_ssize_t add(self, object data, Py_ssize_t start, Py_ssize_t stop) except -1
    cpdef bytes take(self)
    cdef Py_ssize_t left(self)


cpdef object holder(object data, Py_ssize_t size)
cpdef Gathering gather(Py_ssize_t size, bytes key, Py_ssize_t offset)
cpdef bytes masked(bytes key, object data, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t offset=*)
cpdef bytes unmasked(object data, Py_ssize_t start, Py_ssize_t stop)
cpdef bytes framed(int first, bytes payload, bytes key)
