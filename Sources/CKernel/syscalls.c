#define _GNU_SOURCE
#include "perigee_syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

static int result_of(long value) { return value < 0 ? -errno : (int)value; }

static int stat_with(int directory, const char *path, int flags, struct perigee_stat *out) {
    struct statx raw;
    if (statx(directory, path, flags, STATX_BASIC_STATS, &raw) < 0) {
        return -errno;
    }
    out->size = raw.stx_size;
    out->inode = raw.stx_ino;
    out->device = (uint64_t)raw.stx_dev_major << 32 | raw.stx_dev_minor;
    out->mtime_ns = raw.stx_mtime.tv_sec * 1000000000LL + raw.stx_mtime.tv_nsec;
    out->ctime_ns = raw.stx_ctime.tv_sec * 1000000000LL + raw.stx_ctime.tv_nsec;
    out->blocks = raw.stx_blocks;
    out->mode = raw.stx_mode;
    out->link_count = raw.stx_nlink;
    out->uid = raw.stx_uid;
    out->gid = raw.stx_gid;
    return 0;
}

int perigee_stat_at(int directory, const char *path, struct perigee_stat *out) {
    return stat_with(directory, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, out);
}

int perigee_stat_following(int directory, const char *path, struct perigee_stat *out) {
    return stat_with(directory, path, 0, out);
}

int perigee_stat_descriptor(int descriptor, struct perigee_stat *out) {
    return stat_with(descriptor, "", AT_EMPTY_PATH, out);
}

static int open_beneath(int directory, const char *path, uint64_t flags) {
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    /* The kernel answers EAGAIN when a rename elsewhere raced with the walk. */
    for (int attempt = 0; attempt < 16; attempt++) {
        long descriptor = syscall(SYS_openat2, directory, path, &how, sizeof how);
        if (descriptor >= 0 || (errno != EAGAIN && errno != EINTR)) {
            return result_of(descriptor);
        }
    }
    return -EAGAIN;
}

int perigee_open_beneath(int directory, const char *path) {
    return open_beneath(directory, path, 0);
}

int perigee_open_folder_beneath(int directory, const char *path) {
    return open_beneath(directory, path, O_DIRECTORY);
}

int perigee_open_path(int directory, const char *path) {
    return result_of(openat(directory, path, O_PATH | O_CLOEXEC));
}

int perigee_open_root(const char *path) {
    return result_of(open(path, O_PATH | O_DIRECTORY | O_CLOEXEC));
}

long perigee_getdents(int descriptor, void *buffer, size_t capacity) {
    long count = syscall(SYS_getdents64, descriptor, buffer, capacity);
    return count < 0 ? -errno : count;
}

long perigee_file_system_type(const char *path) {
    struct statfs raw;
    if (statfs(path, &raw) < 0) {
        return -errno;
    }
    return (long)(raw.f_type & 0xffffffffL);
}

int perigee_lock(int descriptor, int exclusive) {
    return result_of(flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB));
}

int perigee_unlock(int descriptor) { return result_of(flock(descriptor, LOCK_UN)); }

int perigee_open_lock_file(const char *path, uint32_t mode) {
    return result_of(open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode));
}

void perigee_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }
