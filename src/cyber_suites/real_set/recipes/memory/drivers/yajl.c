/* Parses the file as JSON, with no byte behind it, and counts its strings. */
#include <stdio.h>
#include <stdlib.h>
#include "yajl/yajl_parse.h"

static int on_string(void *count, const unsigned char *text, size_t length)
{
    (void)text;
    (void)length;
    ++*(int *)count;
    return 1;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return 2;
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    unsigned char *text = malloc(length ? length : 1);
    if (fread(text, 1, length, file) != length) return 2;
    fclose(file);
    int count = 0;
    yajl_callbacks callbacks = {0};
    callbacks.yajl_string = on_string;
    yajl_handle handle = yajl_alloc(&callbacks, NULL, &count);
    yajl_status status = yajl_parse(handle, text, length);
    if (status == yajl_status_ok) status = yajl_complete_parse(handle);
    printf("%s, %d strings\n", yajl_status_to_string(status), count);
    yajl_free(handle);
    free(text);
    return 0;
}
