// The keys that have a column of their own in metrics.db.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace optfleet::store {

// In the order of the table.
inline constexpr std::array<std::string_view, 12> kColumns = {
    "loss",           "grad_norm",         "learning_rate",    "tokens",
    "step_seconds",   "tokens_per_second", "memory_bytes",     "val_loss",
    "val_perplexity", "val_bits_per_byte", "log_wait_seconds", "data_wait_seconds"};

std::optional<size_t> ColumnOf(std::string_view key);

}  // namespace optfleet::store
