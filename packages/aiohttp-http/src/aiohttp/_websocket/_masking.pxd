cpdef bytes masked(bytes key, bytes data, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t offset=*, bytes head=*)
cpdef bytes framed(int first, bytes payload, bytes key)
