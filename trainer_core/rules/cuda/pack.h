// Four neighbouring numbers that are read or written at once, where memory begins as they must.
#pragma once

#include <cstdint>

#include "trainer_core/rules/element.h"

namespace optfleet::rules::cuda {

inline constexpr int kPack = 4;

template <class T>
struct alignas(kPack * sizeof(T)) Pack {
  T at[kPack];
};

template <class T>
OPTFLEET_ELEMENT bool BeginsPack(const T* x) {
  return reinterpret_cast<uintptr_t>(x) % sizeof(Pack<T>) == 0;
}

template <class T>
OPTFLEET_ELEMENT Pack<T> ReadPack(const T* from) {
  return *reinterpret_cast<const Pack<T>*>(from);
}

template <class T>
OPTFLEET_ELEMENT void WritePack(const Pack<T>& pack, T* to) {
  *reinterpret_cast<Pack<T>*>(to) = pack;
}

// The first `count` of an array that packs fill; count may be 0.
template <class T, int size>
OPTFLEET_ELEMENT void CopyIn(const T* from, int count, T (&to)[size]) {
  if (count == size && BeginsPack(from)) {
    for (int k = 0; k < size; k += kPack) {
      const Pack<T> pack = ReadPack(from + k);
      for (int j = 0; j < kPack; ++j) to[k + j] = pack.at[j];
    }
  } else {
    for (int k = 0; k < size; ++k) {
      if (k < count) to[k] = from[k];
    }
  }
}

template <class T, int size>
OPTFLEET_ELEMENT void CopyOut(const T (&from)[size], int count, T* to) {
  if (count == size && BeginsPack(to)) {
    for (int k = 0; k < size; k += kPack) {
      Pack<T> pack;
      for (int j = 0; j < kPack; ++j) pack.at[j] = from[k + j];
      WritePack(pack, to + k);
    }
  } else {
    for (int k = 0; k < size; ++k) {
      if (k < count) to[k] = from[k];
    }
  }
}

}  // namespace optfleet::rules::cuda
