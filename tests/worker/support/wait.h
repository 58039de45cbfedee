// For tests with real processes: polls until something is true.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

namespace optfleet {

// Whether `condition` became true within 30 s.
inline bool WaitUntil(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace optfleet
