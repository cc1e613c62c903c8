cpdef bytes masked(bytes key, bytes data, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t offset=*, bytes head=*)
