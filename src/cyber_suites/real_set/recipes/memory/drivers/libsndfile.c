/* Reads the file as sound of any format. */
#include <stdio.h>
#include "sndfile.h"

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    SF_INFO info = {0};
    SNDFILE *sound = sf_open(argv[1], SFM_READ, &info);
    printf("%s\n", sound ? "opened" : sf_strerror(NULL));
    if (sound) {
        static float data[4096];
        if (info.channels > 0 && info.channels <= 4096)
            sf_readf_float(sound, data, 4096 / info.channels);
        sf_close(sound);
    }
    return 0;
}
