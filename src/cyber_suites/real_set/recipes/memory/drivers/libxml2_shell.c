/* The file holds a document, a form feed, commands: plays them in the shell of the library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/debugXML.h>

static char *next;

static char *line(char *prompt)
{
    (void)prompt;
    if (next == NULL || *next == 0) return NULL;
    char *end = strchr(next, '\n');
    size_t length = end ? (size_t)(end - next) : strlen(next);
    char *copy = malloc(length + 1);
    memcpy(copy, next, length);
    copy[length] = 0;
    next = end ? end + 1 : next + length;
    /* what would write or read files is no part of this */
    if (!strncmp(copy, "save", 4) || !strncmp(copy, "write", 5) || !strncmp(copy, "load", 4))
        copy[0] = 0;
    return copy;
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return 2;
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    char *text = malloc(length + 1);
    if (fread(text, 1, length, file) != length) return 2;
    fclose(file);
    text[length] = 0;
    char *cut = memchr(text, '\f', length);
    size_t first = cut ? (size_t)(cut - text) : length;
    next = cut ? cut + 1 : NULL;

    xmlDocPtr document = xmlReadMemory(text, (int)first, "document", NULL, XML_PARSE_NONET);
    if (document) xmlShell(document, "document", line, stdout);
    xmlFreeDoc(document);
    xmlCleanupParser();
    free(text);
    return 0;
}
