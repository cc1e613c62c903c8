# The C types of message_queue.py for its compiled build, message_queue_c; no behaviour.

import cython

cdef Py_ssize_t OVERHEAD
cdef object TEXT
cdef object BINARY

cdef class WebSocketDataQueue:
    cdef object _protocol
    cdef object _create_future
    cdef long long _high_water
    cdef long long _low_water
    cdef object _next
    cdef Py_ssize_t _next_size
    cdef object _row
    cdef public bint open
    cdef public bint reading
    cdef object _left
    cdef public object on_data
    cdef object _append
    cdef object _popleft
    cdef long long _size
    cdef bint _paused
    cdef object _stalled_reader
    cdef object _waiter
    cdef object _exception
    cdef bint _eof

    @cython.locals(size=Py_ssize_t)
    cpdef bint feed_data(self, object data, Py_ssize_t size) except -1

    cpdef object take(self)
    cpdef object wait(self)
    cpdef int leave(self) except -1

    @cython.locals(size=Py_ssize_t)
    cdef object _pop(self)

    cdef int _wake(self) except -1
    cdef void _go_on(self) except *


cdef class MessageIterator:
    cdef WebSocketDataQueue _queue
    cdef object _otherwise
