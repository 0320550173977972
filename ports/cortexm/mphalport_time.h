#ifndef CORTEXM_MPHALPORT_TIME_H
#define CORTEXM_MPHALPORT_TIME_H

#include <stdint.h>

// Starts the clock and asks the platform what time it is.
void mp_hal_time_init(void);

// Seconds since 1970-01-01 00:00:00 UTC; counts from 0 at the start if the platform does not know the time.
uint64_t mp_hal_time_s(void);

// Sets the wall clock; what measures intervals is not touched.
void mp_hal_set_time_ns(uint64_t nanoseconds);

#endif // CORTEXM_MPHALPORT_TIME_H
