/* Reads the file as an archive of any format, all entries and their data. */
#include <stdio.h>
#include "archive.h"
#include "archive_entry.h"

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    struct archive *a = archive_read_new();
    struct archive_entry *entry;
    static char data[65536];
    int entries = 0;
    archive_read_support_filter_all(a);
    archive_read_support_format_all(a);
    if (archive_read_open_filename(a, argv[1], 10240) == ARCHIVE_OK)
        while (entries < 1000 && archive_read_next_header(a, &entry) == ARCHIVE_OK) {
            entries++;
            while (archive_read_data(a, data, sizeof data) > 0) { }
        }
    printf("%d entries\n", entries);
    archive_read_free(a);
    return 0;
}
