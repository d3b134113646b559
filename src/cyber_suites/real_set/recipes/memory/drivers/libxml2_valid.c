/* Parses the file as XML and validates it by the DTD that it brings. */
#include <stdio.h>
#include <libxml/parser.h>

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    int options = XML_PARSE_DTDVALID | XML_PARSE_NONET;
    xmlDocPtr document = xmlReadFile(argv[1], NULL, options);
    puts(document ? "parsed" : "not parsed");
    xmlFreeDoc(document);
    xmlCleanupParser();
    return 0;
}
