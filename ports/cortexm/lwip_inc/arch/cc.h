#ifndef CORTEXM_ARCH_CC_H
#define CORTEXM_ARCH_CC_H

// What lwIP asks of the compiler. The types and formats are lwIP's own defaults, from <stdint.h> and <inttypes.h>.

#include <assert.h>

#define LWIP_PLATFORM_DIAG(message)
#define LWIP_PLATFORM_ASSERT(message)   assert(!message)
#define LWIP_NO_CTYPE_H                 1

#endif // CORTEXM_ARCH_CC_H
