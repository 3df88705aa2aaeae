/*
 * Stands between a process and the C library (LD_PRELOAD): writes down what the process does to the files below one
 * folder and what it says to others, in one order, and lets chosen operations fail.
 *
 * SHIM_ROOT     the folder, absolute
 * SHIM_JOURNAL  file that records are appended to; without it nothing is written down
 * SHIM_CONTROL  file of one `struct control`, shared with the test; without it nothing fails
 * SHIM_LIE      end of file names whose fsync does nothing and is said to have succeeded
 *
 * A record is a header, the path below the root, and data. What a write changes is noted before it is done, and an
 * fsync twice: before it and after it. Fits 64-bit Linux with glibc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREATED = 1, WRITTEN, TRUNCATED, SYNC_BEGINS, SYNC_ENDS, UNLINKED, RENAMED, FOLDER, SAID };
enum { READING = 1, WRITING = 2, SYNCING = 4, OPENING = 8, CHANGING = 16, OPENING_TO_WRITE = 32 };

struct header {
    uint32_t kind, thread, path_bytes, data_bytes;
    uint64_t at;
};

/* Which operations fail: those of `kinds`, after `passing` of them; one, or with `lasting` all from then on. */
struct control {
    _Atomic uint32_t kinds, error, lasting, passing, seen, failed;
};

#define FILES 65536
static char *paths[FILES];
static const char *root, *lie;
static size_t root_bytes;
static int journal = -1;
static struct control *control;

#define REAL(name) ((__typeof__(&name))real_##name)
static void *real_open, *real_openat, *real_close, *real_read, *real_pread, *real_write, *real_pwrite, *real_writev,
    *real_send, *real_sendmsg, *real_sendto, *real_ftruncate, *real_fsync, *real_unlink, *real_rename, *real_mkdir;

__attribute__((constructor)) static void start(void) {
    real_open = dlsym(RTLD_NEXT, "open64");
    real_openat = dlsym(RTLD_NEXT, "openat64");
    real_close = dlsym(RTLD_NEXT, "close");
    real_read = dlsym(RTLD_NEXT, "read");
    real_pread = dlsym(RTLD_NEXT, "pread64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_send = dlsym(RTLD_NEXT, "send");
    real_sendto = dlsym(RTLD_NEXT, "sendto");
    real_sendmsg = dlsym(RTLD_NEXT, "sendmsg");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
    root = getenv("SHIM_ROOT");
    root_bytes = root ? strlen(root) : 0;
    lie = getenv("SHIM_LIE");
    const char *name = getenv("SHIM_JOURNAL");
    if (name) journal = REAL(open)(name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    name = getenv("SHIM_CONTROL");
    int fd = name ? REAL(open)(name, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *page = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    control = page == MAP_FAILED ? NULL : page;
    REAL(close)(fd);
}

/* Appends one record in one system call, so that records of threads and processes do not mix. */
static void note(int kind, const char *path, uint64_t at, const void *data, size_t bytes) {
    if (journal < 0) return;
    int kept = errno;
    struct header header = {kind, syscall(SYS_gettid), path ? strlen(path) : 0, bytes, at};
    struct iovec parts[] = {{&header, sizeof header}, {(void *)path, header.path_bytes}, {(void *)data, bytes}};
    if (REAL(writev)(journal, parts, 3) < 0) abort();
    errno = kept;
}

/* Whether an operation is to fail; sets errno. */
static int fails(uint32_t kinds) {
    if (!control || !(control->kinds & kinds)) return 0;
    uint32_t before = atomic_fetch_add(&control->seen, 1);
    if (before < control->passing || (before > control->passing && !control->lasting)) return 0;
    atomic_fetch_add(&control->failed, 1);
    errno = control->error;
    return 1;
}

/* The path below the root, or null for what is elsewhere. Relative paths are completed. */
static char *below_root(const char *path, char *whole) {
    if (!root || !path) return NULL;
    if (path[0] == '/') {
        strncpy(whole, path, PATH_MAX - 1);
    } else {
        if (!getcwd(whole, PATH_MAX / 2)) return NULL;
        strncat(whole, "/", 2);
        strncat(whole, path, PATH_MAX / 2 - 2);
    }
    if (strncmp(whole, root, root_bytes) != 0) return NULL;
    if (whole[root_bytes] == '\0') return whole + root_bytes;
    return whole[root_bytes] == '/' ? whole + root_bytes + 1 : NULL;
}

static const char *path_of(int fd) { return fd >= 0 && fd < FILES ? paths[fd] : NULL; }

static int opened(const char *path, int flags, mode_t mode, int folder) {
    char whole[PATH_MAX] = "";
    char *name = folder == AT_FDCWD ? below_root(path, whole) : NULL;
    if (!name) return REAL(openat)(folder, path, flags, mode);
    if (fails((flags & O_ACCMODE) == O_RDONLY ? OPENING : OPENING | OPENING_TO_WRITE)) return -1;
    int is_new = (flags & O_CREAT) && syscall(SYS_faccessat, AT_FDCWD, path, F_OK) != 0;
    int fd = REAL(openat)(folder, path, flags, mode);
    if (fd < 0 || fd >= FILES) return fd;
    if (is_new) note(CREATED, name, 0, NULL, 0);
    else if (flags & O_TRUNC) note(TRUNCATED, name, 0, NULL, 0);
    free(paths[fd]);
    paths[fd] = strdup(name);
    return fd;
}

static mode_t mode_of(int flags, va_list list) {
    return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, mode_t) : 0;
}

#define OPENS(name, ...)                                     \
    {                                                        \
        va_list list;                                        \
        va_start(list, flags);                               \
        mode_t mode = mode_of(flags, list);                  \
        va_end(list);                                        \
        return opened(path, flags, mode, __VA_ARGS__);       \
    }
int open(const char *path, int flags, ...) OPENS(open, AT_FDCWD)
int open64(const char *path, int flags, ...) OPENS(open64, AT_FDCWD)
int openat(int folder, const char *path, int flags, ...) OPENS(openat, folder)
int openat64(int folder, const char *path, int flags, ...) OPENS(openat64, folder)

int close(int fd) {
    if (path_of(fd)) {
        free(paths[fd]);
        paths[fd] = NULL;
    }
    return REAL(close)(fd);
}

ssize_t read(int fd, void *data, size_t bytes) {
    return path_of(fd) && fails(READING) ? -1 : REAL(read)(fd, data, bytes);
}

ssize_t pread64(int fd, void *data, size_t bytes, off64_t at) {
    return path_of(fd) && fails(READING) ? -1 : REAL(pread)(fd, data, bytes, at);
}

ssize_t pread(int fd, void *data, size_t bytes, off_t at) { return pread64(fd, data, bytes, at); }

/* What goes to standard output or to a socket may be an acknowledgement. */
static void say(int fd, const void *data, size_t bytes) {
    struct stat about;
    if (journal < 0 || fd == 2) return;
    if (fd == 1 || (fstat(fd, &about) == 0 && S_ISSOCK(about.st_mode))) note(SAID, NULL, fd, data, bytes);
}

static void say_parts(int fd, const struct iovec *parts, int count) {
    char text[65536];
    size_t bytes = 0;
    for (int part = 0; part < count; part++) {
        size_t more = parts[part].iov_len < sizeof text - bytes ? parts[part].iov_len : sizeof text - bytes;
        memcpy(text + bytes, parts[part].iov_base, more);
        bytes += more;
    }
    say(fd, text, bytes);
}

/* Of a write that fails one half is done. */
ssize_t pwrite64(int fd, const void *data, size_t bytes, off64_t at) {
    const char *path = path_of(fd);
    if (!path) return REAL(pwrite)(fd, data, bytes, at);
    int failed = fails(WRITING), error = errno;
    if (failed) bytes /= 2;
    if (bytes) note(WRITTEN, path, at, data, bytes);
    ssize_t written = bytes ? REAL(pwrite)(fd, data, bytes, at) : 0;
    if (!failed) return written;
    errno = error;
    return -1;
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at) { return pwrite64(fd, data, bytes, at); }

ssize_t write(int fd, const void *data, size_t bytes) {
    const char *path = path_of(fd);
    if (!path) {
        say(fd, data, bytes);
        return REAL(write)(fd, data, bytes);
    }
    int failed = fails(WRITING), error = errno, at_end = fcntl(fd, F_GETFL) & O_APPEND;
    if (failed) bytes /= 2;
    if (bytes) note(WRITTEN, path, lseek64(fd, 0, at_end ? SEEK_END : SEEK_CUR), data, bytes);
    ssize_t written = bytes ? REAL(write)(fd, data, bytes) : 0;
    if (!failed) return written;
    errno = error;
    return -1;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    if (!path_of(fd)) {
        say_parts(fd, parts, count);
        return REAL(writev)(fd, parts, count);
    }
    return count > 0 ? write(fd, parts[0].iov_base, parts[0].iov_len) : 0;
}

ssize_t send(int fd, const void *data, size_t bytes, int flags) {
    say(fd, data, bytes);
    return REAL(send)(fd, data, bytes, flags);
}

ssize_t sendto(int fd, const void *data, size_t bytes, int flags, const struct sockaddr *to, socklen_t length) {
    say(fd, data, bytes);
    return REAL(sendto)(fd, data, bytes, flags, to, length);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
    say_parts(fd, message->msg_iov, message->msg_iovlen);
    return REAL(sendmsg)(fd, message, flags);
}

int ftruncate64(int fd, off64_t bytes) {
    const char *path = path_of(fd);
    if (!path) return REAL(ftruncate)(fd, bytes);
    if (fails(CHANGING)) return -1;
    note(TRUNCATED, path, bytes, NULL, 0);
    return REAL(ftruncate)(fd, bytes);
}

int ftruncate(int fd, off_t bytes) { return ftruncate64(fd, bytes); }

static int is_lie(const char *path) {
    size_t bytes = strlen(path), end = lie ? strlen(lie) : 0;
    return lie && bytes >= end && strcmp(path + bytes - end, lie) == 0;
}

/* Nothing need reach a disk here: what would have is read from the journal. */
int fsync(int fd) {
    const char *path = path_of(fd);
    if (!path) return REAL(fsync)(fd);
    if (is_lie(path)) return 0;
    note(SYNC_BEGINS, path, 0, NULL, 0);
    int failed = fails(SYNCING);
    note(SYNC_ENDS, path, failed ? errno : 0, NULL, 0);
    return failed ? -1 : 0;
}

int fdatasync(int fd) { return fsync(fd); }

int unlink(const char *path) {
    char whole[PATH_MAX] = "";
    char *name = below_root(path, whole);
    if (!name) return REAL(unlink)(path);
    if (fails(CHANGING)) return -1;
    int result = REAL(unlink)(path);
    if (result == 0) note(UNLINKED, name, 0, NULL, 0);
    return result;
}

int rename(const char *from, const char *to) {
    char whole_from[PATH_MAX] = "", whole_to[PATH_MAX] = "";
    char *name = below_root(from, whole_from), *other = below_root(to, whole_to);
    if (!name || !other) return REAL(rename)(from, to);
    if (fails(CHANGING)) return -1;
    note(RENAMED, name, 0, other, strlen(other));
    return REAL(rename)(from, to);
}

int mkdir(const char *path, mode_t mode) {
    char whole[PATH_MAX] = "";
    char *name = below_root(path, whole);
    if (!name) return REAL(mkdir)(path, mode);
    if (fails(CHANGING)) return -1;
    int result = REAL(mkdir)(path, mode);
    if (result == 0) note(FOLDER, name, 0, NULL, 0);
    return result;
}
