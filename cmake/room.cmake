# A room of the house: an object library wisp_<name>. ROOMS are the rooms it may see (all of them lower floors),
# LIBS the third-party libraries its sources use; neither leaks to who includes its headers.
include_guard()

add_library(wisp_flags INTERFACE)
target_compile_options(wisp_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -ffp-contract=off  # one arithmetic on every processor; fused multiply-add only where written
  -fno-semantic-interposition)  # calls within libwisp.so are its own: they can be inlined
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # g++ 12 sees overflows in inlined strings and counted references that are none; the address sanitizer is the judge.
  target_compile_options(wisp_flags INTERFACE -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
set(is_test $<BOOL:$<TARGET_PROPERTY:WISP_IS_TEST>>)
if(WISP_SANITIZE)
  # g++ takes values for uninitialized that a sanitizer's checks have hidden from it; plain builds warn of them.
  # The sources of tests go without the checks of undefined behaviour, which cost a third of the time to build, and
  # without optimisation, which costs half of the rest: it is the rooms that are judged.
  string(REGEX REPLACE ",?undefined" "" sanitize_tests "${WISP_SANITIZE}")
  target_compile_options(wisp_flags INTERFACE -fno-omit-frame-pointer
    $<$<NOT:${is_test}>:-fsanitize=${WISP_SANITIZE}> "$<${is_test}:-fsanitize=${sanitize_tests};-O0>"
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(wisp_flags INTERFACE -fsanitize=${WISP_SANITIZE})
  if(WISP_SANITIZE MATCHES "undefined")
    # clang 14 can't write down what it keeps for checking calls through pointers where a function is a coroutine.
    # With g++ the checks of null and of alignment take as long to build as all others together: the address sanitizer
    # sees the one, and the fuzz preset, clang's, has both.
    target_compile_options(wisp_flags INTERFACE -fno-sanitize-recover=all
      $<$<CXX_COMPILER_ID:Clang>:-fno-sanitize=function> $<$<CXX_COMPILER_ID:GNU>:-fno-sanitize=null,alignment>)
  endif()
  if(WISP_SANITIZE MATCHES "thread")
    target_compile_options(wisp_flags INTERFACE -Wno-tsan)
  endif()
else()
  target_compile_options(wisp_flags INTERFACE $<${is_test}:-O1>)  # -O2 takes a third longer to build, and saves nothing
endif()

if(WISP_BUILD_FUZZERS)  # tests/fuzz adds what calls their targets
  target_compile_options(wisp_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# The standard library's headers, parsed once for all rooms (and once more for all tests). Only where building often
# matters more than finding a missing include: the release preset goes without.
if(WISP_PRECOMPILE)
  set(wisp_std_headers <algorithm> <atomic> <chrono> <cmath> <condition_variable> <cstdint> <deque> <filesystem>
    <functional> <map> <memory> <mutex> <optional> <span> <sstream> <string> <string_view> <thread> <utility> <variant>
    <vector>)
  add_library(wisp_precompiled OBJECT ${CMAKE_CURRENT_LIST_DIR}/precompiled.cc)
  target_link_libraries(wisp_precompiled PRIVATE wisp_flags)
  target_precompile_headers(wisp_precompiled PRIVATE ${wisp_std_headers})
endif()

set_property(GLOBAL PROPERTY WISP_ROOMS)

function(wisp_room name)
  cmake_parse_arguments(ARG "" "" "HEADERS;SOURCES;ROOMS;LIBS" ${ARGN})
  set(target wisp_${name})
  add_library(${target} OBJECT ${ARG_SOURCES})
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS ${PROJECT_SOURCE_DIR} FILES ${ARG_HEADERS})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE wisp_flags ${ARG_LIBS})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  if(WISP_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM wisp_precompiled)
  endif()
  set_property(GLOBAL APPEND PROPERTY WISP_ROOMS ${name})
  # What a program that links this room's objects needs beside them: the rooms below and their libraries.
  set(below ${ARG_ROOMS})
  set(libs ${ARG_LIBS})
  foreach(room ${ARG_ROOMS})
    get_property(deeper GLOBAL PROPERTY WISP_${room}_BELOW)
    get_property(more GLOBAL PROPERTY WISP_${room}_LIBS)
    list(APPEND below ${deeper})
    list(APPEND libs ${more})
  endforeach()
  list(REMOVE_DUPLICATES below)
  list(REMOVE_DUPLICATES libs)
  set_property(GLOBAL PROPERTY WISP_${name}_BELOW "${below}")
  set_property(GLOBAL PROPERTY WISP_${name}_LIBS "${libs}")
  list(TRANSFORM ARG_HEADERS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  set_property(GLOBAL PROPERTY WISP_${name}_HEADERS "${ARG_HEADERS}")
endfunction()

# All rooms together: libwisp.so, which the program, plugins and programs of one's own link.
function(wisp_library)
  get_property(rooms GLOBAL PROPERTY WISP_ROOMS)
  add_library(wisp SHARED)
  foreach(room ${rooms})
    get_property(libs GLOBAL PROPERTY WISP_${room}_LIBS)
    target_sources(wisp PRIVATE $<TARGET_OBJECTS:wisp_${room}>)
    target_link_libraries(wisp PRIVATE ${libs})
  endforeach()
  target_link_options(wisp PRIVATE -Wl,-Bsymbolic-functions)
  target_include_directories(wisp PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/wisp>)
  target_link_libraries(wisp PRIVATE wisp_flags)
  # Whoever links it computes the same bits; does not share the code of a class with a plugin that has another of
  # that name (g++ makes such symbols unique in the process); and shares the keys of our methods, which are variables
  # of templates, with the library.
  target_compile_features(wisp INTERFACE cxx_std_20)
  target_compile_options(wisp INTERFACE -ffp-contract=off -fvisibility=default
    $<$<CXX_COMPILER_ID:GNU>:-fno-gnu-unique>)
  add_library(wisp::wisp ALIAS wisp)
  wisp_install_library()
endfunction()

# The library, the headers of all rooms, and the CMake package by which others find both.
function(wisp_install_library)
  get_property(rooms GLOBAL PROPERTY WISP_ROOMS)
  foreach(room ${rooms})
    get_property(headers GLOBAL PROPERTY WISP_${room}_HEADERS)
    install(FILES ${headers} DESTINATION include/wisp/${room})
  endforeach()
  install(TARGETS wisp EXPORT wisp-targets LIBRARY DESTINATION lib)
  install(EXPORT wisp-targets NAMESPACE wisp:: DESTINATION lib/cmake/wisp)
  include(CMakePackageConfigHelpers)
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/wisp-config-version.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/wisp-config.cmake ${PROJECT_BINARY_DIR}/wisp-config-version.cmake
    DESTINATION lib/cmake/wisp)
endfunction()

# Gives a program the objects of these rooms and of those below them, and the libraries of all.
function(wisp_take_rooms target)
  set(rooms)
  set(libs)
  foreach(room ${ARGN})
    get_property(below GLOBAL PROPERTY WISP_${room}_BELOW)
    get_property(more GLOBAL PROPERTY WISP_${room}_LIBS)
    list(APPEND rooms ${room} ${below})
    list(APPEND libs ${more})
  endforeach()
  list(REMOVE_DUPLICATES rooms)
  list(REMOVE_DUPLICATES libs)
  foreach(room ${rooms})
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:wisp_${room}>)
  endforeach()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE wisp_flags ${libs})
endfunction()

# wisp_tests(<room> SOURCES ... [LIBS ...]): program <room>_tests from that room's objects and those below it; a
# second program of one room, and one of several rooms, has a name of its own: wisp_tests(<name> ROOM <room>... ...).
# TIMEOUT: seconds a test.
function(wisp_tests name)
  cmake_parse_arguments(ARG "" "TIMEOUT" "ROOM;SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT ARG_ROOM)
    set(ARG_ROOM ${name})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 60)
  endif()
  add_executable(${name}_tests ${ARG_SOURCES})
  set_target_properties(${name}_tests PROPERTIES WISP_IS_TEST ON)
  wisp_take_rooms(${name}_tests ${ARG_ROOM})
  target_link_libraries(${name}_tests PRIVATE wisp_test_main ${ARG_LIBS})
  if(WISP_PRECOMPILE)
    target_precompile_headers(${name}_tests REUSE_FROM wisp_precompiled_tests)
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  gtest_discover_tests(${name}_tests TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
