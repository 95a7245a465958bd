/* The voxelizer of protvox/voxel in plain C, one thread: what the compiled Python is held to.
   Compiled by voxel_speed.py with -O3 -march=native -ffast-math -fopenmp-simd and WIDTH. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define FRACTIONS 512
#define LANES ((WIDTH + 3) / 4 * 4)
#define COLUMNS (3 * LANES - 2)

static inline int fill_axis(float position, int size, int span, const float *restrict table,
                            int normalize, float face_sum, float *restrict weights)
{
    const int half = WIDTH / 2;
    if (!(position >= -half && position < size - 1 + half))
        return -1;
    float below = floorf(position);
    float fraction = (position - below) * FRACTIONS;
    int row = (int)fraction;
    fraction -= row;
    int natural = (int)below - half + 1, first = natural;
    if (first < 0)
        first = 0;
    if (first > size - span)
        first = size - span;
    const float *restrict low = table + row * COLUMNS + LANES - 1 + first - natural;
    #pragma omp simd
    for (int k = 0; k < LANES; k++)
        weights[k] = low[k] + fraction * (low[k + COLUMNS] - low[k]);
    if (normalize) {
        float total = face_sum;
        if (position >= -0.5f && position <= size - 0.5f) {
            total = 0;
            for (int k = 0; k < LANES; k++)
                total += weights[k];
        }
        float scale = 1 / total;
        for (int k = 0; k < LANES; k++)
            weights[k] *= scale;
    }
    return first;
}

/* Sizes are at least LANES. */
void fill_grids(const float *restrict coordinates, const uint8_t *restrict channel,
                const int64_t *restrict offsets, int64_t n_grids, float *restrict out,
                int nx, int ny, int nz, int n_channels, float per_spacing,
                const float *restrict table, int normalize, float face_sum)
{
    float weights_x[LANES], weights_y[LANES], weights_z[LANES];
    int64_t values = (int64_t)n_channels * nx * ny * nz;
    for (int64_t grid = 0; grid < n_grids; grid++) {
        float *restrict voxels = out + grid * values;
        memset(voxels, 0, values * sizeof(float));
        for (int64_t atom = offsets[grid]; atom < offsets[grid + 1]; atom++) {
            int plane = channel[atom];
            if (plane >= n_channels)
                continue;
            const float *position = coordinates + 3 * atom;
            int x = fill_axis(position[0] * per_spacing + 0.5f * (nx - 1), nx, WIDTH, table,
                              normalize, face_sum, weights_x);
            int y = fill_axis(position[1] * per_spacing + 0.5f * (ny - 1), ny, WIDTH, table,
                              normalize, face_sum, weights_y);
            int z = fill_axis(position[2] * per_spacing + 0.5f * (nz - 1), nz, LANES, table,
                              normalize, face_sum, weights_z);
            if (x < 0 || y < 0 || z < 0)
                continue;
            for (int i = 0; i < WIDTH; i++) {
                float *restrict row = voxels + (((int64_t)plane * nx + x + i) * ny + y) * nz + z;
                for (int j = 0; j < WIDTH; j++, row += nz) {
                    float weight = weights_x[i] * weights_y[j];
                    #pragma omp simd
                    for (int k = 0; k < LANES; k++)
                        row[k] += weight * weights_z[k];
                }
            }
        }
    }
}
