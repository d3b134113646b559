/* Parses the file as a cue sheet and prints the length of each track. */
#include <stdio.h>
#include "libcue.h"

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (file == NULL) return 2;
    Cd *cd = cue_parse_file(file);
    fclose(file);
    for (int i = 1; cd != NULL && i <= cd_get_ntrack(cd); i++)
        printf("track %d: %ld\n", i, track_get_length(cd_get_track(cd, i)));
    if (cd != NULL) cd_delete(cd);
    return 0;
}
