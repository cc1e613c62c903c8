# The C types of receive_buffer.py for its compiled build, receive_buffer_c; no behaviour.

from aiohttp._websocket._masking cimport holder
from aiohttp._websocket.frames_c cimport WebSocketReader


cdef class ReceiveBuffer:
    # Typed, so that bytes go in by a C call: this build feeds that reader only.
    cdef WebSocketReader _reader
    cdef bytearray _buffer
    cdef object _view

    cpdef object buffer_updated(self, Py_ssize_t nbytes)
