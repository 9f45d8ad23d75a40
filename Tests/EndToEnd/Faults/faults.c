/* Makes system calls fail now and then, for the tests: preloaded into the program as it is released,
 * so that it carries no test code. What to do it reads from the file that CATTLEGUARD_FAULTS names,
 * one unsigned number a fault in the order of `struct plan`: of how many calls one fails (0: none).
 * The tests map the same file and change it while the program runs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

struct plan {
    uint32_t seed, injected;
    uint32_t short_read, short_write, interrupted, would_block, reset_read, reset_write;
    uint32_t accept_descriptors, accept_table, accept_memory, accept_buffers, accept_aborted;
    uint32_t watch_space, watch_memory, open_descriptors;
};

static struct plan none;
static volatile struct plan *plan = &none;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CATTLEGUARD_FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *map = mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map != MAP_FAILED) plan = map;
    close(file);
}

/* One of `rate` calls, by a generator of each thread (xorshift) from the plan's seed. */
static int fails(uint32_t rate) {
    static _Thread_local uint64_t state;
    static uint32_t threads;
    if (rate == 0) return 0;
    if (state == 0)
        state = (plan->seed + 1) * 0x9E3779B97F4A7C15u + __sync_add_and_fetch(&threads, 1);
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    if (state % rate) return 0;
    __sync_fetch_and_add((uint32_t *)&plan->injected, 1);
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL(rate, code) \
    if (fails(plan->rate)) { errno = code; return -1; }

ssize_t recv(int socket, void *buffer, size_t count, int flags) {
    static ssize_t (*real)(int, void *, size_t, int);
    if (!real) real = REAL(recv);
    FAIL(interrupted, EINTR)
    FAIL(would_block, EAGAIN)
    FAIL(reset_read, ECONNRESET)
    return real(socket, buffer, fails(plan->short_read) ? 1 + count % 7 : count, flags);
}

ssize_t send(int socket, const void *buffer, size_t count, int flags) {
    static ssize_t (*real)(int, const void *, size_t, int);
    if (!real) real = REAL(send);
    FAIL(interrupted, EINTR)
    FAIL(would_block, EAGAIN)
    FAIL(reset_write, EPIPE)
    size_t part = fails(plan->short_write) && count > 1 ? 1 + count / 7 : count;
    return real(socket, buffer, part, flags);
}

ssize_t read(int file, void *buffer, size_t count) {
    static ssize_t (*real)(int, void *, size_t);
    if (!real) real = REAL(read);
    FAIL(interrupted, EINTR)
    return real(file, buffer, fails(plan->short_read) && count > 8 ? 8 : count);
}

ssize_t write(int file, const void *buffer, size_t count) {
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = REAL(write);
    FAIL(interrupted, EINTR)
    return real(file, buffer, fails(plan->short_write) && count > 8 ? 1 + count / 7 : count);
}

int accept4(int socket, struct sockaddr *peer, socklen_t *length, int flags) {
    static int (*real)(int, struct sockaddr *, socklen_t *, int);
    if (!real) real = REAL(accept4);
    FAIL(interrupted, EINTR)
    FAIL(accept_aborted, ECONNABORTED)
    FAIL(accept_descriptors, EMFILE)
    FAIL(accept_table, ENFILE)
    FAIL(accept_memory, ENOMEM)
    FAIL(accept_buffers, ENOBUFS)
    return real(socket, peer, length, flags);
}

int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout) {
    static int (*real)(int, struct epoll_event *, int, int);
    if (!real) real = REAL(epoll_wait);
    FAIL(interrupted, EINTR)
    return real(epoll, events, fails(plan->short_read) ? 1 : count, timeout);
}

int epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event) {
    static int (*real)(int, int, int, struct epoll_event *);
    if (!real) real = REAL(epoll_ctl);
    if (operation == EPOLL_CTL_ADD) { FAIL(watch_space, ENOSPC) }
    if (operation != EPOLL_CTL_DEL) { FAIL(watch_memory, ENOMEM) }
    return real(epoll, operation, descriptor, event);
}

int poll(struct pollfd *files, nfds_t count, int timeout) {
    static int (*real)(struct pollfd *, nfds_t, int);
    if (!real) real = REAL(poll);
    FAIL(interrupted, EINTR)
    return real(files, count, timeout);
}

/* glibc's opendir and fopen do not come by here: these are the program's own calls. */
int open(const char *path, int flags, ...) {
    static int (*real)(const char *, int, ...);
    if (!real) real = REAL(open);
    mode_t mode = 0;
    if (flags & O_CREAT) {
        __builtin_va_list rest;
        __builtin_va_start(rest, flags);
        mode = __builtin_va_arg(rest, unsigned);
        __builtin_va_end(rest);
    }
    FAIL(open_descriptors, EMFILE)
    FAIL(interrupted, EINTR)
    return real(path, flags, mode);
}
