// Versions that programs tell each other.
#pragma once

namespace optfleet {

inline constexpr const char* kVersion = "0.1.0";
inline constexpr int kWireVersion = 1;          // worker API; neighbours work together
inline constexpr int kRunDirectoryVersion = 1;  // docs/run-directory.md
inline constexpr int kNumericsVersion = 2;      // raised when the same spec would train to other numbers

}  // namespace optfleet
