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

}  // namespace optfleet::rules::cuda
