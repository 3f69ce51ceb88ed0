/* What the block cache needs of C: CRC32C by the processor, locks of open file
   descriptions, and holes. Each call returns a non-negative result, or the negated errno. */
#ifndef PERIGEE_BLOCK_FILES_H
#define PERIGEE_BLOCK_FILES_H

#include <stddef.h>
#include <stdint.h>

/* CRC32C (Castagnoli, RFC 3720 appendix B.4) of count bytes, going on from the crc of those
   before them; 0 at the start. */
uint32_t perigee_crc32c(uint32_t crc, const void *bytes, size_t count);
/* The same without the processor's instruction. */
uint32_t perigee_crc32c_by_table(uint32_t crc, const void *bytes, size_t count);

/* F_OFD_SETLK on count bytes at offset; kind: 0 none, 1 shared, 2 exclusive. Never waits;
   -EAGAIN or -EACCES when another open file description holds them. */
int perigee_lock_bytes(int descriptor, int kind, int64_t offset, int64_t count);

/* fallocate(2) with FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE. */
int perigee_punch_hole(int descriptor, int64_t offset, int64_t count);

/* open(2) with O_RDWR (or O_RDONLY) | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, mode 0600 where create
   is not 0. */
int perigee_open_block_file(const char *path, int create, int read_only);

/* Bytes that an unprivileged user may still write to the file system, by statvfs(3). */
int64_t perigee_free_bytes(const char *path);

#endif
