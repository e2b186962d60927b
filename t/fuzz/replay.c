/*
 * A main for a fuzz target that is built without libFuzzer: gives it every file that is named, and
 * every file of a directory that is named.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, off_t size)
{
    FILE *file = fopen(path, "rb");
    /* Of the exact size, so that the sanitizers see a read behind the end. */
    uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
    int complete = file && data && fread(data, 1, (size_t)size, file) == (size_t)size;

    if (complete) {
        LLVMFuzzerTestOneInput(data, (size_t)size);
    } else {
        fprintf(stderr, "%s: cannot be read\n", path);
    }
    free(data);
    if (file) {
        fclose(file);
    }
    return complete ? 1 : -1;
}

static int replay(const char *path);

/* How many files were replayed, or -1. */
static int replay_directory(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    int replayed = 0;
    int i;

    for (i = 0; i < count; i++) {
        if (entries[i]->d_name[0] != '.' && replayed >= 0) {
            char child[4096];
            int outcome;

            snprintf(child, sizeof(child), "%s/%s", path, entries[i]->d_name);
            outcome = replay(child);
            replayed = outcome < 0 ? -1 : replayed + outcome;
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    return count < 0 ? -1 : replayed;
}

static int replay(const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0) {
        fprintf(stderr, "%s: not found\n", path);
        return -1;
    }
    return S_ISDIR(status.st_mode) ? replay_directory(path) : replay_file(path, status.st_size);
}

int main(int argc, char **argv)
{
    int replayed = 0;
    int i;

    for (i = 1; i < argc; i++) {
        int outcome = replay(argv[i]);

        if (outcome < 0) {
            return EXIT_FAILURE;
        }
        replayed += outcome;
    }
    if (replayed == 0) {
        fprintf(stderr, "no inputs; usage: %s FILE|DIRECTORY...\n", argv[0]);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
