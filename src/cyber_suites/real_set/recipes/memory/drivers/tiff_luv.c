/* The file holds pixels, three floats each: writes them as a TIFF of logarithmic colours. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "tiffio.h"

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return 2;
    static float pixels[3 * 4096];
    uint32_t width = (uint32_t)fread(pixels, 3 * sizeof(float), 4096, file);
    fclose(file);
    if (width == 0) return 0;
    char name[] = "/tmp/luv-XXXXXX";
    TIFF *tiff = TIFFFdOpen(mkstemp(name), "luv", "w");
    unlink(name);
    if (tiff == NULL) return 2;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_SGILOG24);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_LOGLUV);
    TIFFSetField(tiff, TIFFTAG_SGILOGDATAFMT, SGILOGDATAFMT_FLOAT);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 1);
    printf("wrote: %d\n", TIFFWriteScanline(tiff, pixels, 0, 0));
    TIFFClose(tiff);
    return 0;
}
