/* Asks an HTTP server for the same things again and again over many connections, and tells how fast
 * they came. Unlike wrk it knows that the answer to HEAD has no body.
 *
 *   s3load ADDRESS PORT CONNECTIONS SECONDS FILE
 *
 * Each line of FILE is a request: METHOD, a tab and the target; more fields of the header may follow,
 * each behind a tab. Host is added. Each connection has one request under way at a time, and takes
 * the lines in turn from a place of its own. One thread does it all, with epoll.
 *
 * Prints an object of JSON: requests, seconds, bytes (of headers and bodies), the median and the
 * 99th percentile of the microseconds from the request to the last byte of its answer, connections
 * that were made anew since the server had closed them, and errors: answers that are not 2xx or not
 * understood, and connections that broke. What was under way at the end counts for nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    headroom = 16384, /* bytes of the header of an answer */
    discard = 1 << 20, /* bytes of a body that are thrown away at a time */
    fine = 128, /* steps between two powers of two in the table of times */
};

struct request {
    char *text;
    size_t length;
    bool has_body; /* whether its answer has one */
};

struct connection {
    int socket;
    size_t turn, sent, used;
    int64_t left; /* bytes of the body that are still to come; -1: the header is not whole */
    int64_t begun;
    bool closes;
    char header[headroom + 1];
};

static struct sockaddr_in server;
static struct request *requests;
static size_t request_count;
static int poller;
static uint64_t answers, bytes, errors, reconnects, times[64 * fine];

static void fail(const char *what) {
    fprintf(stderr, "s3load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* Times below 128 µs have an entry each, longer ones 128 for each doubling: within 1 %. */
static size_t entry(uint64_t microseconds) {
    if (microseconds < fine) return microseconds;
    int shift = 63 - __builtin_clzll(microseconds) - 7;
    return (size_t)(shift + 1) * fine + (microseconds >> shift) - fine;
}

static uint64_t percentile(double part) {
    uint64_t wanted = (uint64_t)(part * answers), seen = 0;
    for (size_t index = 0; index < 64 * fine; index++) {
        seen += times[index];
        if (seen <= wanted) continue;
        if (index < fine) return index;
        return (fine + index % fine) << (index / fine - 1);
    }
    return 0;
}

static void read_requests(const char *path, const char *address, const char *port) {
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (file == NULL) fail(path);
    while (getline(&line, &room, file) > 0) {
        char *rest = line, *text = NULL;
        size_t length = 0;
        line[strcspn(line, "\n")] = 0;
        char *method = strsep(&rest, "\t"), *target = strsep(&rest, "\t"), *field;
        FILE *out = open_memstream(&text, &length);
        if (target == NULL || out == NULL) {
            fprintf(stderr, "s3load: %s: no tab in: %s\n", path, line);
            exit(64);
        }
        fprintf(out, "%s %s HTTP/1.1\r\nHost: %s:%s\r\n", method, target, address, port);
        while ((field = strsep(&rest, "\t")) != NULL) fprintf(out, "%s\r\n", field);
        fprintf(out, "\r\n");
        if (fclose(out) != 0) fail("memory");
        requests = realloc(requests, (request_count + 1) * sizeof *requests);
        if (requests == NULL) fail("memory");
        requests[request_count++] = (struct request){text, length, strcmp(method, "HEAD") != 0};
    }
    free(line);
    fclose(file);
    if (request_count == 0) {
        fprintf(stderr, "s3load: %s has no requests\n", path);
        exit(64);
    }
}

/* Sends as much of the request under way as there is room for. False: the connection is broken. */
static bool push(struct connection *connection) {
    struct request *request = &requests[connection->turn];
    while (connection->sent < request->length) {
        ssize_t count = send(
            connection->socket, request->text + connection->sent,
            request->length - connection->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0) return errno == EAGAIN;
        connection->sent += count;
    }
    return true;
}

static bool ask(struct connection *connection) {
    connection->turn = (connection->turn + 1) % request_count;
    connection->sent = connection->used = 0;
    connection->left = -1;
    connection->closes = false;
    connection->begun = now();
    return push(connection);
}

static void begin(struct connection *connection) {
    int on = 1;
    connection->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection->socket < 0) fail("socket");
    if (connect(connection->socket, (struct sockaddr *)&server, sizeof server) < 0) fail("connect");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    struct epoll_event event = {EPOLLIN | EPOLLOUT | EPOLLET, {.ptr = connection}};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, connection->socket, &event) < 0) fail("epoll_ctl");
    ask(connection);
}

static void again(struct connection *connection) {
    close(connection->socket);
    begin(connection);
}

/* Reads the header of an answer, and how many bytes of its body came with it. False: it is none. */
static bool parse(struct connection *connection, char *end) {
    int status = 0;
    int64_t length = -1;
    *end = 0;
    if (sscanf(connection->header, "HTTP/1.1 %d", &status) != 1) return false;
    for (char *line = strstr(connection->header, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
        line += 2;
        if (strncasecmp(line, "content-length:", 15) == 0) length = strtoll(line + 15, NULL, 10);
        if (strncasecmp(line, "connection: close", 17) == 0) connection->closes = true;
    }
    if (!requests[connection->turn].has_body || status == 204 || status == 304) length = 0;
    if (status < 200 || status > 299) errors++;
    int64_t came = connection->header + connection->used - (end + 4);
    connection->left = length - came;
    return length >= 0 && came <= length;
}

static void done(struct connection *connection) {
    answers++;
    times[entry((now() - connection->begun) / 1000)]++;
    if (connection->closes) {
        reconnects++;
        again(connection);
    } else if (!ask(connection)) {
        errors++;
        again(connection);
    }
}

/* Takes what has come, until nothing more is there. */
static void pull(struct connection *connection) {
    for (;;) {
        bool is_header = connection->left < 0;
        /* The bytes of a body are not even copied: the kernel drops them. */
        ssize_t count =
            is_header ? recv(connection->socket, connection->header + connection->used,
                             headroom - connection->used, MSG_DONTWAIT)
                      : recv(connection->socket, NULL,
                             connection->left < discard ? connection->left : discard,
                             MSG_DONTWAIT | MSG_TRUNC);
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) break;
        bytes += count;
        if (is_header) {
            connection->used += count;
            connection->header[connection->used] = 0;
            char *end = strstr(connection->header, "\r\n\r\n");
            if (end == NULL && connection->used < headroom) continue;
            if (end == NULL || !parse(connection, end)) break;
        } else {
            connection->left -= count;
        }
        if (connection->left == 0) done(connection);
    }
    errors++;
    again(connection);
}

int main(int count, char **words) {
    if (count != 6) {
        fprintf(stderr, "usage: s3load ADDRESS PORT CONNECTIONS SECONDS FILE\n");
        return 64;
    }
    server.sin_family = AF_INET;
    server.sin_port = htons(atoi(words[2]));
    if (inet_pton(AF_INET, words[1], &server.sin_addr) != 1) {
        fprintf(stderr, "s3load: no IPv4 address: %s\n", words[1]);
        return 64;
    }
    read_requests(words[5], words[1], words[2]);
    int many = atoi(words[3]);
    struct connection *connections = calloc(many, sizeof *connections);
    if ((poller = epoll_create1(EPOLL_CLOEXEC)) < 0 || connections == NULL) fail("epoll");
    int64_t start = now(), end = start + (int64_t)(atof(words[4]) * 1e9);
    for (int index = 0; index < many; index++) {
        connections[index].turn = index * request_count / many;
        begin(&connections[index]);
    }
    while (now() < end) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, 100);
        if (ready < 0 && errno != EINTR) fail("epoll_wait");
        for (int index = 0; index < ready; index++) {
            struct connection *connection = events[index].data.ptr;
            if ((events[index].events & EPOLLOUT) && !push(connection)) {
                errors++;
                again(connection);
            } else {
                pull(connection);
            }
        }
    }
    double seconds = (now() - start) / 1e9;
    printf(
        "{\"requests\":%lu,\"seconds\":%.3f,\"requestsPerSecond\":%.0f,\"bytesPerSecond\":%.0f,"
        "\"p50\":%lu,\"p99\":%lu,\"reconnects\":%lu,\"errors\":%lu}\n",
        answers, seconds, answers / seconds, bytes / seconds, percentile(0.5), percentile(0.99),
        reconnects, errors);
    return 0;
}
