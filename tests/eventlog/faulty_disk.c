/* A disk that fails on order, for tests: preload it with LD_PRELOAD.
 *
 * FAULTY_FOLDER  what lies under it fails; everything else is left alone
 * FAULTY_ORDER   a file that says how, read at every call: well, eio-write, eio-sync, full or read-only
 * FAULTY_LOG     a file that gets one line per sync: its result and its path
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int ordered(const char *word) {
    char order[16] = {0};
    const char *path = getenv("FAULTY_ORDER");
    long fd = path ? syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1;
    if (fd < 0) return 0;
    syscall(SYS_read, fd, order, sizeof order - 1);
    syscall(SYS_close, fd);
    return strcmp(order, word) == 0;
}

static int is_ours(const char *path) {
    const char *folder = getenv("FAULTY_FOLDER");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

static const char *path_of(int fd) {
    static __thread char path[4096];
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    return path;
}

static int fails_to_write(const char *path) {
    if (!is_ours(path)) return 0;
    if (ordered("eio-write")) return EIO;
    if (ordered("full")) return ENOSPC;
    return ordered("read-only") ? EROFS : 0;
}

#define FAIL_IF(fault, result) do { int code = (fault); if (code) { errno = code; return (result); } } while (0)

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    FAIL_IF(fails_to_write(path_of(fd)), -1);
    return REAL(pwrite)(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    FAIL_IF(fails_to_write(path_of(fd)), -1);
    return REAL(pwrite64)(fd, data, size, at);
}

ssize_t write(int fd, const void *data, size_t size) {
    FAIL_IF(fails_to_write(path_of(fd)), -1);
    return REAL(write)(fd, data, size);
}

int ftruncate64(int fd, off64_t size) {
    FAIL_IF(fails_to_write(path_of(fd)), -1);
    return REAL(ftruncate64)(fd, size);
}

static int syncs(int fd, int (*sync)(int)) {
    char line[4200];
    const char *path = path_of(fd), *log = getenv("FAULTY_LOG");
    int fault = is_ours(path) && ordered("eio-sync") ? EIO : 0;
    long out = log && is_ours(path) ? syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT, 0600) : -1;
    if (out >= 0) {
        int length = snprintf(line, sizeof line, "%d %s\n", fault, path);
        syscall(SYS_write, out, line, length);
        syscall(SYS_close, out);
    }
    FAIL_IF(fault, -1);
    return sync(fd);
}

int fsync(int fd) { return syncs(fd, REAL(fsync)); }
int fdatasync(int fd) { return syncs(fd, REAL(fdatasync)); }

static int fails_to_open(const char *path, int flags) {
    if (!is_ours(path) || !(flags & (O_CREAT | O_WRONLY | O_RDWR))) return 0;
    if (ordered("read-only")) return EROFS;
    return flags & O_CREAT && access(path, F_OK) != 0 && ordered("full") ? ENOSPC : 0;
}

#define OPENS(name)                                            \
    int name(const char *path, int flags, ...) {               \
        va_list more;                                          \
        va_start(more, flags);                                 \
        int mode = flags & O_CREAT ? va_arg(more, int) : 0;    \
        va_end(more);                                          \
        FAIL_IF(fails_to_open(path, flags), -1);               \
        return REAL(name)(path, flags, mode);                  \
    }

OPENS(open)
OPENS(open64)

int unlink(const char *path) {
    FAIL_IF(is_ours(path) && ordered("read-only") ? EROFS : 0, -1);
    return REAL(unlink)(path);
}

int rename(const char *from, const char *to) {
    FAIL_IF(is_ours(to) && ordered("read-only") ? EROFS : 0, -1);
    return REAL(rename)(from, to);
}
