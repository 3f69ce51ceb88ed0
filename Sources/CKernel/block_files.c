#define _GNU_SOURCE
#include "perigee_block_files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Reflected polynomial of CRC32C. */
#define POLYNOMIAL 0x82f63b78u

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void fill_table(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        }
        table[0][byte] = crc;
    }
    for (int slice = 1; slice < 8; slice++) {
        for (int byte = 0; byte < 256; byte++) {
            uint32_t before = table[slice - 1][byte];
            table[slice][byte] = before >> 8 ^ table[0][before & 0xff];
        }
    }
}

/* Eight bytes at a time ("slicing by 8", Kounavis and Berry 2005). */
uint32_t perigee_crc32c_by_table(uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    pthread_once(&table_once, fill_table);
    crc = ~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint32_t low = crc ^ ((uint32_t)next[0] | (uint32_t)next[1] << 8 |
                              (uint32_t)next[2] << 16 | (uint32_t)next[3] << 24);
        crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
              table[4][low >> 24] ^ table[3][next[4]] ^ table[2][next[5]] ^ table[1][next[6]] ^
              table[0][next[7]];
    }
    for (; count > 0; count--, next++) {
        crc = crc >> 8 ^ table[0][(crc ^ *next) & 0xff];
    }
    return ~crc;
}

#if defined(__x86_64__)

#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc32c_by_processor(
    uint32_t crc, const void *bytes, size_t count) {
    const uint8_t *next = bytes;
    uint64_t state = (uint32_t)~crc;
    for (; count >= 8; count -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, sizeof word);
        state = _mm_crc32_u64(state, word);
    }
    for (; count > 0; count--, next++) {
        state = _mm_crc32_u8((uint32_t)state, *next);
    }
    return ~(uint32_t)state;
}

uint32_t perigee_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return __builtin_cpu_supports("sse4.2") ? crc32c_by_processor(crc, bytes, count)
                                            : perigee_crc32c_by_table(crc, bytes, count);
}

#else

uint32_t perigee_crc32c(uint32_t crc, const void *bytes, size_t count) {
    return perigee_crc32c_by_table(crc, bytes, count);
}

#endif

int perigee_lock_bytes(int descriptor, int kind, int64_t offset, int64_t count) {
    static const short kinds[] = {F_UNLCK, F_RDLCK, F_WRLCK};
    struct flock lock = {
        .l_type = kinds[kind], .l_whence = SEEK_SET, .l_start = offset, .l_len = count};
    return fcntl(descriptor, F_OFD_SETLK, &lock) < 0 ? -errno : 0;
}

int perigee_punch_hole(int descriptor, int64_t offset, int64_t count) {
    int flags = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    return fallocate(descriptor, flags, offset, count) < 0 ? -errno : 0;
}

int perigee_open_block_file(const char *path, int create, int read_only) {
    int flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
    flags |= read_only ? O_RDONLY : O_RDWR;
    flags |= create ? O_CREAT : 0;
    int descriptor = open(path, flags, 0600);
    return descriptor < 0 ? -errno : descriptor;
}

int64_t perigee_free_bytes(const char *path) {
    struct statvfs raw;
    if (statvfs(path, &raw) < 0) {
        return -errno;
    }
    return (int64_t)raw.f_bavail * (int64_t)raw.f_frsize;
}
