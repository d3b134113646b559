/* The file holds rules (an XML schema, or Schematron's), a form feed, a document: validates it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <libxml/parser.h>
#ifdef SCHEMATRON
#include <libxml/schematron.h>
#define RULES(name) xmlSchematron##name
#define RULES_AND_OPTIONS rules, 0
#else
#include <libxml/xmlschemas.h>
#define RULES(name) xmlSchema##name
#define RULES_AND_OPTIONS rules
#endif

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

    RULES(ParserCtxtPtr) parser = RULES(NewMemParserCtxt)(text, (int)first);
    RULES(Ptr) rules = parser ? RULES(Parse)(parser) : NULL;
    RULES(FreeParserCtxt)(parser);
    xmlDocPtr document = NULL;
    if (cut && rules)
        document = xmlReadMemory(cut + 1, (int)(length - first - 1), "document", NULL, XML_PARSE_NONET);
    if (document) {
        RULES(ValidCtxtPtr) validator = RULES(NewValidCtxt)(RULES_AND_OPTIONS);
        printf("validates: %d\n", RULES(ValidateDoc)(validator, document));
        RULES(FreeValidCtxt)(validator);
    }
    xmlFreeDoc(document);
    RULES(Free)(rules);
    xmlCleanupParser();
    free(text);
    return 0;
}
