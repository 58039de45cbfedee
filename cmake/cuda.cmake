# CUDA parts of trainer_core (OPTFLEET_CUDA): headers and libraries of the CUDA 13 wheels that `deploy/setup cuda` puts under
# .deps/cuda, linked with LibTorch's own CUDA libraries. Compiling needs no device; what the linker cannot see here (cuBLAS and
# so on, which only libtorch_cuda calls) is found on the machine that runs the program.
if(NOT OPTFLEET_CUDA_KERNELS)
  message(FATAL_ERROR "OPTFLEET_CUDA needs the kernels of update rules: run deploy/setup cuda, which installs nvcc")
endif()
find_path(OPTFLEET_CUDA_INCLUDE NAMES cuda_runtime_api.h
  PATHS "${OPTFLEET_DEPS}/cuda/nvidia/cu13/include" "${OPTFLEET_SITE_PACKAGES}/nvidia/cu13/include"
  NO_DEFAULT_PATH REQUIRED)
find_path(OPTFLEET_CUDA_LIBRARY NAMES libcudart.so.13
  PATHS "${OPTFLEET_DEPS}/cuda/nvidia/cu13/lib" "${OPTFLEET_SITE_PACKAGES}/nvidia/cu13/lib"
  NO_DEFAULT_PATH REQUIRED)

target_compile_definitions(optfleet_torch INTERFACE OPTFLEET_CUDA)
target_include_directories(optfleet_torch SYSTEM INTERFACE "${OPTFLEET_CUDA_INCLUDE}" "${OPTFLEET_CUDA_INCLUDE}/cccl")
# By name nothing of libtorch_cuda is called: it registers its kernels when it is loaded.
target_link_libraries(optfleet_torch INTERFACE
  -Wl,--no-as-needed "${TORCH_ROOT}/lib/libtorch_cuda.so" "${TORCH_ROOT}/lib/libc10_cuda.so"
  "${OPTFLEET_CUDA_LIBRARY}/libcudart.so.13" -Wl,--as-needed)
