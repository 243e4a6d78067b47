# core_fuzzer: libFuzzer over the bindings, in a Python interpreter of its own. scripts/check_fuzz.sh builds and runs it.

if(NOT GATEDCORE_SANITIZE MATCHES "fuzzer-no-link")
  message(FATAL_ERROR "GATEDCORE_FUZZ: GATEDCORE_SANITIZE is '${GATEDCORE_SANITIZE}', expected fuzzer-no-link in it and "
                      "clang as the compiler; see scripts/check_fuzz.sh")
endif()
find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Embed)
find_package(pybind11 CONFIG REQUIRED)

add_executable(core_fuzzer ${PROJECT_SOURCE_DIR}/tests/fuzz/core_fuzzer.cpp ${GATEDCORE_PYTHON_SOURCES})
target_link_libraries(core_fuzzer PRIVATE gatedcore_core pybind11::embed)
target_compile_options(core_fuzzer PRIVATE ${GATEDCORE_FLAGS} ${GATEDCORE_WARNINGS})
target_link_options(core_fuzzer PRIVATE -fsanitize=fuzzer)
# Extension modules of other people ask the program for the interpreter.
set_target_properties(core_fuzzer PROPERTIES ENABLE_EXPORTS ON)

# In the kernels it is reads and writes out of bounds that a call can bring about. Their branches would teach the fuzzer
# little, and take minutes to compile.
foreach(isa IN LISTS GATEDCORE_ISAS)
  target_compile_options(gatedcore_isa_${isa} PRIVATE -fno-sanitize=fuzzer-no-link,undefined)
endforeach()
