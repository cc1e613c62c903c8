cdef class Framing:
    cdef readonly object kind
    cdef readonly object length
    cdef readonly bint keep_alive
    cdef readonly bint upgrade
    cdef readonly bint expect_continue
    cdef readonly object compression
