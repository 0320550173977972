#ifndef CORTEXM_MBEDTLS_CONFIG_H
#define CORTEXM_MBEDTLS_CONFIG_H

// mbedtls' options, over the ones that MicroPython shares among its ports.

#include <time.h>

time_t mbedtls_port_time(time_t *timer);
#define MBEDTLS_PLATFORM_TIME_MACRO         mbedtls_port_time
#define MBEDTLS_PLATFORM_MS_TIME_ALT        mbedtls_ms_time

#define MICROPY_MBEDTLS_CONFIG_BARE_METAL   (1)

// A P-256 handshake is several times as fast with it.
#define MBEDTLS_ECP_NIST_OPTIM

// Certificates and keys as the files that openssl and certificate authorities give, and chains of several.
#define MBEDTLS_PEM_PARSE_C
#define MBEDTLS_BASE64_C

#include "extmod/mbedtls/mbedtls_config_common.h"

#endif // CORTEXM_MBEDTLS_CONFIG_H
