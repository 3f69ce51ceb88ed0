/* Makes, changes or counts a tree of many small files, fast.
 *
 *   tree make ROOT TOP FOLDERS FILES BYTES   TOP folders with FOLDERS folders with FILES files each
 *                                            (TOP 0: FOLDERS folders in ROOT; FOLDERS 0: files in ROOT)
 *   tree touch ROOT LIST                     gives each file of LIST (paths below ROOT) another size
 *
 * BYTES >= 0 writes that many bytes into each file; -1 makes them sparse, of sizes as an archive of
 * images has them. Names have 32 bytes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const char *what) {
    fprintf(stderr, "tree: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int folder(int parent, const char *name) {
    if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST) fail(name);
    int made = openat(parent, name, O_RDONLY | O_DIRECTORY);
    if (made < 0) fail(name);
    return made;
}

static long number;

static void fill(int parent, long files, long bytes) {
    static char content[1 << 20];
    char name[64];
    for (long index = 0; index < files; index++, number++) {
        snprintf(name, sizeof name, "hst_12345_acs_wfc_%07ld_fl.fits", number);
        int file = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL, 0644);
        if (file < 0) fail(name);
        if (bytes < 0) {
            if (ftruncate(file, 2880 * (1 + number % 40000)) < 0) fail(name);
        } else {
            memcpy(content, name, strlen(name));
            if (write(file, content, bytes) != bytes) fail(name);
        }
        close(file);
    }
}

static void folders(int parent, long count, long files, long bytes) {
    char name[64];
    for (long index = 0; index < count; index++) {
        snprintf(name, sizeof name, "visit_%05ld", index);
        int made = folder(parent, name);
        fill(made, files, bytes);
        close(made);
    }
}

int main(int count, char **words) {
    umask(022);
    if (count == 7 && strcmp(words[1], "make") == 0) {
        long top = atol(words[3]), middle = atol(words[4]), files = atol(words[5]),
             bytes = atol(words[6]);
        int root = folder(AT_FDCWD, words[2]);
        if (middle == 0) fill(root, files, bytes);
        else if (top == 0) folders(root, middle, files, bytes);
        for (long index = 0; index < top; index++) {
            char name[64];
            snprintf(name, sizeof name, "proposal_%05ld", index);
            int made = folder(root, name);
            folders(made, middle, files, bytes);
            close(made);
        }
        return 0;
    }
    if (count == 4 && strcmp(words[1], "touch") == 0) {
        FILE *list = fopen(words[3], "r");
        char line[4096];
        int root = open(words[2], O_RDONLY | O_DIRECTORY);
        if (list == NULL || root < 0) fail(words[3]);
        while (fgets(line, sizeof line, list) != NULL) {
            struct stat found;
            line[strcspn(line, "\n")] = 0;
            int file = openat(root, line, O_WRONLY);
            if (file < 0 || fstat(file, &found) < 0) fail(line);
            if (ftruncate(file, found.st_size + 2880) < 0) fail(line);
            close(file);
        }
        return 0;
    }
    fprintf(stderr, "usage: tree make ROOT TOP FOLDERS FILES BYTES | tree touch ROOT LIST\n");
    return 64;
}
