#include "dispatch/isa.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"

namespace gatedcore {
namespace {

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("baseline is always built, and it and the portable tables of the tests run everywhere") {
  CHECK(contains(built_isas(), "baseline"));
  for (const std::string& name : built_isas()) {
    if (name != "baseline" && name.rfind("portable", 0) != 0) continue;
    CONTEXT(name);
    CHECK(contains(available_isas(), name));
    CHECK(find_kernels(name) != nullptr);
  }
}

TEST_CASE("every table knows its name and its width") {
  CHECK(!available_isas().empty());
  for (const std::string& name : available_isas()) {
    CONTEXT(name);
    const KernelTable* table = find_kernels(name);
    CHECK(table != nullptr);
    if (table == nullptr) continue;
    CHECK(table->name == name);
    CHECK(table->kernels<float>().lanes == 2 * table->kernels<double>().lanes);
  }
  CHECK(find_kernels("baseline")->kernels<float>().lanes == 4);
}

TEST_CASE("what this processor runs is part of what is built, in the same order") {
  const std::vector<std::string> built = built_isas();
  std::size_t next = 0;
  for (const std::string& name : available_isas()) {
    while (next < built.size() && built[next] != name) ++next;
    CHECK(next < built.size());
  }
}

TEST_CASE("a name that is not built finds nothing") {
  for (const char* name : {"", "avx3", "AVX2", "baseline ", "base"}) {
    CONTEXT("name '" << name << "'");
    CHECK(find_kernels(name) == nullptr);
  }
}

TEST_CASE("without a wish the best table is chosen, with one the table it names") {
  CHECK(choose_kernels(nullptr).name == available_isas().front());
  CHECK(choose_kernels("").name == available_isas().front());
  for (const std::string& name : available_isas()) CHECK(choose_kernels(name.c_str()).name == name);
}

TEST_CASE("a wish that cannot be met is an error that lists what there is") {
  CHECK_THROWS(choose_kernels("avx3"), std::invalid_argument, "GATEDCORE_ISA: is 'avx3', which is not in this build");
  CHECK_THROWS(choose_kernels("avx3"), std::invalid_argument, "'baseline'");
  for (const std::string& name : built_isas()) {
    if (contains(available_isas(), name)) continue;
    CHECK_THROWS(choose_kernels(name.c_str()), std::invalid_argument, "which this processor cannot run");
  }
}

TEST_CASE("the environment is read at the first use, and again after an error") {
  setenv("GATEDCORE_ISA", "avx3", 1);
  CHECK_THROWS(active_kernels(), std::invalid_argument, "'avx3'");
  CHECK_THROWS(active_kernels(), std::invalid_argument, "'avx3'");
  setenv("GATEDCORE_ISA", "baseline", 1);
  CHECK(std::string(active_kernels().name) == "baseline");
  setenv("GATEDCORE_ISA", available_isas().front().c_str(), 1);
  CHECK(std::string(active_kernels().name) == "baseline");
  unsetenv("GATEDCORE_ISA");
}

}  // namespace gatedcore
