#!/bin/sh
# Lets `import torch` work in a venv that has no CUDA libraries.
#
#   make_cuda_stand_ins.sh TORCH_LIB_FOLDER OUT_FOLDER        then: LD_LIBRARY_PATH=OUT_FOLDER python ...
#
# The wheel's libtorch_python is linked with 3 GB of CUDA libraries that CPU arithmetic never calls. This makes small ones of the same names,
# in which every function that the wheel wants stops the process. For the tests' Python only: opt-trainer needs none of this.
set -eu
torch_lib=$1 out=$2
mkdir -p "$out"

wanted=$out/wanted
nm -D --undefined-only "$torch_lib"/libtorch_*.so | sed -n 's/^ *U //p' | sort -u >"$wanted"

# LIBRARY VERSION PREFIX: the functions of PREFIX that carry VERSION ("" for none) come from LIBRARY.
stand_in() {
  source=$out/$1.c
  if [ -n "$2" ]; then pattern="s/^\($3[A-Za-z0-9_]*\)@$2\$/void \1(void) { __builtin_trap(); }/p"
  else pattern="s/^\($3[A-Za-z0-9_]*\)\$/void \1(void) { __builtin_trap(); }/p"; fi
  sed -n "$pattern" "$wanted" >"$source"
  version=
  if [ -n "$2" ]; then
    echo "$2 { global: *; };" >"$out/$1.map"
    version="-Wl,--version-script=$out/$1.map"
  fi
  # shellcheck disable=SC2086 # an empty version is no argument
  "${CC:-cc}" -w -fno-builtin -shared -fPIC -o "$out/$1" "$source" "-Wl,-soname,$1" $version
}

for library in libcublas.so.13 libcublasLt.so.13 libcudnn.so.9 libcufft.so.12 libcusolver.so.12 libcusparse.so.12; do
  stand_in "$library" "$library" cu
done
stand_in libnvshmem_host.so.3 NVSHMEM nvshmem
stand_in libcufile.so.0 "" cuFile
stand_in libcusparseLt.so.0 "" cusparseLt
stand_in libcurand.so.10 "" curand
stand_in libnccl.so.2 "" nccl
