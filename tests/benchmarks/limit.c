/* The limit: what a C compiler reaches for the same training, tanh only, parameters only.
 * gcc -O3 -march=native -ffast-math -shared -fPIC -o liblimit.so limit.c -lmvec -lm
 * Shapes: 0 = vector lanes are samples (blocks of 64), 1 = vector lanes are hidden units.
 * theta = W1 by columns (d, h), b1 (h), W2 (h), b2.  X is (m, d) rows, XT (d, m).
 * d = 2 is compiled as a constant (always_inline), every other d at run time.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define B 64
#define INLINE static inline __attribute__((always_inline))

#ifdef TANH_EXP
#define TANH(x) (1.0 - 2.0 / (1.0 + exp(2.0 * (x))))
#else
#define TANH(x) tanh(x)
#endif

static uint64_t s[4] = {1, 2, 3, 4};                    /* xoshiro256++ */
static inline uint64_t rotl(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
static inline uint64_t next(void) {
    uint64_t r = rotl(s[0] + s[3], 23) + s[0], t = s[1] << 17;
    s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t; s[3] = rotl(s[3], 45);
    return r;
}
static void shuffle(int64_t *a, int n) {                /* Lemire, without the (rare) rejection */
    for (int i = n - 1; i > 0; i--) {
        int j = (int)(((next() >> 32) * (uint64_t)(i + 1)) >> 32);
        int64_t t = a[i]; a[i] = a[j]; a[j] = t;
    }
}

/* One block of n <= 64 samples, xb (d, 64): adds to gradient g; scale = 1/batch. */
INLINE void block_samples(int d, int h, int n, int ld, const double *xb, const double *y, const double *th, double *g,
                          double *restrict A, double scale) {
    double z2[B] __attribute__((aligned(64))), e[B] __attribute__((aligned(64)));
    const double *b1 = th + d * h, *W2 = b1 + h;
    for (int i = 0; i < n; i++) z2[i] = W2[h];
    for (int j = 0; j < h; j++) {
        double *restrict a = A + j * B, w2 = W2[j], b = b1[j];
        for (int i = 0; i < n; i++) {
            double z = b;
            for (int k = 0; k < d; k++) z += th[k * h + j] * xb[k * ld + i];
            a[i] = TANH(z);
            z2[i] += w2 * a[i];
        }
    }
    double gb2 = 0;
    for (int i = 0; i < n; i++) { e[i] = (1.0 / (1.0 + exp(-z2[i])) - y[i]) * scale; gb2 += e[i]; }
    for (int j = 0; j < h; j++) {
        double *restrict a = A + j * B, w2 = W2[j], gw = 0, gb = 0, g1[d];
        for (int k = 0; k < d; k++) g1[k] = 0;
        for (int i = 0; i < n; i++) {
            double dz = e[i] * w2 * (1.0 - a[i] * a[i]);
            gw += e[i] * a[i]; gb += dz;
            for (int k = 0; k < d; k++) g1[k] += dz * xb[k * ld + i];
        }
        for (int k = 0; k < d; k++) g[k * h + j] += g1[k];
        g[d * h + j] += gb; g[(d + 1) * h + j] += gw;
    }
    g[(d + 2) * h] += gb2;
}

INLINE void samples(int d, int h, int m, int batch, int epochs, double eta, const double *X, const double *XT,
                    const double *y, double *th, int64_t *order) {
    int P = (d + 2) * h + 1;
    double *g = aligned_alloc(64, 8 * (P + 64) / 64 * 64 + 512), *A = aligned_alloc(64, (size_t)8 * h * B);
    double *xb = aligned_alloc(64, (size_t)8 * d * B), yb[B];
    for (int ep = 0; ep < epochs; ep++) {
        if (batch < m) shuffle(order, m);
        for (int p = 0; p < m; p += batch) {
            int size = m - p < batch ? m - p : batch;
            memset(g, 0, 8 * P);
            for (int q = 0; q < size; q += B) {
                int n = size - q < B ? size - q : B;
                if (batch < m) {
                    for (int i = 0; i < n; i++) {
                        int64_t r = order[p + q + i];
                        for (int k = 0; k < d; k++) xb[k * B + i] = X[r * d + k];
                        yb[i] = y[r];
                    }
                    block_samples(d, h, n, B, xb, yb, th, g, A, 1.0 / size);
                } else
                    block_samples(d, h, n, m, XT + q, y + q, th, g, A, 1.0 / size);
            }
            for (int i = 0; i < P; i++) th[i] -= eta * g[i];
        }
    }
    free(g); free(A); free(xb);
}

/* Lanes = hidden units, the batch in blocks of 64 samples; batch 1 updates in place. */
INLINE void units(int d, int h, int m, int batch, int epochs, double eta, const double *X, const double *y,
                  double *restrict th, int64_t *order) {
    int P = (d + 2) * h + 1;
    double *restrict g = aligned_alloc(64, 8 * P / 64 * 64 + 512), *restrict A = aligned_alloc(64, (size_t)8 * h * B);
    double z2[B], e[B];
    double *restrict b1 = th + d * h, *restrict W2 = b1 + h;
    for (int ep = 0; ep < epochs; ep++) {
        if (batch < m) shuffle(order, m);
        for (int p = 0; p < m; p += batch) {
            int size = m - p < batch ? m - p : batch;
            if (batch == 1) {
                const double *x = X + order[p] * d;
                double z = W2[h];
                for (int j = 0; j < h; j++) {
                    double z1 = b1[j];
                    for (int k = 0; k < d; k++) z1 += th[k * h + j] * x[k];
                    A[j] = TANH(z1);
                    z += W2[j] * A[j];
                }
                double f = eta * (1.0 / (1.0 + exp(-z)) - y[order[p]]);
                for (int j = 0; j < h; j++) {
                    double dz = f * W2[j] * (1.0 - A[j] * A[j]);
                    W2[j] -= f * A[j]; b1[j] -= dz;
                    for (int k = 0; k < d; k++) th[k * h + j] -= dz * x[k];
                }
                W2[h] -= f;
                continue;
            }
            memset(g, 0, 8 * P);
            for (int q = 0; q < size; q += B) {
                int n = size - q < B ? size - q : B;
                const int64_t *o = order + p + q;
                for (int i = 0; i < n; i++) {
                    const double *x = X + o[i] * d;
                    double *restrict a = A + i * h, z = W2[h];
                    for (int j = 0; j < h; j++) {
                        double z1 = b1[j];
                        for (int k = 0; k < d; k++) z1 += th[k * h + j] * x[k];
                        a[j] = TANH(z1);
                        z += W2[j] * a[j];
                    }
                    z2[i] = z; e[i] = y[o[i]];
                }
                for (int i = 0; i < n; i++) e[i] = (1.0 / (1.0 + exp(-z2[i])) - e[i]) / size;
                for (int i = 0; i < n; i++) {
                    const double *x = X + o[i] * d;
                    double *restrict a = A + i * h, f = e[i];
                    for (int j = 0; j < h; j++) {
                        double dz = f * W2[j] * (1.0 - a[j] * a[j]);
                        g[(d + 1) * h + j] += f * a[j]; g[d * h + j] += dz;
                        for (int k = 0; k < d; k++) g[k * h + j] += dz * x[k];
                    }
                    g[P - 1] += f;
                }
            }
            for (int i = 0; i < P; i++) th[i] -= eta * g[i];
        }
    }
    free(g); free(A);
}

void run(int shape, int d, int h, int m, int batch, int epochs, double eta, const double *X, const double *XT,
         const double *y, double *th, int64_t *order) {
    if (shape == 0 && d == 2) samples(2, h, m, batch, epochs, eta, X, XT, y, th, order);
    else if (shape == 0) samples(d, h, m, batch, epochs, eta, X, XT, y, th, order);
    else if (d == 2) units(2, h, m, batch, epochs, eta, X, y, th, order);
    else units(d, h, m, batch, epochs, eta, X, y, th, order);
}
