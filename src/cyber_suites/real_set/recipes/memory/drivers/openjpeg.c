/* Decodes the file, a JPEG 2000 codestream, at half its size and converts its colours to RGB. */
#include <stdio.h>
#include "openjpeg.h"
#include "color.h"

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    opj_stream_t *stream = opj_stream_create_default_file_stream(argv[1], OPJ_TRUE);
    if (stream == NULL) return 0;
    opj_codec_t *codec = opj_create_decompress(OPJ_CODEC_J2K);
    opj_dparameters_t parameters;
    opj_image_t *image = NULL;
    opj_set_default_decoder_parameters(&parameters);
    parameters.cp_reduce = 1;
    if (opj_setup_decoder(codec, &parameters) && opj_read_header(stream, codec, &image) &&
        image->x1 - image->x0 < 4096 && image->y1 - image->y0 < 4096 &&
        opj_decode(codec, stream, image)) {
        if (image->numcomps == 3 && image->comps[0].dx == image->comps[0].dy &&
            image->comps[1].dx != 1)
            image->color_space = OPJ_CLRSPC_SYCC;
        if (image->color_space == OPJ_CLRSPC_SYCC) color_sycc_to_rgb(image);
        printf("%u by %u\n", image->comps[0].w, image->comps[0].h);
    }
    opj_destroy_codec(codec);
    opj_stream_destroy(stream);
    opj_image_destroy(image);
    return 0;
}
