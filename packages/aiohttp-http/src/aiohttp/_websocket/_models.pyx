# The compiled twin of new_message() in models.py: the same function, no opinion.

from cpython.object cimport PyTypeObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE, PyTuple_SET_ITEM
from cpython.type cimport PyType_IsSubtype


cdef extern from "Python.h":
    object PyType_GenericAlloc(PyTypeObject *type, Py_ssize_t items)
    void PyObject_GC_UnTrack(void *object)


cpdef object new_message(type cls, tuple items):
    if cls is None or items is None or not PyType_IsSubtype(cls, tuple):
        raise TypeError(f"expected a class of tuples, and a tuple; got {cls!r} and {items!r}")
    cdef Py_ssize_t i
    cdef object item
    cdef object message = PyType_GenericAlloc(<PyTypeObject *>cls, PyTuple_GET_SIZE(items))
    for i in range(PyTuple_GET_SIZE(items)):
        item = <object>PyTuple_GET_ITEM(items, i)
        Py_INCREF(item)
        PyTuple_SET_ITEM(message, i, item)
    # Nothing in a message leads back to it, and a flood of them would have the collector run.
    PyObject_GC_UnTrack(<void *>message)
    return message
