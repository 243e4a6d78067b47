# The Python extension gatedcore._core.

find_package(Python 3.10 REQUIRED COMPONENTS Interpreter Development.Module)
find_package(pybind11 CONFIG REQUIRED)

# NO_EXTRAS: no link-time optimisation (see CMakeLists.txt), and scikit-build-core strips.
pybind11_add_module(_core MODULE NO_EXTRAS ${GATEDCORE_PYTHON_SOURCES})
target_link_libraries(_core PRIVATE gatedcore_core)
# -O2: the bindings have no loops to make fast, and -O3 makes the wheel 25 kB larger.
target_compile_options(_core PRIVATE ${GATEDCORE_FLAGS} ${GATEDCORE_WARNINGS} -O2 -ffunction-sections -fdata-sections)

# A wheel brings its own libstdc++, of which the linker keeps what is used, and shows nothing but its entry point: it runs
# with any libstdc++ of the system and beside any other in the process. pybind11 shares its registry of types and exceptions
# between modules that are built alike; ours has a name of its own, as objects of two libstdc++ must not meet there.
target_compile_definitions(_core PRIVATE PYBIND11_STDLIB="_gatedcore")
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  target_sources(_core PRIVATE ${PROJECT_SOURCE_DIR}/cpp/bindings/old_glibc.cpp)
  target_link_options(_core PRIVATE -static-libstdc++ -Wl,--gc-sections
                      -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/exported_symbols.map)
  set_target_properties(_core PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/exported_symbols.map)
endif()

install(TARGETS _core LIBRARY DESTINATION gatedcore)
