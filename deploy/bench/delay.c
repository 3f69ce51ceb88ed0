/* Stands between clients and a server, passes everything on after a delay, and counts it.
 *
 *   delay PORT SERVER_PORT MILLISECONDS
 *
 * Listens on 127.0.0.1:PORT and connects to 127.0.0.1:SERVER_PORT for each connection. What either
 * side sends comes out half the milliseconds later, so that a question and its answer take all of
 * them; how much can be under way is bounded by memory alone (64 MiB a direction), not by the delay.
 * At SIGUSR1 it prints the bytes that servers have sent so far, on a line of its own. One thread.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { piece = 1 << 17, most = 64 << 20 };

struct chunk {
    struct chunk *next;
    int64_t due;
    size_t count, sent;
    char bytes[piece];
};

/* One direction of a connection. */
struct pipe {
    struct chunk *first, *last;
    size_t held;
    bool has_ended; /* its source sends no more */
    bool is_shut;   /* and its target was told so */
    bool is_full;   /* its target took no more */
};

struct end {
    int socket;
    uint32_t events;
    struct pair *pair;
};

struct pair {
    struct end client, server;
    struct pipe up, down;
    struct pair *next;
};

static struct pair *pairs;
static struct chunk *spare;
static int poller;
static int64_t delay;
static uint64_t counted;
static volatile sig_atomic_t asked;

static void fail(const char *what) {
    fprintf(stderr, "delay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static struct chunk *take(void) {
    struct chunk *chunk = spare;
    if (chunk)
        spare = chunk->next;
    else if (!(chunk = malloc(sizeof *chunk)))
        fail("memory");
    chunk->next = NULL;
    chunk->sent = 0;
    return chunk;
}

static void give(struct chunk *chunk) {
    chunk->next = spare;
    spare = chunk;
}

static void drop(struct pipe *pipe) {
    while (pipe->first) {
        struct chunk *chunk = pipe->first;
        pipe->first = chunk->next;
        give(chunk);
    }
}

/* False where the connection has broken. */
static bool receive(int from, struct pipe *pipe, bool counts) {
    while (!pipe->has_ended && pipe->held < most) {
        struct chunk *chunk = take();
        ssize_t got = recv(from, chunk->bytes, piece, MSG_DONTWAIT);
        if (got <= 0) {
            give(chunk);
            if (got == 0) pipe->has_ended = true;
            return got == 0 || errno == EAGAIN || errno == EINTR;
        }
        if (counts) counted += (uint64_t)got;
        chunk->count = (size_t)got;
        chunk->due = now() + delay;
        if (pipe->last && pipe->first)
            pipe->last->next = chunk;
        else
            pipe->first = chunk;
        pipe->last = chunk;
        pipe->held += chunk->count;
        if (got < piece) return true;
    }
    return true;
}

static bool deliver(struct pipe *pipe, int to) {
    pipe->is_full = false;
    while (pipe->first && pipe->first->due <= now()) {
        struct chunk *chunk = pipe->first;
        ssize_t sent = send(
            to, chunk->bytes + chunk->sent, chunk->count - chunk->sent,
            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) return false;
            pipe->is_full = true;
            return true;
        }
        chunk->sent += (size_t)sent;
        pipe->held -= (size_t)sent;
        if (chunk->sent < chunk->count) continue;
        pipe->first = chunk->next;
        give(chunk);
    }
    if (!pipe->first && pipe->has_ended && !pipe->is_shut) {
        shutdown(to, SHUT_WR);
        pipe->is_shut = true;
    }
    return true;
}

static void watch(struct end *end, struct pipe *from, struct pipe *to) {
    uint32_t events = 0;
    if (!from->has_ended && from->held < most) events |= EPOLLIN;
    if (to->is_full) events |= EPOLLOUT;
    if (events == end->events) return;
    end->events = events;
    struct epoll_event event = {.events = events, .data.ptr = end};
    epoll_ctl(poller, EPOLL_CTL_MOD, end->socket, &event);
}

/* Moves what can be moved; false where both sides are done, or one has broken. */
static bool turn(struct pair *pair) {
    if (!receive(pair->client.socket, &pair->up, false)) return false;
    if (!receive(pair->server.socket, &pair->down, true)) return false;
    if (!deliver(&pair->up, pair->server.socket)) return false;
    if (!deliver(&pair->down, pair->client.socket)) return false;
    watch(&pair->client, &pair->up, &pair->down);
    watch(&pair->server, &pair->down, &pair->up);
    return !(pair->up.is_shut && pair->down.is_shut);
}

static void end(struct pair *pair) {
    struct pair **place = &pairs;
    while (*place != pair) place = &(*place)->next;
    *place = pair->next;
    close(pair->client.socket);
    close(pair->server.socket);
    drop(&pair->up);
    drop(&pair->down);
    free(pair);
}

static void add(struct end *end, int socket, struct pair *pair) {
    int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    *end = (struct end){.socket = socket, .events = EPOLLIN, .pair = pair};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) < 0) fail("epoll");
}

static void accept_one(int listener, struct sockaddr_in *server) {
    int client = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (client < 0) return;
    int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (to < 0 || connect(to, (struct sockaddr *)server, sizeof *server) < 0) {
        if (to >= 0) close(to);
        close(client);
        return;
    }
    struct pair *pair = calloc(1, sizeof *pair);
    if (!pair) fail("memory");
    add(&pair->client, client, pair);
    add(&pair->server, to, pair);
    pair->next = pairs;
    pairs = pair;
}

/* Milliseconds until something is due; at most a second. */
static int patience(void) {
    int64_t first = INT64_MAX;
    for (struct pair *pair = pairs; pair; pair = pair->next) {
        struct pipe *pipes[] = {&pair->up, &pair->down};
        for (int n = 0; n < 2; n++)
            if (pipes[n]->first && !pipes[n]->is_full && pipes[n]->first->due < first)
                first = pipes[n]->first->due;
    }
    if (first == INT64_MAX) return 1000;
    int64_t left = (first - now() + 999999) / 1000000;
    return left < 0 ? 0 : left > 1000 ? 1000 : (int)left;
}

static void note(int number) { asked = number; }

int main(int count, char **words) {
    if (count != 4) {
        fprintf(stderr, "usage: delay PORT SERVER_PORT MILLISECONDS\n");
        return 64;
    }
    delay = (int64_t)(atof(words[3]) * 1e6 / 2);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGUSR1, note);
    poller = epoll_create1(EPOLL_CLOEXEC);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (poller < 0 || listener < 0) fail("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in place = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(words[1])),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&place, sizeof place) < 0 || listen(listener, 1024) < 0)
        fail("listen");
    struct sockaddr_in server = place;
    server.sin_port = htons((uint16_t)atoi(words[2]));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        struct epoll_event events[64];
        int found = epoll_wait(poller, events, 64, patience());
        if (asked) {
            asked = 0;
            printf("%llu\n", (unsigned long long)counted);
            fflush(stdout);
        }
        for (int n = 0; n < found; n++)
            if (!events[n].data.ptr) accept_one(listener, &server);
        /* Every connection: some have events, others have something due. */
        for (struct pair *pair = pairs, *next; pair; pair = next) {
            next = pair->next;
            if (!turn(pair)) end(pair);
        }
    }
}
