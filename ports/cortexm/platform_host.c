// The platform of an emulated board: services of the host, by semihosting.
//
// QEMU gets them as -semihosting-config enable=on,target=native,arg=microdot,arg=<key>=<value>,... with the keys
//   flash=<file>  the flash's contents, relative to QEMU's working directory; made when it is absent. No flash without.
//   id=<hex>      unique id, 16 hexadecimal digits
//   cut=<n>       the power fails at the n-th erase or program operation from the start: see nor.h
//   seed=<n>      repeatable randomness and time; in images built with BENCH=1 only

#include <stdlib.h>
#include <string.h>

#include "hostflash.h"
#include "platform.h"
#include "semihosting.h"

#define RANDOM_SOURCE   "/dev/urandom"
#define BENCH_EPOCH_S   (1700000000)

// An option's value has to last: the command line is kept, cut into words. The last byte stays 0.
static char command_line[256];

// The value of <key>=<value>, or NULL.
static const char *option(const char *key) {
    size_t key_len = strlen(key);
    const char *end = command_line + sizeof(command_line);
    for (const char *word = command_line; word < end; word += strlen(word) + 1) {
        if (strncmp(word, key, key_len) == 0 && word[key_len] == '=') {
            return word + key_len + 1;
        }
    }
    return NULL;
}

static uint32_t number_option(const char *key) {
    const char *value = option(key);
    return value == NULL ? 0 : strtoul(value, NULL, 10);
}

static void host_init(void) {
    if (!semihosting_command_line(command_line, sizeof(command_line))) {
        memset(command_line, 0, sizeof(command_line));
    }
    for (char *c = command_line; *c != '\0'; ++c) {
        if (*c == ' ') {
            *c = '\0';
        }
    }
}

static bool host_random(uint8_t *buf, size_t len) {
    int handle = semihosting_open(RANDOM_SOURCE, SEMIHOSTING_OPEN_RB);
    if (handle == -1) {
        return false;
    }
    bool done = semihosting_read_at(handle, 0, buf, len);
    semihosting_close(handle);
    return done;
}

static uint64_t host_wall_clock(void) {
    #if CORTEXM_BENCH
    if (option("seed") != NULL) {
        return BENCH_EPOCH_S;
    }
    #endif
    return semihosting_time();
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void host_unique_id(uint8_t id[PLATFORM_ID_SIZE]) {
    memset(id, 0, PLATFORM_ID_SIZE);
    const char *hex = option("id");
    if (hex == NULL || strlen(hex) != 2 * PLATFORM_ID_SIZE) {
        return;
    }
    for (int i = 0; i < 2 * PLATFORM_ID_SIZE; ++i) {
        id[i / 2] = id[i / 2] << 4 | (hex_digit(hex[i]) & 0xf);
    }
}

static const struct _flash_t *host_flash(void) {
    const char *name = option("flash");
    return name == NULL ? NULL : hostflash_open(name, number_option("cut"));
}

#if CORTEXM_BENCH
static uint32_t host_seed(void) {
    return number_option("seed");
}
#endif

const platform_t platform_host = {
    .init = host_init,
    .random = host_random,
    .wall_clock = host_wall_clock,
    .unique_id = host_unique_id,
    .flash = host_flash,
    #if CORTEXM_BENCH
    .seed = host_seed,
    #endif
};
