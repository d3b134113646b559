/* Writes a pax archive of one empty file, whose path is the content of the file given. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "archive.h"
#include "archive_entry.h"

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return 2;
    static char path[65536];
    path[fread(path, 1, sizeof path - 1, file)] = 0;
    fclose(file);
    size_t used = 0, size = 1 << 20;
    void *written = malloc(size);
    struct archive *a = archive_write_new();
    archive_write_set_format_pax(a);
    archive_write_open_memory(a, written, size, &used);
    struct archive_entry *entry = archive_entry_new();
    archive_entry_set_pathname(entry, path);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, 0);
    int result = archive_write_header(a, entry);
    archive_entry_free(entry);
    archive_write_close(a);
    archive_write_free(a);
    printf("%d, %zu bytes\n", result, used);
    free(written);
    return 0;
}
