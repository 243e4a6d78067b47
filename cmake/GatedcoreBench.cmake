# Every bench/cpp/**/X_bench.cpp becomes the executable X_bench; it reaches each instruction set through its kernel table.

file(GLOB_RECURSE bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/cpp/*_bench.cpp)
foreach(source IN LISTS bench_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/bench/cpp)
  target_link_libraries(${name} PRIVATE gatedcore_core)
  target_compile_options(${name} PRIVATE ${GATEDCORE_FLAGS} ${GATEDCORE_WARNINGS})
endforeach()
