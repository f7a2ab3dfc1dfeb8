# The libraries wisp stands on, each as Debian 12 packages it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(cppzmq REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ZMQ REQUIRED IMPORTED_TARGET libzmq)
if(WISP_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(WISP_BUILD_BENCH)  # a peer to compare with, if it is there; Debian's package has no CMake files
  find_path(CAF_INCLUDE_DIR caf/all.hpp)
  find_library(CAF_CORE caf_core)
  find_library(CAF_IO caf_io)
  set(MPI_CXX_SKIP_MPICXX TRUE)
  find_package(MPI QUIET COMPONENTS CXX)  # of tools/demo.sh
endif()

# msgpack-c ships headers only; its CMake package has another name in every release.
find_path(MSGPACK_INCLUDE_DIR msgpack.hpp REQUIRED)
add_library(wisp_msgpack INTERFACE)
target_include_directories(wisp_msgpack SYSTEM INTERFACE ${MSGPACK_INCLUDE_DIR})
target_compile_definitions(wisp_msgpack INTERFACE MSGPACK_NO_BOOST)
