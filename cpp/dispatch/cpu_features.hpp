// What this processor, and the operating system on it, can run.
#pragma once

#include <string_view>

namespace gatedcore {

// Whether a feature, named as g++ and clang name it after -m ("avx2"), can be used: the processor has it and the
// operating system saves its registers. Throws std::logic_error for a name that the table in cpu_features.cpp lacks.
bool cpu_has(std::string_view feature);

}  // namespace gatedcore
