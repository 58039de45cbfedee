# Kernels for GPUs that know no Torch, compiled by nvcc from the wheels that `deploy/setup test` puts under .deps/nvcc. This needs
# neither a device nor a driver. CMake's own CUDA language expects the folders of NVIDIA's installer, which the wheels do
# not have; a command for each file does not care.
find_program(OPTFLEET_NVCC nvcc
  PATHS "${OPTFLEET_DEPS}/nvcc/nvidia/cu13/bin" "${OPTFLEET_DEPS}/cuda/nvidia/cu13/bin" NO_DEFAULT_PATH)
# nvcc compiles for no sanitizer; there the bodies of the kernels are tested, which any compiler takes.
set(kernels OFF)
if(OPTFLEET_NVCC AND NOT OPTFLEET_SANITIZE)
  set(kernels ON)
endif()
if(NOT DEFINED OPTFLEET_CUDA_KERNELS)  # not in the cache: nvcc may come with a later deploy/setup
  set(OPTFLEET_CUDA_KERNELS ${kernels})
endif()
# Each with its PTX, which newer devices translate for themselves.
set(OPTFLEET_CUDA_ARCHITECTURES 80 CACHE STRING "Compute capabilities of the kernels for GPUs")
if(NOT OPTFLEET_CUDA_KERNELS)
  return()
endif()
if(NOT OPTFLEET_NVCC)
  message(FATAL_ERROR "OPTFLEET_CUDA_KERNELS needs nvcc: run deploy/setup test")
endif()

cmake_path(GET OPTFLEET_NVCC PARENT_PATH nvcc_bin)
cmake_path(GET nvcc_bin PARENT_PATH OPTFLEET_NVCC_ROOT)

# The runtime for programs without Torch: static, so they start (and say that there is no device) on any machine.
add_library(optfleet_cudart INTERFACE)
target_include_directories(optfleet_cudart SYSTEM INTERFACE "${OPTFLEET_NVCC_ROOT}/include")
target_link_libraries(optfleet_cudart INTERFACE
  "${OPTFLEET_NVCC_ROOT}/lib/libcudart_static.a" Threads::Threads ${CMAKE_DL_LIBS} rt)

# The same bits as on the CPU need every operation rounded once: no fused multiply-add. Division, roots and small numbers are
# exact unless one asks otherwise.
set(OPTFLEET_NVCC_OPTIONS -std=c++20 -O3 --fmad=false "-I${CMAKE_SOURCE_DIR}" -ccbin "${CMAKE_CXX_COMPILER}"
  --Werror all-warnings -Xcompiler=-Wall,-Wextra)
foreach(architecture IN LISTS OPTFLEET_CUDA_ARCHITECTURES)
  list(APPEND OPTFLEET_NVCC_TARGETS
    "-gencode=arch=compute_${architecture},code=[sm_${architecture},compute_${architecture}]")
endforeach()

# optfleet_cuda_library(NAME SOURCES a.cu ... LINKS dep ...): a static library; programs link a CUDA runtime with it.
function(optfleet_cuda_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;LINKS" ${ARGN})
  foreach(source IN LISTS arg_SOURCES)
    set(object "${CMAKE_CURRENT_BINARY_DIR}/${source}.o")
    cmake_path(GET object PARENT_PATH folder)
    file(MAKE_DIRECTORY "${folder}")
    add_custom_command(OUTPUT "${object}"
      COMMAND "${OPTFLEET_NVCC}" ${OPTFLEET_NVCC_OPTIONS} ${OPTFLEET_NVCC_TARGETS} -MD -MF "${object}.d"
        -c "${CMAKE_CURRENT_SOURCE_DIR}/${source}" -o "${object}"
      DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${source}" "${OPTFLEET_NVCC}"
      DEPFILE "${object}.d" VERBATIM COMMENT "Compiling ${source} for GPUs")
    list(APPEND objects "${object}")
  endforeach()
  add_library(${name} STATIC ${objects})
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${name} PUBLIC ${arg_LINKS})
  _optfleet_common(${name} "${arg_LINKS}" FALSE)
endfunction()
