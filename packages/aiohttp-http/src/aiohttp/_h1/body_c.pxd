# C types of the compiled build of body.py.

cimport cython

cdef bytes _HEX
cdef object _SIZE
cdef object _DATA
cdef object _DATA_END
cdef object _TRAILERS

cdef class LengthBody:
    cdef object _length
    cdef long long _missing
    cdef readonly bint done
    cdef readonly bint at_chunk_end
    cdef readonly object trailers

    @cython.locals(end=Py_ssize_t)
    cpdef tuple take(self, bytes data, Py_ssize_t start)

cdef class UntilCloseBody:
    cdef readonly bint done
    cdef readonly bint at_chunk_end
    cdef readonly object trailers

cdef class ChunkedBody:
    cdef object _limits
    cdef bint _lenient
    cdef object _most_trailers
    cdef object _expect
    cdef long long _missing
    cdef object _overhead
    cdef object _lines
    cdef object _extra
    cdef readonly bint done
    cdef readonly bint at_chunk_end
    cdef readonly object trailers

    @cython.locals(size=Py_ssize_t, end=Py_ssize_t)
    cpdef tuple take(self, bytes data, Py_ssize_t start)
    @cython.locals(at=Py_ssize_t, stop=Py_ssize_t, chunk="long long", digit=int, size=Py_ssize_t)
    cdef Py_ssize_t _take_size(self, bytes data, Py_ssize_t start) except -1
    cdef Py_ssize_t _take_size_line(self, bytes data, Py_ssize_t start) except -1
    cdef object _begin_chunk(self, long long size)
    cdef Py_ssize_t _take_data_end(self, bytes data, Py_ssize_t start) except -1
    cdef Py_ssize_t _take_trailer(self, bytes data, Py_ssize_t start) except -1
