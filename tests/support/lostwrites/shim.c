/*
 * Records what a process asks of its disk, in order, so that a test can rebuild the directory as a
 * power cut could have left it. Loaded with LD_PRELOAD; tests/support/lostwrites/mod.rs compiles it,
 * describes the record and replays it.
 *
 *   GALLRA_TRACE_ROOT   only what happens below this directory is recorded
 *   GALLRA_TRACE_FILE   the trace, outside the root; several processes append to one
 *
 * A change and its record happen under one lock (flock between processes, a mutex between threads),
 * so the order of the records is the order of the changes. A sync leaves two records: what was
 * recorded before its beginning is on the disk once its end is recorded. Calls are made with
 * syscall(2), and every record names the inode and the path behind the descriptor, so no table of
 * descriptors can go stale.
 *
 * A process killed between a change and its record leaves a hole, and a process stopped inside one
 * keeps the others waiting: record whole runs, and let the cut points do the killing.
 *
 * Not seen: direct system calls (rustix without `use-libc`), stdio of C, shared writable mappings.
 * `Trace::assert_complete` finds changes made that way; a sync made that way counts as missing.
 * SQLite's `-shm` files are left out: a restart rebuilds them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
    CREATE = 1, WRITE, TRUNCATE, SYNC_BEGIN, SYNC_END, RENAME, UNLINK, MAKE_DIRECTORY,
    REMOVE_DIRECTORY, LINK, OUTPUT, MODE, MARK /* written by the test */, UNSUPPORTED,
};

struct header {
    uint32_t magic, kind;
    uint32_t pid, path_length;
    uint64_t data_length;
    uint64_t inode;
    uint64_t number; /* offset, size, mode or the token of a sync */
};

static char root[PATH_MAX];
static size_t root_length;
static int trace = -1;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static _Atomic uint32_t syncs;

static void die(const char *what) {
    dprintf(2, "lost-writes shim: %s (errno %d): the trace would have a hole\n", what, errno);
    abort();
}

__attribute__((constructor)) static void begin(void) {
    const char *below = getenv("GALLRA_TRACE_ROOT"), *file = getenv("GALLRA_TRACE_FILE");
    if (!below || !file) return;
    if (!realpath(below, root)) die("GALLRA_TRACE_ROOT is no directory");
    root_length = strlen(root);
    trace = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (trace < 0) die("cannot open GALLRA_TRACE_FILE");
}

static void lock(void) {
    pthread_mutex_lock(&mutex);
    while (flock(trace, LOCK_EX))
        if (errno != EINTR) die("cannot lock the trace");
}

static void unlock(void) {
    int kept = errno;
    flock(trace, LOCK_UN);
    pthread_mutex_unlock(&mutex);
    errno = kept;
}

/* The path relative to the root, or NULL when it is none of our business. */
static const char *ours(const char *path) {
    if (strncmp(path, root, root_length)) return NULL;
    if (!path[root_length]) return ".";
    if (path[root_length] != '/') return NULL;
    size_t length = strlen(path);
    if (length > 4 && !strcmp(path + length - 4, "-shm")) return NULL;
    return path + root_length + 1;
}

static int by_descriptor(int fd, char out[PATH_MAX]) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
    if (n <= 0) return 0;
    out[n] = 0;
    return out[0] == '/';
}

/* The absolute path of a name that may not exist: its parent resolved, the name itself not. */
static int by_name(int dirfd, const char *name, char out[PATH_MAX]) {
    char full[PATH_MAX], parent[PATH_MAX];
    if (name[0] == '/' || dirfd == AT_FDCWD) {
        if (snprintf(full, sizeof full, "%s", name) >= PATH_MAX) return 0;
    } else {
        if (!by_descriptor(dirfd, parent)) return 0;
        if (snprintf(full, sizeof full, "%s/%s", parent, name) >= PATH_MAX) return 0;
    }
    for (size_t n = strlen(full); n > 1 && full[n - 1] == '/'; n--) full[n - 1] = 0;
    char *slash = strrchr(full, '/');
    const char *last = slash ? slash + 1 : full;
    if (slash) *slash = 0;
    if (!realpath(slash ? (slash == full ? "/" : full) : ".", parent)) return 0;
    return snprintf(out, PATH_MAX, "%s/%s", strcmp(parent, "/") ? parent : "", last) < PATH_MAX;
}

static void record(enum kind kind, const char *path, uint64_t inode, uint64_t number,
                   const struct iovec *data, int parts, size_t length) {
    struct header header = {0x474c5731, kind, (uint32_t)getpid(), (uint32_t)strlen(path), length,
                            inode, number};
    struct iovec all[2 + 64];
    int count = 2;
    if (parts > 64) die("too many parts in one vector");
    all[0] = (struct iovec){&header, sizeof header};
    all[1] = (struct iovec){(void *)path, header.path_length};
    size_t left = length;
    for (int i = 0; i < parts && left; i++) {
        size_t part = data[i].iov_len < left ? data[i].iov_len : left;
        all[count++] = (struct iovec){data[i].iov_base, part};
        left -= part;
    }
    if (syscall(SYS_writev, trace, all, count) != (long)(sizeof header + header.path_length + length))
        die("cannot write the trace");
}

static void record_name(enum kind kind, const char *path, const char *other) {
    struct iovec data = {(void *)other, strlen(other)};
    record(kind, path, 0, 0, &data, 1, data.iov_len);
}

/* Is the open file below the root? Then its relative path and inode. Keeps errno. */
static const char *file(int fd, char path[PATH_MAX], struct stat *stat) {
    int kept = errno;
    const char *relative = NULL;
    if (trace >= 0 && fd != trace && by_descriptor(fd, path)) relative = ours(path);
    if (relative && fstat(fd, stat)) relative = NULL;
    errno = kept;
    return relative;
}

/* ---- opening ---- */

static int open_file(int dirfd, const char *name, int flags, mode_t mode) {
    if (trace < 0 || !(flags & (O_CREAT | O_TRUNC)))
        return syscall(SYS_openat, dirfd, name, flags, mode);
    char path[PATH_MAX];
    struct stat stat;
    lock();
    int existed = !fstatat(dirfd, name, &stat, 0);
    int fd = syscall(SYS_openat, dirfd, name, flags, mode);
    const char *relative = fd < 0 ? NULL : file(fd, path, &stat);
    if (relative && (flags & O_TMPFILE) == O_TMPFILE) record_name(UNSUPPORTED, relative, "O_TMPFILE");
    else if (relative && !existed) record(CREATE, relative, stat.st_ino, stat.st_mode & 07777, NULL, 0, 0);
    else if (relative && flags & O_TRUNC) record(TRUNCATE, relative, stat.st_ino, 0, NULL, 0, 0);
    unlock();
    return fd;
}

#define MODE_ARGUMENT(flags, mode) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { \
        va_list list; \
        va_start(list, flags); \
        mode = va_arg(list, mode_t); \
        va_end(list); \
    }

int open(const char *name, int flags, ...) { MODE_ARGUMENT(flags, mode) return open_file(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE_ARGUMENT(flags, mode) return open_file(AT_FDCWD, name, flags, mode); }
int openat(int dirfd, const char *name, int flags, ...) { MODE_ARGUMENT(flags, mode) return open_file(dirfd, name, flags, mode); }
int openat64(int dirfd, const char *name, int flags, ...) { MODE_ARGUMENT(flags, mode) return open_file(dirfd, name, flags, mode); }
int creat(const char *name, mode_t mode) { return open_file(AT_FDCWD, name, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *name, mode_t mode) { return creat(name, mode); }

/* ---- contents ---- */

/* Standard output is what the process has promised the world: it belongs in the order of things. */
static ssize_t store(int fd, const struct iovec *data, int parts, off_t offset, int positioned) {
    char path[PATH_MAX];
    struct stat stat;
    const char *relative = file(fd, path, &stat);
    int output = trace >= 0 && fd == 1 && !relative;
    if (relative || output) lock();
    ssize_t done = positioned ? syscall(SYS_pwritev, fd, data, parts, offset, 0)
                              : syscall(SYS_writev, fd, data, parts);
    if (relative && done > 0) {
        if (!positioned) offset = lseek(fd, 0, SEEK_CUR) - done;
        record(WRITE, relative, stat.st_ino, offset, data, parts, done);
    } else if (output && done > 0) record(OUTPUT, "", 0, 0, data, parts, done);
    if (relative || output) unlock();
    return done;
}

ssize_t write(int fd, const void *data, size_t length) {
    struct iovec one = {(void *)data, length};
    return store(fd, &one, 1, 0, 0);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    struct iovec one = {(void *)data, length};
    return store(fd, &one, 1, offset, 1);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) { return pwrite(fd, data, length, offset); }
ssize_t writev(int fd, const struct iovec *data, int parts) { return store(fd, data, parts, 0, 0); }
ssize_t pwritev(int fd, const struct iovec *data, int parts, off_t offset) { return store(fd, data, parts, offset, 1); }
ssize_t pwritev64(int fd, const struct iovec *data, int parts, off_t offset) { return store(fd, data, parts, offset, 1); }

int ftruncate(int fd, off_t size) {
    char path[PATH_MAX];
    struct stat stat;
    const char *relative = file(fd, path, &stat);
    if (!relative) return syscall(SYS_ftruncate, fd, size);
    lock();
    int result = syscall(SYS_ftruncate, fd, size);
    if (!result) record(TRUNCATE, relative, stat.st_ino, size, NULL, 0, 0);
    unlock();
    return result;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int fallocate(int fd, int mode, off_t offset, off_t length) {
    char path[PATH_MAX];
    struct stat stat;
    const char *relative = file(fd, path, &stat);
    if (!relative) return syscall(SYS_fallocate, fd, mode, offset, length);
    lock();
    file(fd, path, &stat); /* the size, now that nobody else can change it */
    int result = syscall(SYS_fallocate, fd, mode, offset, length);
    if (!result && !mode && offset + length > stat.st_size)
        record(TRUNCATE, relative, stat.st_ino, offset + length, NULL, 0, 0);
    else if (!result && mode) record_name(UNSUPPORTED, relative, "fallocate with a mode");
    unlock();
    return result;
}
int fallocate64(int fd, int mode, off_t offset, off_t length) { return fallocate(fd, mode, offset, length); }
int posix_fallocate(int fd, off_t offset, off_t length) { return fallocate(fd, 0, offset, length) ? errno : 0; }
int posix_fallocate64(int fd, off_t offset, off_t length) { return posix_fallocate(fd, offset, length); }

/* Copies inside the kernel are refused: every caller then falls back to reading and writing. */
ssize_t copy_file_range(int in, off_t *from, int out, off_t *to, size_t length, unsigned flags) {
    char path[PATH_MAX];
    struct stat stat;
    if (!file(out, path, &stat)) return syscall(SYS_copy_file_range, in, from, out, to, length, flags);
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int out, int in, off_t *offset, size_t count) {
    char path[PATH_MAX];
    struct stat stat;
    if (!file(out, path, &stat)) return syscall(SYS_sendfile, out, in, offset, count);
    errno = EINVAL;
    return -1;
}
ssize_t sendfile64(int out, int in, off_t *offset, size_t count) { return sendfile(out, in, offset, count); }

/* ---- syncing: begin and end are two records, the disk works between them ---- */

static int flush(long call, int fd, const char *relative, uint64_t inode) {
    uint64_t token = (uint64_t)getpid() << 32 | atomic_fetch_add(&syncs, 1);
    lock();
    record(SYNC_BEGIN, relative, inode, token, NULL, 0, 0);
    unlock();
    int result = syscall(call, fd);
    if (result) return result;
    lock();
    record(SYNC_END, relative, inode, token, NULL, 0, 0);
    unlock();
    return 0;
}

static int flush_one(long call, int fd) {
    char path[PATH_MAX];
    struct stat stat;
    const char *relative = file(fd, path, &stat);
    return relative ? flush(call, fd, relative, stat.st_ino) : (int)syscall(call, fd);
}
int fsync(int fd) { return flush_one(SYS_fsync, fd); }
int fdatasync(int fd) { return flush_one(SYS_fdatasync, fd); }

/* ---- names ---- */

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags) {
    char a[PATH_MAX], b[PATH_MAX];
    if (trace < 0) return syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    lock();
    const char *source = by_name(from_dir, from, a) ? ours(a) : NULL;
    const char *target = by_name(to_dir, to, b) ? ours(b) : NULL;
    int result = syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    if (!result && (source || target)) {
        if (!source || !target || flags & ~1u) record_name(UNSUPPORTED, source ? source : target, "rename across the root");
        else record_name(RENAME, source, target);
    }
    unlock();
    return result;
}
int renameat(int from_dir, const char *from, int to_dir, const char *to) { return renameat2(from_dir, from, to_dir, to, 0); }
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    char a[PATH_MAX], b[PATH_MAX];
    if (trace < 0) return syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    lock();
    const char *source = by_name(from_dir, from, a) ? ours(a) : NULL;
    const char *target = by_name(to_dir, to, b) ? ours(b) : NULL;
    int result = syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    if (!result && target) record_name(source ? LINK : UNSUPPORTED, source ? source : target, source ? target : "link");
    unlock();
    return result;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlinkat(const char *content, int dirfd, const char *name) {
    char path[PATH_MAX];
    int result = syscall(SYS_symlinkat, content, dirfd, name);
    if (trace < 0 || result) return result;
    lock();
    const char *relative = by_name(dirfd, name, path) ? ours(path) : NULL;
    if (relative) record_name(UNSUPPORTED, relative, "symlink");
    unlock();
    return result;
}
int symlink(const char *content, const char *name) { return symlinkat(content, AT_FDCWD, name); }

int unlinkat(int dirfd, const char *name, int flags) {
    char path[PATH_MAX];
    if (trace < 0) return syscall(SYS_unlinkat, dirfd, name, flags);
    lock();
    const char *relative = by_name(dirfd, name, path) ? ours(path) : NULL;
    int result = syscall(SYS_unlinkat, dirfd, name, flags);
    if (!result && relative) record_name(flags & AT_REMOVEDIR ? REMOVE_DIRECTORY : UNLINK, relative, "");
    unlock();
    return result;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }
int remove(const char *name) {
    int result = unlink(name);
    return result && errno == EISDIR ? rmdir(name) : result;
}

int mkdirat(int dirfd, const char *name, mode_t mode) {
    char path[PATH_MAX];
    struct stat stat;
    if (trace < 0) return syscall(SYS_mkdirat, dirfd, name, mode);
    lock();
    const char *relative = by_name(dirfd, name, path) ? ours(path) : NULL;
    int result = syscall(SYS_mkdirat, dirfd, name, mode);
    if (!result && relative && !fstatat(dirfd, name, &stat, 0))
        record(MAKE_DIRECTORY, relative, stat.st_ino, stat.st_mode & 07777, NULL, 0, 0);
    unlock();
    return result;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

/* Modes are replayed as set at once: they guard against other users, not against power cuts. */
int fchmod(int fd, mode_t mode) {
    char path[PATH_MAX];
    struct stat stat;
    const char *relative = file(fd, path, &stat);
    if (!relative) return syscall(SYS_fchmod, fd, mode);
    lock();
    int result = syscall(SYS_fchmod, fd, mode);
    if (!result) record(MODE, relative, stat.st_ino, mode & 07777, NULL, 0, 0);
    unlock();
    return result;
}
int fchmodat(int dirfd, const char *name, mode_t mode, int flags) {
    char path[PATH_MAX];
    struct stat stat;
    if (trace < 0) return syscall(SYS_fchmodat, dirfd, name, mode);
    lock();
    const char *relative = by_name(dirfd, name, path) ? ours(path) : NULL;
    int result = flags ? (errno = ENOTSUP, -1) : (int)syscall(SYS_fchmodat, dirfd, name, mode);
    if (!result && relative && !fstatat(dirfd, name, &stat, 0))
        record(MODE, relative, stat.st_ino, mode & 07777, NULL, 0, 0);
    unlock();
    return result;
}
int chmod(const char *name, mode_t mode) { return fchmodat(AT_FDCWD, name, mode, 0); }
