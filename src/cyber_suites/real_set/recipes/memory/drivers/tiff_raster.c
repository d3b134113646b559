/* The file holds a width and a height (32 bits each, little-endian), then a TIFF: reads a raster. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tiffio.h"

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    uint32_t size[2];
    if (file == NULL || fread(size, 4, 2, file) != 2) return 0;
    if (size[0] == 0 || size[1] == 0 || size[0] > 4096 || size[1] > 4096) return 0;
    char name[] = "/tmp/raster-XXXXXX";
    int copy = mkstemp(name);
    static char data[65536];
    for (size_t n; (n = fread(data, 1, sizeof data, file)) > 0;)
        if (write(copy, data, n) != (ssize_t)n) return 2;
    fclose(file);
    lseek(copy, 0, SEEK_SET);
    unlink(name);
    TIFF *tiff = TIFFFdOpen(copy, "raster", "r");
    if (tiff == NULL) return 0;
    uint32_t *raster = calloc((size_t)size[0] * size[1], 4);
    int read = TIFFReadRGBAImageOriented(tiff, size[0], size[1], raster, ORIENTATION_TOPLEFT, 0);
    printf("read: %d\n", read);
    free(raster);
    TIFFClose(tiff);
    return 0;
}
