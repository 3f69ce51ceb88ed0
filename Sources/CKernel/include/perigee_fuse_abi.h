#ifndef PERIGEE_FUSE_ABI_H
#define PERIGEE_FUSE_ABI_H

// The kernel's FUSE protocol, and the few calls that Swift cannot make by itself.
//
// Structures come from the system's <linux/fuse.h>. Debian 12 ships protocol 7.38, while the kernel
// may speak 7.45: the newer names that are used here are defined below, from the uapi header of
// Linux 6.18. Structures that grew fields in place of padding have a name of our own, so that Swift
// code reads the same against any header.

// No C library header beyond these two: Swift would take structures such as timespec for this
// module's own, and miss its import wherever they are used.
#include <linux/fuse.h>
#include <stddef.h>
#include <stdint.h>

// INIT flags above bit 31 travel in `flags2`. They are shifted macros in C, which Swift does not
// import for 64-bit types everywhere, hence constants.
static const uint64_t perigee_fuse_init_passthrough = 1ULL << 37;  // 7.40
static const uint64_t perigee_fuse_init_expire_only = 1ULL << 35;  // 7.38

// OPEN reply (7.40): reads and maps go to the backing file that `backing_id` names.
static const uint32_t perigee_fuse_open_passthrough = 1U << 7;

// Notification (7.44): every dentry that the kernel holds is looked up again before its next use.
static const int32_t perigee_fuse_notify_inc_epoch = 8;

// Operations that are newer than 7.38.
static const uint32_t perigee_fuse_opcode_statx = 52;               // 7.39
static const uint32_t perigee_fuse_opcode_copy_file_range_64 = 53;  // 7.45

struct perigee_fuse_init_in {
    uint32_t major;
    uint32_t minor;
    uint32_t max_readahead;
    uint32_t flags;
    uint32_t flags2;  // 7.36, there when FUSE_INIT_EXT is set
    uint32_t unused[11];
};
_Static_assert(sizeof(struct perigee_fuse_init_in) == 64, "INIT request");
_Static_assert(sizeof(struct perigee_fuse_init_in) == sizeof(struct fuse_init_in), "INIT request");

struct perigee_fuse_init_out {
    uint32_t major;
    uint32_t minor;
    uint32_t max_readahead;
    uint32_t flags;
    uint16_t max_background;
    uint16_t congestion_threshold;
    uint32_t max_write;
    uint32_t time_gran;
    uint16_t max_pages;
    uint16_t map_alignment;
    uint32_t flags2;
    uint32_t max_stack_depth;  // 7.40
    uint32_t unused[6];
};
_Static_assert(sizeof(struct perigee_fuse_init_out) == 64, "INIT reply");
_Static_assert(sizeof(struct perigee_fuse_init_out) == sizeof(struct fuse_init_out), "INIT reply");
_Static_assert(offsetof(struct perigee_fuse_init_out, max_stack_depth) == 36, "INIT reply");

struct perigee_fuse_open_out {
    uint64_t fh;
    uint32_t open_flags;
    int32_t backing_id;  // 7.40
};
_Static_assert(sizeof(struct perigee_fuse_open_out) == 16, "OPEN reply");
_Static_assert(sizeof(struct perigee_fuse_open_out) == sizeof(struct fuse_open_out), "OPEN reply");

struct perigee_fuse_statx_in {
    uint32_t getattr_flags;
    uint32_t reserved;
    uint64_t fh;
    uint32_t sx_flags;
    uint32_t sx_mask;
};
_Static_assert(sizeof(struct perigee_fuse_statx_in) == 24, "STATX request");

struct perigee_fuse_statx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t reserved;
};

struct perigee_fuse_statx_out {
    uint64_t attr_valid;
    uint32_t attr_valid_nsec;
    uint32_t flags;
    uint64_t spare[2];
    // The kernel's struct fuse_statx begins here.
    uint32_t mask;
    uint32_t blksize;
    uint64_t attributes;
    uint32_t nlink;
    uint32_t uid;
    uint32_t gid;
    uint16_t mode;
    uint16_t padding;
    uint64_t ino;
    uint64_t size;
    uint64_t blocks;
    uint64_t attributes_mask;
    struct perigee_fuse_statx_time atime;
    struct perigee_fuse_statx_time btime;
    struct perigee_fuse_statx_time ctime;
    struct perigee_fuse_statx_time mtime;
    uint32_t rdev_major;
    uint32_t rdev_minor;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint64_t spare2[14];
};
_Static_assert(sizeof(struct perigee_fuse_statx_time) == 16, "STATX reply");
_Static_assert(sizeof(struct perigee_fuse_statx_out) == 32 + 256, "STATX reply");

struct perigee_fuse_backing_map {
    int32_t fd;
    uint32_t flags;    // 0
    uint64_t padding;  // 0
};
_Static_assert(sizeof(struct perigee_fuse_backing_map) == 16, "BACKING_OPEN");

_Static_assert(sizeof(struct fuse_in_header) == 40, "request header");
_Static_assert(sizeof(struct fuse_out_header) == 16, "reply header");
_Static_assert(sizeof(struct fuse_attr) == 88, "attributes");
_Static_assert(sizeof(struct fuse_entry_out) == 128, "LOOKUP reply");
_Static_assert(sizeof(struct fuse_dirent) == 24, "READDIR record");
_Static_assert(sizeof(struct fuse_direntplus) == 152, "READDIRPLUS record");

// Each returns 0 or more on success and a negated errno on failure.

/// Binds `device`, a freshly opened /dev/fuse, to the connection of `session`.
int perigee_fuse_clone(int device, int session);

/// Registers `file` as a backing file of the connection of `device`; the result is its id.
int perigee_fuse_backing_open(int device, int file);

/// Gives a backing id back. Files that were opened with it keep reading.
int perigee_fuse_backing_close(int device, int backing_id);

/// An anonymous file in memory, closed on exec.
int perigee_fuse_anonymous_file(void);

/// A descriptor of the fusectl file system's root, mounted nowhere; needs CAP_SYS_ADMIN.
int perigee_fuse_open_control(void);

/// Waits for a change of a pthread_cond_t that uses CLOCK_MONOTONIC, for at most so long.
/// Returns 0 or a negated errno, -ETIMEDOUT among them.
int perigee_fuse_wait(void *condition, void *mutex, int64_t nanoseconds);

/// Names the calling thread, in at most 15 bytes.
void perigee_fuse_name_thread(const char *name);

#endif
