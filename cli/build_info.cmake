# Writes cli/build_info.h at build time: what this program is built from. Run as a script with SOURCE, OUTPUT, VERSION,
# COMPILER, FLAGS, ZMQ, MSGPACK and YAML_CPP set. A file that would not change is left alone, and nothing is rebuilt.
set(commit unknown)
find_program(GIT git)
if(GIT AND EXISTS ${SOURCE}/.git)
  execute_process(COMMAND ${GIT} describe --always --dirty --abbrev=12 --exclude=*
    WORKING_DIRECTORY ${SOURCE} OUTPUT_VARIABLE described RESULT_VARIABLE status
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(status EQUAL 0 AND described)
    set(commit ${described})
  endif()
endif()

file(CONFIGURE OUTPUT ${OUTPUT} CONTENT [=[
#pragma once
// Made by the build: what this program is built from.
#define WISP_BUILD_VERSION "@VERSION@"
#define WISP_BUILD_COMMIT "@commit@"
#define WISP_BUILD_COMPILER "@COMPILER@"
#define WISP_BUILD_FLAGS "@FLAGS@"
#define WISP_BUILD_ZMQ "@ZMQ@"
#define WISP_BUILD_MSGPACK "@MSGPACK@"
#define WISP_BUILD_YAML_CPP "@YAML_CPP@"
]=] @ONLY)
