// Which kernel tables are in this build, which this processor can run, and the one in use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dispatch/kernel_table.hpp"

namespace gatedcore {

// The best table that this processor runs, or the one that GATEDCORE_ISA names; chosen at the first call. Throws
// std::invalid_argument, at every call, while GATEDCORE_ISA names one that is not built or that cannot run here.
const KernelTable& active_kernels();

// Null for a table that is not built or that this processor cannot run.
const KernelTable* find_kernels(std::string_view name);

// Names, best first: of every table built, and of those that this processor can run.
std::vector<std::string> built_isas();
std::vector<std::string> available_isas();

// What active_kernels chooses where GATEDCORE_ISA has this value; null or empty where it is not set.
const KernelTable& choose_kernels(const char* forced);

}  // namespace gatedcore
