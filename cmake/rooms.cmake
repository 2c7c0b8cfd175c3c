# How a room (a folder of sources with one purpose) becomes a library, and its tests one executable.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers are cached only if ccache may trust their macros.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(cairn_options INTERFACE)
target_include_directories(cairn_options INTERFACE ${PROJECT_SOURCE_DIR})
# g++ 12 reports false positives of these for temporaries that hold a std::variant or a std::string, once it optimises.
target_compile_options(cairn_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                               $<$<CXX_COMPILER_ID:GNU>:-Werror>
                                               $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized;-Wno-array-bounds;-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread>)
target_link_libraries(cairn_options INTERFACE fmt::fmt Threads::Threads)
if(CAIRN_SANITIZE)
  add_compile_options(-fsanitize=${CAIRN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CAIRN_SANITIZE})
endif()

set(room_headers <algorithm> <functional> <map> <memory> <mutex> <optional> <string> <variant> <vector> <fmt/format.h>)
set(test_headers <gtest/gtest.h> <gmock/gmock.h> <fmt/format.h> <map> <thread>)
# Sanitizer builds precompile them once for all rooms and once for all tests: a minute less of a processor each. Fuzz targets
# do not: they optimise some rooms only.
if(CAIRN_SANITIZE AND NOT CAIRN_FUZZ)
  set(CAIRN_SHARES_PRECOMPILED ON)
  file(WRITE ${CMAKE_BINARY_DIR}/precompiled/rooms.cc "")
  add_library(cairn_precompiled STATIC ${CMAKE_BINARY_DIR}/precompiled/rooms.cc)
  target_compile_options(cairn_precompiled PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  target_precompile_headers(cairn_precompiled PRIVATE ${room_headers})
  target_link_libraries(cairn_precompiled PRIVATE cairn_options)
  if(CAIRN_TESTS)
    file(WRITE ${CMAKE_BINARY_DIR}/precompiled/tests.cc "int main() {}\n")
    add_executable(cairn_precompiled_tests ${CMAKE_BINARY_DIR}/precompiled/tests.cc)
    set_target_properties(cairn_precompiled_tests PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/precompiled)
    target_compile_options(cairn_precompiled_tests PRIVATE -O0 $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
    target_compile_definitions(cairn_precompiled_tests PRIVATE CAIRN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    target_precompile_headers(cairn_precompiled_tests PRIVATE ${test_headers})
    target_link_libraries(cairn_precompiled_tests PRIVATE cairn_options GTest::gmock GTest::gtest)
  endif()
endif()

# cairn_precompile(NAME SHARED headers…)
function(cairn_precompile name shared)
  if(CAIRN_SHARES_PRECOMPILED)
    target_precompile_headers(${name} REUSE_FROM ${shared})
  else()
    target_precompile_headers(${name} PRIVATE ${ARGN})
  endif()
endfunction()

# cairn_from_elsewhere(NAME [deps…]): the room's library as another build has made it. Rooms that have no threads need no
# second build for the thread sanitizer.
function(cairn_from_elsewhere name)
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  add_library(${name} INTERFACE)
  target_link_libraries(${name} INTERFACE ${CAIRN_PURE_ROOMS_OF}/${folder}/lib${name}.a cairn_options ${ARGN})
endfunction()

# cairn_room(NAME [deps…]): a static library of every .cc in this folder and below.
function(cairn_room name)
  if(CAIRN_PURE_ROOMS_OF AND name MATCHES "^cairn_(grammar|interpreter)$")
    cairn_from_elsewhere(${name} ${ARGN})
    return()
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE cairn_options ${ARGN})
    return()
  endif()
  add_library(${name} STATIC ${sources})
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  # Sanitized, the rooms that only compute take longer to run than to optimise, and fuzz targets could try one program a
  # second.
  if(CAIRN_SANITIZE AND name MATCHES "^cairn_(grammar|interpreter|plan)$")
    target_compile_options(${name} PRIVATE -O1)
    target_precompile_headers(${name} PRIVATE ${room_headers})
  else()
    cairn_precompile(${name} cairn_precompiled ${room_headers})
  endif()
  target_link_libraries(${name} PUBLIC cairn_options ${ARGN})
  # What the fuzz targets look into as they try. Programs that are no fuzz targets link as before.
  if(CAIRN_FUZZ AND name MATCHES "^cairn_(grammar|interpreter)$")
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

# cairn_tests(NAME FOLDER [deps…]): one executable of every *_test.cc below tests/FOLDER, run as one ctest. Those of
# CAIRN_SANITIZED_ROOMS are built and run under ASan and UBSan by `make test`, and otherwise only when asked for.
function(cairn_tests name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cc)
  list(FILTER sources EXCLUDE REGEX "/sim/engine/")  # a library of its own
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE cairn_options ${ARGN} GTest::gmock GTest::gtest_main)
  # Tests are compiled once and run once: what counts is how soon they run.
  target_compile_options(${name} PRIVATE -O0 $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  cairn_precompile(${name} cairn_precompiled_tests ${test_headers})
  target_compile_definitions(${name} PRIVATE CAIRN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  if(folder IN_LIST CAIRN_SANITIZED_ROOMS)
    set_tests_properties(${name} PROPERTIES LABELS room)
    set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()
