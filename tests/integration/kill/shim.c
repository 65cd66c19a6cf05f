/* Stands between the program and its system calls (LD_PRELOAD), counts those that write to wanted
 * files or speak over the network, and at the one asked for kills the process or lets the call fail.
 *
 *   SHIM_ON    "files": calls that change files whose name begins with SHIM_FILE
 *              "reads": calls that read such files
 *              "net":   calls on internet sockets
 *   SHIM_FILE  beginning of the file name, without a folder
 *   SHIM_LOG   a file that gets one line for each call that was counted
 *   SHIM_AT    which call, from 1 on; 0 or nothing: only count
 *   SHIM_DO    "before", "half", "after": SIGKILL before the call, after half of its bytes, after it
 *              "full", "broken": that call and all later ones fail with ENOSPC or EIO
 *              "readonly": no wanted file can be opened for writing, as on a read-only file system
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum act { GO, BEFORE, HALF, AFTER, FAIL };

static atomic_long count;
static atomic_int log_fd = -1;

static int is_set(const char *name, const char *value) {
    const char *text = getenv(name);
    return text && strcmp(text, value) == 0;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* Only calls that really happen are counted, so a call that would block is not. */
static enum act step(const char *call, const char *what, size_t size) {
    long now = atomic_fetch_add(&count, 1) + 1;
    const char *log = getenv("SHIM_LOG");
    if (log) {
        if (log_fd < 0) {
            int fd = syscall(SYS_open, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
            int none = -1;
            if (!atomic_compare_exchange_strong(&log_fd, &none, fd)) syscall(SYS_close, fd);
        }
        char line[256];
        int length = snprintf(line, sizeof line, "%s %s %zu\n", call, what, size);
        syscall(SYS_write, log_fd, line, (size_t)length);
    }
    const char *text = getenv("SHIM_AT");
    long at = text ? atol(text) : 0;
    if (at == 0 || now < at) return GO;
    if (is_set("SHIM_DO", "full") || is_set("SHIM_DO", "broken")) return FAIL;
    if (now > at) return GO;
    if (is_set("SHIM_DO", "before")) return BEFORE;
    if (is_set("SHIM_DO", "half")) return HALF;
    return AFTER;
}

static int fails(void) {
    errno = is_set("SHIM_DO", "full") ? ENOSPC : EIO;
    return -1;
}

static const char *wanted_path(const char *path) {
    const char *file = getenv("SHIM_FILE");
    if (!path || !file) return NULL;
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    if (strncmp(name, file, strlen(file)) != 0) return NULL;
    /* The shared memory of SQLite is made anew after a crash, so killing there shows nothing. */
    size_t length = strlen(name);
    if (!is_set("SHIM_DO", "full") && !is_set("SHIM_DO", "broken") && length > 4 &&
        strcmp(name + length - 4, "-shm") == 0)
        return NULL;
    return name;
}

static const char *wanted_fd(int fd, char *path, size_t size) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0) return NULL;
    path[length] = 0;
    return wanted_path(path);
}

static int is_internet(int fd) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0) return 0;
    return address.ss_family == AF_INET || address.ss_family == AF_INET6;
}

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* A call that puts `size` bytes somewhere. */
#define PUT(call, label, size, half, whole) \
    do { \
        enum act act = step(call, label, size); \
        if (act == FAIL) return fails(); \
        if (act == BEFORE) die(); \
        if (act == HALF) { half; die(); } \
        ssize_t done = whole; \
        if (act == AFTER) die(); \
        return done; \
    } while (0)

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(write);
    char path[4096];
    if (is_set("SHIM_ON", "files")) {
        const char *name = wanted_fd(fd, path, sizeof path);
        if (name) PUT("write", name, size, real(fd, bytes, size / 2), real(fd, bytes, size));
    } else if (is_set("SHIM_ON", "net") && is_internet(fd)) {
        PUT("write", "socket", size, real(fd, bytes, size / 2), real(fd, bytes, size));
    }
    return real(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    REAL(pwrite64);
    char path[4096];
    const char *name = is_set("SHIM_ON", "files") ? wanted_fd(fd, path, sizeof path) : NULL;
    if (name) PUT("write", name, size, real(fd, bytes, size / 2, at), real(fd, bytes, size, at));
    return real(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    return pwrite64(fd, bytes, size, at);
}

static size_t total(const struct iovec *parts, int number) {
    size_t size = 0;
    for (int i = 0; i < number; i++) size += parts[i].iov_len;
    return size;
}

static void send_half(int fd, const struct iovec *parts, int number) {
    size_t left = total(parts, number) / 2;
    for (int i = 0; i < number && left > 0; i++) {
        size_t size = parts[i].iov_len < left ? parts[i].iov_len : left;
        syscall(SYS_sendto, fd, parts[i].iov_base, size, MSG_NOSIGNAL, NULL, 0);
        left -= size;
    }
}

ssize_t writev(int fd, const struct iovec *parts, int number) {
    REAL(writev);
    if (is_set("SHIM_ON", "net") && is_internet(fd))
        PUT("send", "socket", total(parts, number), send_half(fd, parts, number),
            real(fd, parts, number));
    return real(fd, parts, number);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
    REAL(send);
    if (is_set("SHIM_ON", "net") && is_internet(fd))
        PUT("send", "socket", size, real(fd, bytes, size / 2, flags), real(fd, bytes, size, flags));
    return real(fd, bytes, size, flags);
}

int connect(int fd, const struct sockaddr *address, socklen_t length) {
    REAL(connect);
    if (is_set("SHIM_ON", "net") && is_internet(fd))
        PUT("connect", "socket", 0, (void)0, real(fd, address, length));
    return real(fd, address, length);
}

/* What was received is counted, not what was tried: a socket that has nothing yet says so often. */
static ssize_t received(int fd, ssize_t done) {
    if (done >= 0 && is_set("SHIM_ON", "net") && is_internet(fd)) {
        int kept = errno;
        enum act act = step("recv", "socket", (size_t)done);
        if (act != GO && act != FAIL) die();
        errno = kept;
    }
    return done;
}

ssize_t recv(int fd, void *bytes, size_t size, int flags) {
    REAL(recv);
    return received(fd, real(fd, bytes, size, flags));
}

ssize_t readv(int fd, const struct iovec *parts, int number) {
    REAL(readv);
    return received(fd, real(fd, parts, number));
}

ssize_t read(int fd, void *bytes, size_t size) {
    REAL(read);
    if (is_set("SHIM_ON", "reads")) {
        char path[4096];
        const char *name = wanted_fd(fd, path, sizeof path);
        if (name && step("read", name, size) == FAIL) return fails();
    }
    return received(fd, real(fd, bytes, size));
}

ssize_t pread64(int fd, void *bytes, size_t size, off64_t at) {
    REAL(pread64);
    if (is_set("SHIM_ON", "reads")) {
        char path[4096];
        const char *name = wanted_fd(fd, path, sizeof path);
        if (name && step("read", name, size) == FAIL) return fails();
    }
    return real(fd, bytes, size, at);
}

ssize_t pread(int fd, void *bytes, size_t size, off_t at) { return pread64(fd, bytes, size, at); }

/* A disk that is full still flushes; a broken one does not. */
#define FLUSH(name) \
    int name(int fd) { \
        REAL(name); \
        char path[4096]; \
        const char *file = is_set("SHIM_ON", "files") && !is_set("SHIM_DO", "full") \
            ? wanted_fd(fd, path, sizeof path) : NULL; \
        if (file) PUT("flush", file, 0, (void)0, real(fd)); \
        return real(fd); \
    }
FLUSH(fsync)
FLUSH(fdatasync)

int ftruncate64(int fd, off64_t size) {
    REAL(ftruncate64);
    char path[4096];
    const char *name = is_set("SHIM_ON", "files") && !is_set("SHIM_DO", "full")
        ? wanted_fd(fd, path, sizeof path) : NULL;
    if (name) PUT("cut", name, 0, (void)0, real(fd, size));
    return real(fd, size);
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int unlink(const char *path) {
    REAL(unlink);
    const char *name =
        is_set("SHIM_ON", "files") && !is_set("SHIM_DO", "full") ? wanted_path(path) : NULL;
    if (name) PUT("remove", name, 0, (void)0, real(path));
    return real(path);
}

static int is_made(const char *path, int flags) {
    return (flags & O_CREAT) && wanted_path(path) && syscall(SYS_access, path, F_OK) != 0;
}

#define OPEN(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        if (is_set("SHIM_DO", "readonly") && wanted_path(path) && \
            (flags & (O_WRONLY | O_RDWR | O_CREAT))) { \
            errno = EROFS; \
            return -1; \
        } \
        if (is_set("SHIM_ON", "files") && is_made(path, flags)) \
            PUT("make", wanted_path(path), 0, (void)0, real(path, flags, mode)); \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
