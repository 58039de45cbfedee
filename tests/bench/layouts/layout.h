// Ways to lay out records in SQLite, each as a plain program would write and read them.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/support/database.h"
#include "tests/bench/support/steps.h"

namespace optfleet::bench {

class Layout {
 public:
  using Visit = std::function<void(int64_t step, double value)>;
  virtual ~Layout() = default;
  // Inside the caller's transaction. Runs of one attempt come in order.
  virtual void Insert(const Run& run) = 0;
  // One figure (an index into kKeys) of one attempt, by step.
  virtual void Read(Database* reader, int attempt, size_t key, const Visit& visit) const = 0;
};

struct LayoutKind {
  std::string name;
  std::string what;
  // Creates the tables.
  std::function<std::unique_ptr<Layout>(Database*)> make;
};

std::vector<LayoutKind> RowLayouts();
LayoutKind PackedLayout();

}  // namespace optfleet::bench
