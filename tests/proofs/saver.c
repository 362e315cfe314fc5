/*
 * Saves a number to a file ROUNDS times, replacing it whole, and says so each time. The letters of
 * HOW choose the care it takes: f fsync of the new file, d fsync of the directory after the rename,
 * b a write behind the back of the C library. The lost-write tests want to catch each omission.
 *
 *   saver DIRECTORY ROUNDS HOW
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
    if (count != 4) return 2;
    need(!chdir(arguments[1]), "chdir");
    int rounds = atoi(arguments[2]);
    const char *how = arguments[3];
    int directory = open(".", O_RDONLY | O_DIRECTORY);
    need(directory >= 0, "open directory");

    for (int round = 1; round <= rounds; round++) {
        /* Three sectors of the same line, so that a torn file shows. */
        char content[SIZE + 1], said[32];
        for (size_t at = 0; at < SIZE; at += 16) snprintf(content + at, 17, "%015d\n", round);
        int file = open("number.new", O_CREAT | O_WRONLY | O_TRUNC, 0600);
        need(file >= 0, "open");
        ssize_t done = strchr(how, 'b') ? syscall(SYS_write, file, content, SIZE)
                                        : write(file, content, SIZE);
        need(done == SIZE, "write");
        if (strchr(how, 'f')) need(!fsync(file), "fsync");
        close(file);
        need(!rename("number.new", "number"), "rename");
        if (strchr(how, 'd')) need(!fsync(directory), "fsync directory");
        int length = snprintf(said, sizeof said, "saved %d\n", round);
        need(write(1, said, length) == length, "write");
    }
    return 0;
}
