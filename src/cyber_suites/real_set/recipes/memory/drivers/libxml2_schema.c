/* The file holds an XML schema, a form feed, a document: validates the one by the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

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

    xmlSchemaParserCtxtPtr parser = xmlSchemaNewMemParserCtxt(text, (int)first);
    xmlSchemaPtr schema = parser ? xmlSchemaParse(parser) : NULL;
    xmlSchemaFreeParserCtxt(parser);
    xmlDocPtr document = NULL;
    if (cut && schema)
        document = xmlReadMemory(cut + 1, (int)(length - first - 1), "document", NULL, XML_PARSE_NONET);
    if (document) {
        xmlSchemaValidCtxtPtr validator = xmlSchemaNewValidCtxt(schema);
        printf("validates: %d\n", xmlSchemaValidateDoc(validator, document));
        xmlSchemaFreeValidCtxt(validator);
    }
    xmlFreeDoc(document);
    xmlSchemaFree(schema);
    xmlCleanupParser();
    free(text);
    return 0;
}
