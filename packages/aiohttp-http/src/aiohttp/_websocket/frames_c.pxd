# The C types of frames.py for its compiled build, frames_c; no behaviour.

import cython

from aiohttp._websocket._masking cimport Gathering, gather, holder, masked, unmasked
from aiohttp._websocket._models cimport new_message
from aiohttp._websocket.message_queue_c cimport WebSocketDataQueue

cdef int NOTHING
cdef int CONTINUATION
cdef int TEXT
cdef int BINARY
cdef int CLOSE
cdef int PING
cdef int PONG
cdef int FIN
cdef int RESERVED
cdef int RSV1
cdef int WHOLE_TEXT
cdef int WHOLE_BINARY
cdef int UNMASKED
cdef int MASKED
cdef int EITHER
cdef int READING
cdef int CLOSED
cdef int FAILED
cdef int MAX_CONTROL_PAYLOAD
cdef Py_ssize_t SMALL_PIECE
cdef int MAX_DEFLATE_STREAMS
cdef int GATHERED_FROM

cdef object MSG_TEXT
cdef object MSG_BINARY
cdef object MSG_PING
cdef object MSG_PONG
cdef object MSG_CLOSE
cdef type _WSMessage
cdef type _WSMessageTextBytes
cdef object utf_8_decode
cdef tuple _OK
cdef tuple _ERROR
cdef bytes WS_DEFLATE_TRAILING


@cython.locals(buf="const unsigned char *", length="unsigned long long")
cdef unsigned long long _long_length(object data, Py_ssize_t pos, int width) except? 0


cdef class FrameReader:
    cdef long long _max_msg_size
    cdef bint _compress
    cdef int _mask_rule
    cdef int _state
    cdef bint _stalled
    cdef bytes _held
    cdef long long _frame_left
    cdef long long _frame_seen
    cdef bint _frame_final
    cdef int _frame_opcode
    cdef bytes _frame_key
    cdef Gathering _gathering
    cdef int _opcode
    cdef bint _compressed
    cdef long long _wire_size

    cpdef object _handle_frame(self, bint fin, int opcode, bytes payload, bint compressed)

    cdef bint _wants_whole(self) except -1

    @cython.locals(
        buf="const unsigned char *", size=Py_ssize_t, pos=Py_ssize_t, used=Py_ssize_t
    )
    cpdef object _feed_data(self, object data, Py_ssize_t end=*)

    @cython.locals(
        buf="const unsigned char *",
        first=int,
        second=int,
        opcode=int,
        plain=bint,
        is_masked=int,
        width=int,
        length="unsigned long long",
        whole=bint,
        pos=Py_ssize_t,
        stop=Py_ssize_t,
        payload=bytes,
    )
    cdef Py_ssize_t _parse_frame(self, object data, Py_ssize_t start, Py_ssize_t end) except -1

    cdef int _begin_parts(self, int first, int opcode, long long length, bytes key) except -1

    @cython.locals(
        buf="const unsigned char *",
        size=Py_ssize_t,
        left="long long",
        stop=Py_ssize_t,
        gathering=Gathering,
        piece=bytes,
    )
    cdef Py_ssize_t _take_part(self, object data, Py_ssize_t start, Py_ssize_t end) except -1

    @cython.locals(opcode=int)
    cdef int _hand_on_part(self, bytes piece) except -1

    cdef int _hand_on(self, bint fin, int opcode, bytes payload) except -1

    @cython.locals(opcode=int, reserved=int, is_masked=int)
    cdef int _check_head(self, int first, int second) except -1

    @cython.locals(limit="long long", allowed="long long")
    cdef int _count_frame(self, int first, int opcode, long long length) except -1


cdef class WebSocketReader(FrameReader):
    # Typed, so that messages go in by a C call: this build feeds that queue only.
    cdef WebSocketDataQueue _queue
    cdef bint _decode_text
    cdef object _new_inflater
    cdef object _inflater
    cdef bint _text
    cdef list _pieces
    cdef long long _size
    cdef bytes _carry
    cdef int _streams
    cdef bint _eof

    cpdef tuple feed_first(self, object data, Py_ssize_t size)
    cdef int _fail(self, object exc) except -1
    cdef bint _wants_whole(self) except -1
    cpdef object _handle_frame(self, bint fin, int opcode, bytes payload, bint compressed)
    cdef int _handle_control(self, int opcode, bytes payload) except -1

    @cython.locals(code=int)
    cdef int _handle_close(self, bytes payload) except -1

    @cython.locals(pieces=list)
    cdef int _handle_part(self, bint fin, bytes data) except -1

    @cython.locals(size=Py_ssize_t, pieces=list)
    cdef int _add(self, bytes data) except -1

    @cython.locals(known=bytes, carry=bytes, used=Py_ssize_t)
    cdef int _check_text(self, bytes data) except -1

    cdef int _deliver(self, bytes data) except -1
    cdef int _put(self, object message, Py_ssize_t size) except -1

    @cython.locals(limit="long long", size="long long", output=bytes, piece=bytes)
    cdef bytes _inflate(self, bytes data, bint final)

    cdef int _check_before_fault(self, bytes output) except -1

    cdef object _begin_stream(self, bytes output)
