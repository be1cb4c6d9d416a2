cimport numpy as np

cdef class Till:
    cdef int total

    cpdef int add(self, int price) except -1:
        """Adds a price."""
        return self.total + price

cdef inline double _mean(double[:] values) nogil:
    return values[0]

def plain(x):
    return x
