// What mbedtls asks of a port: entropy and time.

#include "py/mpconfig.h"

#if MICROPY_SSL_MBEDTLS

#include "py/mphal.h"
#include "shared/timeutils/timeutils.h"

#include "mbedtls_config_port.h"
#include "mbedtls/entropy.h"
#include "mbedtls/platform_time.h"

#include "mphalport_time.h"
#include "random.h"

int mbedtls_hardware_poll(void *data, unsigned char *output, size_t len, size_t *olen) {
    if (!random_bytes(output, len)) {
        return MBEDTLS_ERR_ENTROPY_SOURCE_FAILED;
    }
    *olen = len;
    return 0;
}

time_t mbedtls_port_time(time_t *timer) {
    time_t now = mp_hal_time_s();
    if (timer != NULL) {
        *timer = now;
    }
    return now;
}

mbedtls_ms_time_t mbedtls_ms_time(void) {
    return mp_hal_time_ns() / 1000000;
}

// mbedtls compares a certificate's dates with it.
struct tm *gmtime(const time_t *when) {
    static struct tm tm;
    timeutils_struct_time_t split;
    timeutils_seconds_since_epoch_to_struct_time(*when, &split);
    tm = (struct tm) {
        .tm_sec = split.tm_sec,
        .tm_min = split.tm_min,
        .tm_hour = split.tm_hour,
        .tm_mday = split.tm_mday,
        .tm_mon = split.tm_mon - 1,
        .tm_year = split.tm_year - 1900,
        .tm_wday = (split.tm_wday + 1) % 7,     // MicroPython's weeks begin on Monday
        .tm_yday = split.tm_yday - 1,
    };
    return &tm;
}

#endif // MICROPY_SSL_MBEDTLS
