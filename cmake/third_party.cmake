# Every library that is not ours, one target each. Only its owner folder links it:
#   yaml-cpp common - nlohmann-json common - spdlog/fmt common - gRPC/protobuf proto and the rpc folders
#   SQLite coordinator/store - Boost.Asio/Beast coordinator/{app,http} and worker/app - prometheus-cpp coordinator/http,
#   worker/app - CLI11 programs - LibTorch trainer_core
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Boost REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(Protobuf REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)
find_library(GRPCPP_REFLECTION grpc++_reflection REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)
if(OPTFLEET_TESTS)
  find_package(GTest REQUIRED)
endif()

# Static, so that opt-trainer travels as one file beside LibTorch.
add_library(optfleet_yaml_cpp INTERFACE)
find_library(YAML_CPP_STATIC libyaml-cpp.a REQUIRED)
target_link_libraries(optfleet_yaml_cpp INTERFACE ${YAML_CPP_STATIC})

# LibTorch from the wheel: torch_cpu and c10 only, found beside the venv, never mixed with gRPC in one process.
if(OPTFLEET_TRAINER)
  file(GLOB OPTFLEET_SITE_PACKAGES "${OPTFLEET_DEPS}/venv/lib/python3*/site-packages")
  find_path(TORCH_ROOT NAMES include/torch/csrc/api/include/torch/torch.h PATHS "${OPTFLEET_SITE_PACKAGES}/torch"
    NO_DEFAULT_PATH REQUIRED)
  add_library(optfleet_torch INTERFACE)
  target_include_directories(optfleet_torch SYSTEM INTERFACE "${TORCH_ROOT}/include"
    "${TORCH_ROOT}/include/torch/csrc/api/include")
  target_link_libraries(optfleet_torch INTERFACE
    -Wl,--no-as-needed "${TORCH_ROOT}/lib/libtorch_cpu.so" "${TORCH_ROOT}/lib/libc10.so" -Wl,--as-needed
    "${TORCH_ROOT}/lib/libgomp.so.1"
    -Wl,--allow-shlib-undefined Threads::Threads)
  target_link_options(optfleet_torch INTERFACE "-Wl,-rpath,${TORCH_ROOT}/lib")
  # at::parallel_for is a template in a header, and without this a plain loop. The runtime is the one that LibTorch brings.
  target_compile_options(optfleet_torch INTERFACE -fopenmp)
endif()
