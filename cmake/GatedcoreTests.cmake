# Every tests/cpp/**/X_test.cpp becomes a ctest test of its path, X.

# Starts a test on one instruction set, or skips it where the processor lacks that set.
add_executable(gatedcore_on_isa ${PROJECT_SOURCE_DIR}/tests/cpp/on_isa.cpp)
target_link_libraries(gatedcore_on_isa PRIVATE gatedcore_testing)
target_compile_options(gatedcore_on_isa PRIVATE ${GATEDCORE_WARNINGS})

# -O1: tests take twice the time to compile with -O3. The kernels that they link are as shipped.
function(gatedcore_add_test_executable target source)
  add_executable(${target} ${source})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests/cpp)
  target_link_libraries(${target} PRIVATE gatedcore_testing)
  target_compile_options(${target} PRIVATE ${GATEDCORE_FLAGS} ${GATEDCORE_WARNINGS} -O1)
endfunction()

# An ordinary test: one executable, which reaches every instruction set through its kernel table.
function(gatedcore_add_test name source)
  string(REPLACE "/" "_" target "test_${name}")
  gatedcore_add_test_executable(${target} ${source})
  add_test(NAME ${name} COMMAND ${target})
  set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
endfunction()

# The tests of single tiles, cells and time loops take long to compile, and whole calls are tested on every instruction set
# anyway (tests/cpp/dispatch/run_*): these run on one set with 16 registers and one with 32.
set(GATEDCORE_TILE_ISAS avx2 neon portable16)
set(GATEDCORE_TILE_FOLDERS gemm cells sequence)

# A test of a header that is written for one vector width: an executable for each instruction set.
function(gatedcore_add_isa_test name source)
  set(isas ${GATEDCORE_ISAS} ${GATEDCORE_TEST_ISAS})
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET folder FILENAME folder)
  if(folder IN_LIST GATEDCORE_TILE_FOLDERS)
    set(wanted ${GATEDCORE_TILE_ISAS})
  else()
    set(wanted ${isas})
  endif()
  foreach(isa IN LISTS isas)
    if(NOT isa IN_LIST wanted)
      continue()
    endif()
    string(REPLACE "/" "_" target "test_${name}.${isa}")
    gatedcore_add_test_executable(${target} ${source})
    gatedcore_use_isa(${target} ${isa})
    add_test(NAME ${name}.${isa} COMMAND gatedcore_on_isa ${isa} ${CMAKE_CROSSCOMPILING_EMULATOR} $<TARGET_FILE:${target}>)
    set_tests_properties(${name}.${isa} PROPERTIES SKIP_RETURN_CODE 77)
  endforeach()
endfunction()

file(GLOB_RECURSE test_sources CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/tests/cpp
     ${PROJECT_SOURCE_DIR}/tests/cpp/*_test.cpp)
foreach(source IN LISTS test_sources)
  string(REGEX REPLACE "_test\\.cpp$" "" name ${source})
  set(path ${PROJECT_SOURCE_DIR}/tests/cpp/${source})
  gatedcore_is_isa_source(${path} is_isa_source)
  if(is_isa_source)
    gatedcore_add_isa_test(${name} ${path})
  else()
    gatedcore_add_test(${name} ${path})
  endif()
endforeach()

# The objects of the instruction sets may export their table and nothing else. Sanitizers add symbols of their own, and
# without optimisation functions that are always inlined appear too.
if(NOT GATEDCORE_SANITIZE AND CMAKE_BUILD_TYPE STREQUAL "Release")
  foreach(isa IN LISTS GATEDCORE_ISAS GATEDCORE_TEST_ISAS)
    add_test(NAME symbols.${isa}
             COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DOBJECTS=$<TARGET_OBJECTS:gatedcore_isa_${isa}> -DISA=${isa}
                     -P ${PROJECT_SOURCE_DIR}/cmake/check_symbols.cmake)
  endforeach()
endif()
