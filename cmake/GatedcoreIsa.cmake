# One object for each instruction set, and the core library with a choice of them.

set(GATEDCORE_ISAS "")
set(GATEDCORE_TEST_ISAS "")

# gatedcore_add_isa(name HEADER simd/vec_name.hpp [FEATURES ...] [FLAGS ...] [QUIET ...] [VEC_BYTES n] [TEST_ONLY])
#
# Compiles cpp/dispatch/kernels.cpp as the object library gatedcore_isa_<name>, which exports the table kernels_<name> and
# nothing else. QUIET names warnings of g++ that mean nothing there. gatedcore_use_isa gives the same flags to a test.
function(gatedcore_add_isa name)
  if(GATEDCORE_ONLY_ISAS AND NOT name IN_LIST GATEDCORE_ONLY_ISAS)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 isa "TEST_ONLY" "HEADER;VEC_BYTES" "FEATURES;FLAGS;QUIET")
  set(flags ${isa_FEATURES})
  list(TRANSFORM flags PREPEND -m)
  list(APPEND flags ${isa_FLAGS})
  set(definitions GATEDCORE_ISA=${name} GATEDCORE_VEC_HEADER="${isa_HEADER}")
  if(isa_VEC_BYTES)
    list(APPEND definitions GATEDCORE_VEC_BYTES=${isa_VEC_BYTES})
  endif()
  set(quiet ${isa_QUIET})
  list(TRANSFORM quiet PREPEND "$<$<CXX_COMPILER_ID:GNU>:-Wno-")
  list(TRANSFORM quiet APPEND ">")
  set(GATEDCORE_ISA_FLAGS_${name} ${flags} PARENT_SCOPE)
  set(GATEDCORE_ISA_QUIET_${name} ${quiet} PARENT_SCOPE)
  set(GATEDCORE_ISA_DEFINITIONS_${name} ${definitions} PARENT_SCOPE)
  list(JOIN isa_FEATURES " " features)
  set(GATEDCORE_ISA_FEATURES_${name} "${features}" PARENT_SCOPE)
  if(isa_TEST_ONLY)
    set(GATEDCORE_TEST_ISAS ${GATEDCORE_TEST_ISAS} ${name} PARENT_SCOPE)
  else()
    set(GATEDCORE_ISAS ${GATEDCORE_ISAS} ${name} PARENT_SCOPE)
  endif()

  add_library(gatedcore_isa_${name} OBJECT ${PROJECT_SOURCE_DIR}/cpp/dispatch/kernels.cpp)
  target_include_directories(gatedcore_isa_${name} PRIVATE ${PROJECT_SOURCE_DIR}/cpp)
  target_compile_options(gatedcore_isa_${name} PRIVATE ${GATEDCORE_FLAGS} ${GATEDCORE_WARNINGS} ${flags} ${quiet})
  target_compile_definitions(gatedcore_isa_${name} PRIVATE ${definitions})
endfunction()

# Compiles a target as the objects of an instruction set are.
function(gatedcore_use_isa target name)
  target_compile_options(${target} PRIVATE ${GATEDCORE_ISA_FLAGS_${name}} ${GATEDCORE_ISA_QUIET_${name}})
  target_compile_definitions(${target} PRIVATE ${GATEDCORE_ISA_DEFINITIONS_${name}})
endfunction()

# gatedcore_add_core(target ISAS ... SOURCES ...)
#
# The static library: its sources, the objects of its instruction sets, and the two headers that tell the sources about the
# build, isa_list.inc and build_info.hpp.
function(gatedcore_add_core target)
  cmake_parse_arguments(PARSE_ARGV 1 core "" "" "ISAS;SOURCES")
  set(generated ${PROJECT_BINARY_DIR}/generated/${target})
  set(isa_list "")
  set(flags ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_RELEASE} ${GATEDCORE_FLAGS})
  foreach(name IN LISTS core_ISAS)
    string(APPEND isa_list "GATEDCORE_ISA_ENTRY(${name}, \"${GATEDCORE_ISA_FEATURES_${name}}\")\n")
    list(APPEND flags "${name}:" ${GATEDCORE_ISA_FLAGS_${name}})
  endforeach()
  list(JOIN flags " " GATEDCORE_BUILD_FLAGS)
  string(STRIP "${GATEDCORE_BUILD_FLAGS}" GATEDCORE_BUILD_FLAGS)
  file(CONFIGURE OUTPUT ${generated}/isa_list.inc CONTENT "${isa_list}" @ONLY)
  configure_file(${PROJECT_SOURCE_DIR}/cmake/build_info.hpp.in ${generated}/build_info.hpp @ONLY)

  add_library(${target} STATIC EXCLUDE_FROM_ALL ${core_SOURCES})
  target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR}/cpp ${generated})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE ${GATEDCORE_FLAGS} ${GATEDCORE_WARNINGS})
  target_link_libraries(${target} PUBLIC Threads::Threads)
  foreach(name IN LISTS core_ISAS)
    target_sources(${target} PRIVATE $<TARGET_OBJECTS:gatedcore_isa_${name}>)
  endforeach()
endfunction()
