// Memory that kernels read and write. Tests of rules/cuda are built twice: with cuda_on_host.cc, where the
// kernels' bodies run on the host in plain memory, and with cuda_on_device.cc and the kernels themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace optfleet::rules::cuda {

void* Allocate(size_t bytes);  // begins at a multiple of 256
void Free(void* memory);
void CopyIn(const void* from, size_t bytes, void* to);
void CopyOut(const void* from, size_t bytes, void* to);  // after all work on the default stream

// A vector's copy there.
template <class T>
class Array {
 public:
  explicit Array(const std::vector<T>& values)
      : size_(values.size()), data_(static_cast<T*>(Allocate(size_ * sizeof(T)))) {
    CopyIn(values.data(), size_ * sizeof(T), data_);
  }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  ~Array() { Free(data_); }

  T* data() const { return data_; }
  std::vector<T> Read() const {
    std::vector<T> values(size_);
    CopyOut(data_, size_ * sizeof(T), values.data());
    return values;
  }

 private:
  size_t size_;
  T* data_;
};

template <class T>
bool SameBytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

}  // namespace optfleet::rules::cuda
