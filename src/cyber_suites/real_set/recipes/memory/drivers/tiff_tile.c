/* The file holds a column and a row (32 bits each, little-endian), then a TIFF: reads that tile. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tiffio.h"

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    uint32_t place[2], width = 0, height = 0;
    if (file == NULL || fread(place, 4, 2, file) != 2) return 0;
    char name[] = "/tmp/tile-XXXXXX";
    int copy = mkstemp(name);
    static char data[65536];
    for (size_t n; (n = fread(data, 1, sizeof data, file)) > 0;)
        if (write(copy, data, n) != (ssize_t)n) return 2;
    fclose(file);
    lseek(copy, 0, SEEK_SET);
    unlink(name);
    TIFF *tiff = TIFFFdOpen(copy, "tile", "r");
    if (tiff == NULL) return 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
    if (width && height && width <= 1024 && height <= 1024) {
        uint32_t *raster = calloc((size_t)width * height, 4);
        printf("read: %d\n", TIFFReadRGBATile(tiff, place[0], place[1], raster));
        free(raster);
    }
    TIFFClose(tiff);
    return 0;
}
