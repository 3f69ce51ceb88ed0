#define _GNU_SOURCE
#include "perigee_fuse_abi.h"

#include <errno.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

// Numbers and values of the mount API of Linux 5.2, for C libraries that do not name them yet.
// The numbers are the same on every architecture.
#ifndef SYS_fsopen
#define SYS_fsopen 430
#endif
#ifndef SYS_fsconfig
#define SYS_fsconfig 431
#endif
#ifndef SYS_fsmount
#define SYS_fsmount 432
#endif
enum { fsopen_cloexec = 1, fsconfig_cmd_create = 6, fsmount_cloexec = 1 };

#define BACKING_OPEN _IOW(FUSE_DEV_IOC_MAGIC, 1, struct perigee_fuse_backing_map)
#define BACKING_CLOSE _IOW(FUSE_DEV_IOC_MAGIC, 2, uint32_t)

static int result_of(long result) {
    return result < 0 ? -errno : (int)result;
}

int perigee_fuse_clone(int device, int session) {
    uint32_t source = (uint32_t)session;
    return result_of(ioctl(device, FUSE_DEV_IOC_CLONE, &source));
}

int perigee_fuse_backing_open(int device, int file) {
    struct perigee_fuse_backing_map map = {.fd = file, .flags = 0, .padding = 0};
    return result_of(ioctl(device, BACKING_OPEN, &map));
}

int perigee_fuse_backing_close(int device, int backing_id) {
    uint32_t id = (uint32_t)backing_id;
    return result_of(ioctl(device, BACKING_CLOSE, &id));
}

int perigee_fuse_anonymous_file(void) {
    return result_of(memfd_create("perigee-fuse", MFD_CLOEXEC));
}

int perigee_fuse_open_control(void) {
    int context = result_of(syscall(SYS_fsopen, "fusectl", fsopen_cloexec));
    if (context < 0) {
        return context;
    }
    int root = result_of(syscall(SYS_fsconfig, context, fsconfig_cmd_create, NULL, NULL, 0));
    if (root >= 0) {
        root = result_of(syscall(SYS_fsmount, context, fsmount_cloexec, 0));
    }
    close(context);
    return root;
}

int perigee_fuse_wait(void *condition, void *mutex, int64_t nanoseconds) {
    const int64_t second = 1000000000;
    struct timespec deadline;
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += nanoseconds / second;
    deadline.tv_nsec += nanoseconds % second;
    if (deadline.tv_nsec >= second) {
        deadline.tv_sec += 1;
        deadline.tv_nsec -= second;
    }
    return -pthread_cond_timedwait(condition, mutex, &deadline);
}

void perigee_fuse_name_thread(const char *name) {
    prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}
