# Language level, warnings (errors in our own code), sanitizers and ccache.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
# -O3 costs a fifth of the build and gains nothing but in the update rules, which ask for it themselves.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")

find_program(CCACHE ccache)
if(CCACHE)
  # Paths relative to the checkout, so that build folders of one checkout share the cache; precompiled headers need the sloppiness.
  set(launcher ${CMAKE_COMMAND} -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
    CCACHE_SLOPPINESS=pch_defines,time_macros "${CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
  set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
endif()

add_library(optfleet_warnings INTERFACE)
target_compile_options(optfleet_warnings INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Werror -Wshadow -Wnon-virtual-dtor -Wold-style-cast
  -Wcast-qual -Woverloaded-virtual -Wimplicit-fallthrough>
  # g++ 12 sees an overlap in "literal" + std::string that is not there (GCC bug 105651).
  $<$<AND:$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)

# Sanitizers apply to every target but those that link Torch, whose libraries are not instrumented.
add_library(optfleet_sanitizers INTERFACE)
if(OPTFLEET_SANITIZE)
  target_compile_options(optfleet_sanitizers INTERFACE -fsanitize=${OPTFLEET_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all
    # Sees uninitialised members in std::regex and std::function that are not there, only when instrumented.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  if(OPTFLEET_SANITIZE STREQUAL "thread")
    # Boost.Asio's fences; what they order is seen through its mutexes, too.
    target_compile_options(optfleet_sanitizers INTERFACE -Wno-tsan)
  endif()
  target_link_options(optfleet_sanitizers INTERFACE -fsanitize=${OPTFLEET_SANITIZE})
endif()
if(OPTFLEET_FUZZ)
  # What libFuzzer steers by; the fuzzers themselves link it (tests/fuzz).
  target_compile_options(optfleet_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()
