// What a device could do at most, for the share of it that is used (MFU). Pure.
#pragma once

#include <optional>
#include <string_view>

namespace optfleet::trainer {

// Floating-point operations per second of dense bf16 products, as the maker's data sheet states them without
// sparsity, of a GPU that its driver calls so ("NVIDIA A100-SXM4-40GB"). Nothing for a name that is not
// known, and so for every CPU. The convention is to divide by this figure whatever precision a run computes
// in.
std::optional<double> PeakFlopsOf(std::string_view device_name);

}  // namespace optfleet::trainer
