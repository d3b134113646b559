/* Parses the file as JSON of a known length, with no byte behind it. */
#include <stdio.h>
#include <stdlib.h>
#include "cJSON.h"

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return 2;
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(length ? length : 1);
    if (fread(text, 1, length, file) != length) return 2;
    fclose(file);
    cJSON *parsed = cJSON_ParseWithLength(text, length);
    puts(parsed ? "parsed" : "not parsed");
    cJSON_Delete(parsed);
    free(text);
    return 0;
}
