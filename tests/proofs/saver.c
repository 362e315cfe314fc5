/*
 * Saves the numbers FIRST to LAST to a file, each replacing the one before whole, and says so each
 * time. The letters of HOW choose the care it takes: f fsync of the new file, d fsync of the directory
 * after the rename, o no new file but the old one overwritten line by line, b a write behind the back
 * of the C library. The proofs want to catch each omission.
 *
 *   saver DIRECTORY FIRST LAST HOW
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIZE = 1536 };

static void need(int holds, const char *what) {
    if (holds) return;
    perror(what);
    exit(1);
}

int main(int count, char **arguments) {
    if (count != 5) return 2;
    need(!chdir(arguments[1]), "chdir");
    int first = atoi(arguments[2]), last = atoi(arguments[3]);
    const char *how = arguments[4];
    size_t piece = strchr(how, 'o') ? 16 : SIZE;
    const char *name = strchr(how, 'o') ? "number" : "number.new";
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    need(directory >= 0, "open directory");

    for (int number = first; number <= last; number++) {
        /* Three sectors of the same line, so that a torn file shows. */
        char content[SIZE + 1], said[32];
        for (size_t at = 0; at < SIZE; at += 16) snprintf(content + at, 17, "%015d\n", number);
        int file = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0600);
        need(file >= 0, "open");
        for (size_t at = 0; at < SIZE; at += piece) {
            ssize_t done = strchr(how, 'b') ? syscall(SYS_write, file, content + at, piece)
                                            : write(file, content + at, piece);
            need(done == (ssize_t)piece, "write");
        }
        if (strchr(how, 'f')) need(!fsync(file), "fsync");
        close(file);
        if (!strchr(how, 'o')) need(!rename(name, "number"), "rename");
        if (strchr(how, 'd')) need(!fsync(directory), "fsync directory");
        int length = snprintf(said, sizeof said, "saved %d\n", number);
        need(write(1, said, length) == length, "write");
    }
    return 0;
}
