cpdef object new_message(type cls, tuple items)
