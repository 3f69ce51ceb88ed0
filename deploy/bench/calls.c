/* Times system calls from C, where Python would be most of what is measured. Prints nanoseconds, and
 * how many things were done in them.
 *
 *   calls seq FILE JOBS TIMES        1 MiB reads, each job a part of the file of its own
 *   calls random FILE COUNT SEED     4 KiB reads
 *   calls cutouts FILE COUNT SEED    COUNT times 100 reads of 512 bytes, 16 KiB from each other
 *   calls mapseq FILE                each page of a mapping copied, in order
 *   calls maprandom FILE COUNT SEED  the same, in random order
 *   calls small FOLDER LIST          open, read to the end, close of each path of LIST below FOLDER
 *   calls stat FOLDER LIST           stat of each
 *   calls names FOLDER               names of the folder only (ls -f)
 *   calls drop FILE                  POSIX_FADV_DONTNEED: the pages that this file's inode holds
 *
 * $CALLS_BYTES: only so many bytes from the start of a file.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { block = 1 << 20, page = 4096 };

static void fail(const char *what) {
    fprintf(stderr, "calls: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static uint64_t chance;

static uint64_t next(void) {
    uint64_t z = (chance += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static int opened(const char *path, int64_t *size) {
    struct stat found;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &found) < 0) fail(path);
    const char *limit = getenv("CALLS_BYTES");
    *size = limit && atoll(limit) < found.st_size ? atoll(limit) : found.st_size;
    return file;
}

struct part {
    const char *path;
    int64_t begin, end, times;
};

static void *read_part(void *argument) {
    struct part *part = argument;
    int64_t size;
    int file = opened(part->path, &size);
    char *buffer = aligned_alloc(page, block);
    memset(buffer, 0, block);
    for (int64_t time = 0; time < part->times; time++) {
        for (int64_t offset = part->begin; offset < part->end;) {
            ssize_t got = pread(file, buffer, block, offset);
            if (got <= 0) fail("pread");
            offset += got;
        }
    }
    free(buffer);
    close(file);
    return NULL;
}

static void done(int64_t begun, int64_t count) {
    printf("%lld %lld\n", (long long)(now() - begun), (long long)count);
}

static void sequential(const char *path, int jobs, int64_t times) {
    int64_t size;
    close(opened(path, &size));
    pthread_t threads[64];
    struct part parts[64];
    int64_t begun = now();
    for (int job = 0; job < jobs; job++) {
        parts[job] = (struct part){path, size / jobs / block * block * job,
                                   job + 1 == jobs ? size : size / jobs / block * block * (job + 1),
                                   times};
        if (pthread_create(&threads[job], NULL, read_part, &parts[job]) != 0) fail("thread");
    }
    for (int job = 0; job < jobs; job++) pthread_join(threads[job], NULL);
    done(begun, size * times);
}

static void random_reads(const char *path, int64_t count) {
    int64_t size;
    int file = opened(path, &size);
    char buffer[page];
    int64_t begun = now();
    for (int64_t index = 0; index < count; index++) {
        if (pread(file, buffer, page, (int64_t)(next() % (size / page)) * page) != page) fail("pread");
    }
    done(begun, count);
}

/* The rows of a part of an image: 100 lines of one that is 4,096 floats wide. */
static void cutouts(const char *path, int64_t count) {
    enum { rows = 100, row = 16 << 10, width = 512 };
    int64_t size;
    int file = opened(path, &size);
    char buffer[width];
    int64_t begun = now();
    for (int64_t index = 0; index < count; index++) {
        int64_t at = (int64_t)(next() % (size - rows * row));
        for (int line = 0; line < rows; line++)
            if (pread(file, buffer, width, at + line * row) != width) fail("pread");
    }
    done(begun, count * rows);
}

static void mapped(const char *path, int64_t count) {
    int64_t size;
    int file = opened(path, &size);
    char buffer[page];
    int64_t begun = now();
    const char *map = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) fail("mmap");
    if (count > 0) madvise((void *)map, size, MADV_RANDOM);
    int64_t pages = size / page;
    for (int64_t index = 0; index < (count > 0 ? count : pages); index++) {
        memcpy(buffer, map + (count > 0 ? (int64_t)(next() % pages) : index) * page, page);
        __asm__ volatile("" : : "r"(buffer) : "memory");
    }
    munmap((void *)map, size);
    done(begun, count > 0 ? count : pages);
}

static char **lines(const char *path, int64_t *count) {
    FILE *list = fopen(path, "r");
    char line[4096];
    char **found = NULL;
    *count = 0;
    if (list == NULL) fail(path);
    while (fgets(line, sizeof line, list) != NULL) {
        line[strcspn(line, "\n")] = 0;
        if (*count % 1024 == 0) found = realloc(found, (*count + 1024) * sizeof *found);
        found[(*count)++] = strdup(line);
    }
    fclose(list);
    return found;
}

static void each(const char *folder, const char *list, int reads) {
    static char buffer[block];
    int64_t count;
    char **paths = lines(list, &count);
    if (chdir(folder) < 0) fail(folder);
    int64_t begun = now();
    for (int64_t index = 0; index < count; index++) {
        if (reads) {
            int file = open(paths[index], O_RDONLY | O_CLOEXEC);
            if (file < 0) fail(paths[index]);
            while (read(file, buffer, sizeof buffer) > 0) {}
            close(file);
        } else {
            struct stat found;
            if (stat(paths[index], &found) < 0) fail(paths[index]);
        }
    }
    done(begun, count);
}

static void names(const char *path) {
    int64_t count = 0, begun = now();
    DIR *folder = opendir(path);
    if (folder == NULL) fail(path);
    while (readdir(folder) != NULL) count++;
    closedir(folder);
    done(begun, count);
}

int main(int count, char **words) {
    const char *what = count > 2 ? words[1] : "";
    if (count == 5) chance = strtoull(words[4], NULL, 10);
    if (strcmp(what, "seq") == 0 && count == 5)
        sequential(words[2], atoi(words[3]), atoll(words[4]));
    else if (strcmp(what, "random") == 0 && count == 5) random_reads(words[2], atoll(words[3]));
    else if (strcmp(what, "cutouts") == 0 && count == 5) cutouts(words[2], atoll(words[3]));
    else if (strcmp(what, "mapseq") == 0) mapped(words[2], 0);
    else if (strcmp(what, "maprandom") == 0 && count == 5) mapped(words[2], atoll(words[3]));
    else if (strcmp(what, "small") == 0 && count == 4) each(words[2], words[3], 1);
    else if (strcmp(what, "stat") == 0 && count == 4) each(words[2], words[3], 0);
    else if (strcmp(what, "names") == 0) names(words[2]);
    else if (strcmp(what, "drop") == 0) {
        int64_t size;
        int file = opened(words[2], &size);
        if (posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) != 0) fail("fadvise");
        done(now(), size);
    } else {
        fprintf(stderr, "usage: see the head of calls.c\n");
        return 64;
    }
    return 0;
}
