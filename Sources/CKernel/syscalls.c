#define _GNU_SOURCE
#include "perigee_syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
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

int perigee_spawn_session(
    const char *path, char *const arguments[], char *const environment[], int log, int ready) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigset_t defaults;
    pid_t process = 0;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, log, 1);
    posix_spawn_file_actions_adddup2(&actions, log, 2);
    posix_spawn_file_actions_adddup2(&actions, ready, 3);
    posix_spawn_file_actions_addclosefrom_np(&actions, 4);
    int code = posix_spawn(&process, path, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return code == 0 ? (int)process : -code;
}

long perigee_read_now(int descriptor, void *buffer, size_t count, int64_t offset) {
    struct iovec part = {.iov_base = buffer, .iov_len = count};
    ssize_t got = preadv2(descriptor, &part, 1, offset, RWF_NOWAIT);
    return got < 0 ? -errno : got;
}

int perigee_make_event(void) { return result_of(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)); }

/* Adding fails only where the sum has no room: it is readable then as well. */
void perigee_raise_event(int descriptor) { (void)eventfd_write(descriptor, 1); }

void perigee_clear_event(int descriptor) {
    eventfd_t count;
    (void)eventfd_read(descriptor, &count);
}
