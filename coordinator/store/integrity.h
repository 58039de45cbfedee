// Reads a database through for damage, beside its writer and without disturbing it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/result.h"

namespace optfleet::store {

class IntegrityCheck {
 public:
  // kQuick: every page and row is what it should be. kFull: also every index entry has its row, and the other
  // way round; several times as long.
  enum class Depth { kQuick, kFull };

  // A file that exists. Errors as StateStore::Open.
  static Result<std::unique_ptr<IntegrityCheck>> Open(const std::string& path);
  virtual ~IntegrityCheck() = default;

  // DATA_LOSS with the first damage and the remedy, CANCELLED after Interrupt. One thread.
  virtual Status Run(Depth depth) = 0;

  // Ends Run early. Any thread.
  virtual void Interrupt() = 0;

  virtual int64_t bytes() const = 0;  // of the file when it was opened
};

}  // namespace optfleet::store
