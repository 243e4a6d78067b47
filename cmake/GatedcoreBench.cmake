# Every bench/cpp/X_bench.cpp becomes the executable X_bench. One that includes a header of the kernels, which are written
# for one vector width, is built once for each instruction set, as X_bench.avx2 and so on; the others reach every
# instruction set through its kernel table.

find_package(benchmark QUIET)
if(NOT benchmark_FOUND)
  message(FATAL_ERROR "GATEDCORE_BENCH: Google Benchmark is not installed; install it (Debian, Ubuntu: apt-get install "
                      "libbenchmark-dev), name its place in CMAKE_PREFIX_PATH, or turn GATEDCORE_BENCH off")
endif()

function(gatedcore_add_bench_objects target source)
  add_library(${target} OBJECT ${source})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/bench/cpp)
  target_link_libraries(${target} PRIVATE gatedcore_core benchmark::benchmark)
  target_compile_options(${target} PRIVATE ${GATEDCORE_FLAGS} ${GATEDCORE_WARNINGS})
endfunction()

# The flags of an instruction set are for the rows alone: main.cpp, which comes first, asks whether the processor has it.
function(gatedcore_add_bench name main)
  add_executable(${name} $<TARGET_OBJECTS:${main}> $<TARGET_OBJECTS:${name}_rows>)
  target_link_libraries(${name} PRIVATE gatedcore_core benchmark::benchmark)
  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
endfunction()

set(bench_main ${PROJECT_SOURCE_DIR}/bench/cpp/main.cpp)
gatedcore_add_bench_objects(gatedcore_bench_main ${bench_main})
foreach(isa IN LISTS GATEDCORE_ISAS)
  gatedcore_add_bench_objects(gatedcore_bench_main.${isa} ${bench_main})
  target_compile_definitions(gatedcore_bench_main.${isa} PRIVATE GATEDCORE_BENCH_ISA="${isa}")
endforeach()

file(GLOB bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/cpp/*_bench.cpp)
foreach(source IN LISTS bench_sources)
  cmake_path(GET source STEM name)
  gatedcore_is_isa_source(${source} is_isa_source)
  if(is_isa_source)
    foreach(isa IN LISTS GATEDCORE_ISAS)
      gatedcore_add_bench_objects(${name}.${isa}_rows ${source})
      gatedcore_use_isa(${name}.${isa}_rows ${isa})
      target_compile_definitions(${name}.${isa}_rows PRIVATE GATEDCORE_BENCH_ISA="${isa}")
      gatedcore_add_bench(${name}.${isa} gatedcore_bench_main.${isa})
    endforeach()
  else()
    gatedcore_add_bench_objects(${name}_rows ${source})
    gatedcore_add_bench(${name} gatedcore_bench_main)
  endif()
endforeach()

# Not timed but counted: bench/check_instructions.py.
add_executable(counted_kernel ${PROJECT_SOURCE_DIR}/bench/cpp/counted_kernel.cpp)
target_include_directories(counted_kernel PRIVATE ${PROJECT_SOURCE_DIR}/bench/cpp)
target_link_libraries(counted_kernel PRIVATE gatedcore_core)
target_compile_options(counted_kernel PRIVATE ${GATEDCORE_FLAGS} ${GATEDCORE_WARNINGS})
