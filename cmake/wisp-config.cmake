# find_package(wisp): the target wisp::wisp, libwisp.so with its headers, for plugins and programs of one's own.
include(${CMAKE_CURRENT_LIST_DIR}/wisp-targets.cmake)
