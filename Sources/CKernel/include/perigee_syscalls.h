/* System calls that Glibc's Swift overlay does not offer: those behind
   _GNU_SOURCE, those without a libc wrapper, and those with variadic C.
   Each returns a non-negative result, or the negated errno. */
#ifndef PERIGEE_SYSCALLS_H
#define PERIGEE_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

/* What statx(2) tells of a file, in the units that Perigee uses. */
struct perigee_stat {
    uint64_t size;      /* bytes */
    uint64_t inode;
    uint64_t device;    /* major << 32 | minor */
    int64_t mtime_ns;   /* since 1970-01-01T00:00:00Z */
    int64_t ctime_ns;
    uint64_t blocks;    /* of 512 bytes */
    uint32_t mode;      /* with the type's bits */
    uint32_t link_count;
    uint32_t uid;
    uint32_t gid;
};

/* path is relative to directory; with an empty path and PERIGEE_AT_EMPTY_PATH the
   descriptor itself is meant. Symbolic links are never followed. */
int perigee_stat_at(int directory, const char *path, struct perigee_stat *out);
/* As above, but follows symbolic links. */
int perigee_stat_following(int directory, const char *path, struct perigee_stat *out);
int perigee_stat_descriptor(int descriptor, struct perigee_stat *out);

/* openat2(2) with RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS and
   O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK. */
int perigee_open_beneath(int directory, const char *path);
/* The same for a folder that is going to be listed (O_DIRECTORY). */
int perigee_open_folder_beneath(int directory, const char *path);
/* open(2) with O_PATH | O_CLOEXEC, links followed: for finding where a link leads. */
int perigee_open_path(int directory, const char *path);

/* open(2) of a folder with O_PATH | O_DIRECTORY | O_CLOEXEC, links followed. */
int perigee_open_root(const char *path);

/* getdents64(2): the bytes put into buffer, 0 at the end. */
long perigee_getdents(int descriptor, void *buffer, size_t capacity);

/* preadv2(2) of one buffer with RWF_NOWAIT: only what is in memory already. Bytes read, or a
   negated errno; -EAGAIN where the disk would have to be asked. */
long perigee_read_now(int descriptor, void *buffer, size_t count, int64_t offset);

/* f_type of statfs(2). */
long perigee_file_system_type(const char *path);

/* flock(2). exclusive: 1 or 0. Never waits; -EWOULDBLOCK when another holds it. */
int perigee_lock(int descriptor, int exclusive);
int perigee_unlock(int descriptor);

/* O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW with the given mode. */
int perigee_open_lock_file(const char *path, uint32_t mode);

/* prctl(PR_SET_NAME) of the calling thread: at most 15 bytes are kept. */
void perigee_name_thread(const char *name);

/* eventfd(2) of 0 that is closed on exec and never waits. */
int perigee_make_event(void);
/* Makes an event's descriptor readable. */
void perigee_raise_event(int descriptor);
/* Makes it unreadable until it is raised again. */
void perigee_clear_event(int descriptor);

/* Starts a program in a session of its own: standard input from /dev/null, standard output and
   error to log, ready as descriptor 3, every other descriptor closed. The process's number, or a
   negated errno. */
int perigee_spawn_session(
    const char *path, char *const arguments[], char *const environment[], int log, int ready);

#endif
