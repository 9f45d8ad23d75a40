/* Linux calls that Swift's Glibc module does not show, and the macros, unions and variadics it
 * cannot. Functions that glibc declares only under _GNU_SOURCE are declared here: with that macro,
 * some types would differ from those of the Glibc module. */
#ifndef CATTLEGUARD_CLINUX_H
#define CATTLEGUARD_CLINUX_H
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern int accept4(int, struct sockaddr *__restrict, socklen_t *__restrict, int);
extern const char *strerrordesc_np(int) __attribute__((__nothrow__));
extern int pthread_setname_np(pthread_t, const char *) __attribute__((__nothrow__));
extern long syscall(long, ...) __attribute__((__nothrow__));

/* The description of an error number in English, or NULL. Static storage, safe in any thread. */
static inline const char *linux_error_description(int code) { return strerrordesc_np(code); }

/* Accepts a connection that is non-blocking and closed on exec. */
static inline int linux_accept(int listener, struct sockaddr_in6 *peer) {
    socklen_t length = sizeof *peer;
    return accept4(listener, (struct sockaddr *)peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static inline int linux_stream_socket(int family, int nonblocking) {
    return socket(family, SOCK_STREAM | SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0), 0);
}

/* struct sockaddr_in6 is at least as large as sockaddr_in, and serves as storage for both. */
static inline socklen_t linux_address_length(const struct sockaddr_in6 *address) {
    return address->sin6_family == AF_INET ? sizeof(struct sockaddr_in)
                                           : sizeof(struct sockaddr_in6);
}

static inline int linux_bind(int socket, const struct sockaddr_in6 *address) {
    return bind(socket, (const struct sockaddr *)address, linux_address_length(address));
}

static inline int linux_connect(int socket, const struct sockaddr_in6 *address) {
    return connect(socket, (const struct sockaddr *)address, linux_address_length(address));
}

static inline int linux_local_address(int socket, struct sockaddr_in6 *address) {
    socklen_t length = sizeof *address;
    return getsockname(socket, (struct sockaddr *)address, &length);
}

/* epoll_event is packed and holds a union. */
static inline int linux_epoll_control(int epoll, int operation, int descriptor, uint32_t events,
                                      uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

static inline uint64_t linux_epoll_token(const struct epoll_event *event) {
    return event->data.u64;
}

static inline uint32_t linux_epoll_events(const struct epoll_event *event) {
    return event->events;
}

static const uint32_t linux_epoll_readable = EPOLLIN | EPOLLRDHUP;
static const uint32_t linux_epoll_writable = EPOLLOUT;
static const uint32_t linux_epoll_broken = EPOLLERR | EPOLLHUP;

static inline int linux_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static inline int linux_signalfd(const sigset_t *signals) {
    return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static inline int linux_open_for_reading(const char *path) {
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* A pipe opens at once, too, though nobody writes to it. */
static inline int linux_open_without_waiting(const char *path) {
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static inline int linux_create(const char *path, mode_t mode) {
    return open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
}

static inline int linux_set_nonblocking(int descriptor) {
    int flags = fcntl(descriptor, F_GETFL);
    return flags < 0 ? flags : fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
}

/* The name lies in the entry, which may be shorter than struct dirent: no copy of the struct. */
static inline const char *linux_entry_name(const struct dirent *entry) { return entry->d_name; }

static inline int linux_name_thread(pthread_t thread, const char *name) {
    return pthread_setname_np(thread, name);
}

/* The processors this process may run on, up to 8192; 0 when the kernel does not say. */
static inline int linux_usable_processors(void) {
    unsigned long mask[8192 / (8 * sizeof(unsigned long))];
    long bytes = syscall(SYS_sched_getaffinity, 0, sizeof mask, mask);
    int count = 0;
    for (long word = 0; word < bytes / (long)sizeof *mask; word++)
        count += __builtin_popcountl(mask[word]);
    return count;
}

static inline int linux_descriptor_limit(struct rlimit *limit) {
    return getrlimit(RLIMIT_NOFILE, limit);
}

static inline int linux_set_descriptor_limit(const struct rlimit *limit) {
    return setrlimit(RLIMIT_NOFILE, limit);
}

static inline int linux_process_usage(struct rusage *usage) {
    return getrusage(RUSAGE_SELF, usage);
}

/* A folder's entries changed: files written or made readable, renames (the `..data` swap of a
 * mounted volume), removals; or the folder itself went. */
static inline int linux_watch_directory(int inotify, const char *path) {
    return inotify_add_watch(inotify, path,
                             IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_CREATE | IN_DELETE |
                                 IN_MOVE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
}

static inline int linux_unwatch(int inotify, int watch) {
    return inotify_rm_watch(inotify, watch);
}

/* mallopt(3): blocks from so many bytes on are mappings of their own, and the heap gives back what
 * is free at its end beyond so many. 1 where both were taken. */
static inline int linux_set_allocation(int mapped_from, int kept) {
    return mallopt(M_MMAP_THRESHOLD, mapped_from) && mallopt(M_TRIM_THRESHOLD, kept);
}

/* malloc_trim(3): returns whole pages that are free anywhere in any heap. 1 where there were any. */
static inline int linux_return_freed(void) { return malloc_trim(0); }

static inline int linux_inotify(void) { return inotify_init1(IN_NONBLOCK | IN_CLOEXEC); }
#endif
