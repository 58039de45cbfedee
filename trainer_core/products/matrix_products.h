// Which kernel multiplies matrices on a CPU. LibTorch takes one for all of them; here it is chosen by type
// and processor, for every product of the process, forward and backward.
#pragma once

namespace optfleet::trainer {

// bf16 on a CPU without instructions for it: wide_products.h. False: LibTorch hands it to oneDNN, whose
// kernels use AVX-512 or AMX.
bool LacksBf16Products();

// Puts our choice in the place of LibTorch's mm, addmm, bmm and baddbmm on a CPU, for the rest of the
// process. Once, before the first product.
//
// fp32 of AMD processors without AVX-512: oneDNN's kernel for products of row-major matrices with a weight of
// middling size, where it is 10 to 20 % faster than MKL's (python/bench/products_bench.py). Everything else
// goes where it went.
void UseChosenProducts();

}  // namespace optfleet::trainer
