# C types of the compiled build of parser.py.

cimport cython

cdef object _HEAD
cdef object _BODY
cdef object _END
cdef object _FINISHED
cdef object _NO_BODY
cdef object _LENGTH
cdef object _CHUNKED

cdef object CIMultiDict
cdef object CIMultiDictProxy
cdef object ChunkedBody
cdef object LengthBody
cdef object UntilCloseBody
cdef object RawRequestMessage
cdef object RawResponseMessage
cdef object request_framing
cdef object response_framing
cdef object tokenize_request
cdef object tokenize_response

cdef class MessageParser:
    cdef readonly bint paused
    cdef object _sink
    cdef object _chunk_sink
    cdef object _limits
    cdef bint _lenient
    cdef object _max_line_size
    cdef object _max_field_size
    cdef object _max_headers
    cdef object _reading
    cdef object _head
    cdef object _body
    cdef bint _upgrade
    cdef bytes _data
    cdef Py_ssize_t _start
    cdef bytearray _held
    cdef bint _running
    cdef bint _eof

    cdef object _run(self)
    cdef bint _refill(self) except -1
    cdef object _drop(self)
    cdef object _read_body(self)
    cdef object _end_message(self)
    cdef object _open(self, message, framing)
    cdef object _finish(self)
    cdef object _fail(self, error)
    cdef object _message_ended(self)
    cdef object _read_head(self)

cdef class RequestParser(MessageParser):
    cdef bint _takes_whole
    cdef object _whole

    cdef object _read_head(self)
    @cython.locals(method=str, target=str)
    cdef object _deliver(self, tokens)

cdef class ResponseParser(MessageParser):
    cdef object _method
    cdef bint _until_close
    cdef bint _expected
    cdef bint _interim

    cdef object _message_ended(self)
    cdef object _read_head(self)
    cdef object _deliver(self, tokens)
