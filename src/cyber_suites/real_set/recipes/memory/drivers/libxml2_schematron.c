/* The file holds a Schematron schema, a form feed, a document: validates the one by the other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#include <libxml/schematron.h>

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

    xmlSchematronParserCtxtPtr parser = xmlSchematronNewMemParserCtxt(text, (int)first);
    xmlSchematronPtr schema = parser ? xmlSchematronParse(parser) : NULL;
    xmlSchematronFreeParserCtxt(parser);
    xmlDocPtr document = NULL;
    if (cut && schema)
        document = xmlReadMemory(cut + 1, (int)(length - first - 1), "document", NULL, XML_PARSE_NONET);
    if (document) {
        xmlSchematronValidCtxtPtr validator = xmlSchematronNewValidCtxt(schema, 0);
        printf("validates: %d\n", xmlSchematronValidateDoc(validator, document));
        xmlSchematronFreeValidCtxt(validator);
    }
    xmlFreeDoc(document);
    xmlSchematronFree(schema);
    xmlCleanupParser();
    free(text);
    return 0;
}
