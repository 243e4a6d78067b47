#include "dispatch/isa.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "dispatch/cpu_features.hpp"

namespace gatedcore {

// CMake writes isa_list.inc: GATEDCORE_ISA_ENTRY(avx2, "avx2 fma f16c") and so on, the best first.
#define GATEDCORE_ISA_ENTRY(isa, features) extern const KernelTable kernels_##isa;
#include "isa_list.inc"
#undef GATEDCORE_ISA_ENTRY

namespace {

struct Entry {
  std::string_view name;
  std::string_view features;  // separated by spaces
  const KernelTable* table;
};

#define GATEDCORE_ISA_ENTRY(isa, features) {#isa, features, &kernels_##isa},
constexpr Entry kEntries[] = {
#include "isa_list.inc"
};
#undef GATEDCORE_ISA_ENTRY

bool runs_here(const Entry& entry) {
  for (std::string_view rest = entry.features; !rest.empty();) {
    const std::size_t space = rest.find(' ');
    if (!cpu_has(rest.substr(0, space))) return false;
    rest.remove_prefix(std::min(rest.size(), space == std::string_view::npos ? rest.size() : space + 1));
  }
  return true;
}

std::string joined(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "'" : ", '") + name + "'";
  return list;
}

[[noreturn]] void refuse(std::string_view forced) {
  const std::vector<std::string> built = built_isas();
  const bool is_built = std::find(built.begin(), built.end(), forced) != built.end();
  throw std::invalid_argument("GATEDCORE_ISA: is '" + std::string(forced) + "', which " +
                              (is_built ? "this processor cannot run" : "is not in this build") + ", expected one of " +
                              joined(available_isas()) + "; correct the environment variable or unset it");
}

}  // namespace

std::vector<std::string> built_isas() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) names.emplace_back(entry.name);
  return names;
}

std::vector<std::string> available_isas() {
  std::vector<std::string> names;
  for (const Entry& entry : kEntries) {
    if (runs_here(entry)) names.emplace_back(entry.name);
  }
  return names;
}

const KernelTable* find_kernels(std::string_view name) {
  for (const Entry& entry : kEntries) {
    if (entry.name == name) return runs_here(entry) ? entry.table : nullptr;
  }
  return nullptr;
}

const KernelTable& choose_kernels(const char* forced) {
  const bool any = forced == nullptr || *forced == '\0';
  // Baseline stands in every list and runs everywhere.
  const KernelTable* table = find_kernels(any ? available_isas().front() : std::string_view(forced));
  if (table == nullptr) refuse(forced);
  return *table;
}

const KernelTable& active_kernels() {
  static std::atomic<const KernelTable*> chosen{nullptr};
  const KernelTable* table = chosen.load(std::memory_order_acquire);
  if (table == nullptr) {
    table = &choose_kernels(std::getenv("GATEDCORE_ISA"));
    chosen.store(table, std::memory_order_release);
  }
  return *table;
}

}  // namespace gatedcore
