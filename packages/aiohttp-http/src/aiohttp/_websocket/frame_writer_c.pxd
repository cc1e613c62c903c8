# The C types of frame_writer.py for its compiled build, frame_writer_c; no behaviour.

import cython

from aiohttp._websocket._masking cimport framed

cdef Py_ssize_t MAX_SYNC_DEFLATE
cdef Py_ssize_t MIN_SEPARATE_PAYLOAD
cdef int FRAMES_WRITTEN_AT_ONCE
cdef Py_ssize_t MAX_GATHERED
cdef Py_ssize_t MAX_GATHERED_PAYLOAD
cdef int MAX_CONTROL_PAYLOAD
cdef int _FIN
cdef int _RSV1
cdef int _CONTROL
cdef int _CLOSE


cdef class WebSocketWriter:
    cdef public object protocol
    cdef public object transport
    cdef public bint use_mask
    cdef public int compress
    cdef public bint notakeover
    cdef object _keys
    cdef public Py_ssize_t _limit
    cdef Py_ssize_t _output_size
    cdef int _in_a_row
    cdef list _gathered
    cdef Py_ssize_t _gathered_size
    cdef bint _turn_due
    cdef bint _closing
    cdef object _compressor
    cdef object _last_job

    @cython.locals(bits=int)
    cpdef object write(self, object message, int opcode, object compress=*)

    @cython.locals(size=Py_ssize_t, frame=bytes)
    cdef object _write_frame(self, int first, object message)

    cdef int _await_turn(self) except -1

    @cython.locals(frames=list)
    cpdef object flush(self)
