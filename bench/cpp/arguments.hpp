// Command lines of the benchmarks: --name value pairs, and nothing that is not asked for.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "dispatch/isa.hpp"

namespace gatedcore::bench {

// The values of --name value pairs, beginning with defaults; prints the usage and leaves the program for anything else.
inline std::map<std::string, std::string> arguments(int argc, char** argv, std::map<std::string, std::string> values) {
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (name.rfind("--", 0) == 0 && values.count(name.substr(2)) != 0 && i + 1 < argc) {
      values[name.substr(2)] = argv[i + 1];
      continue;
    }
    std::fprintf(stderr, "%s: argument '%s', expected name and value of one of these (shown with defaults):\n", argv[0],
                 argv[i]);
    for (const auto& [known, value] : values) std::fprintf(stderr, "  --%s '%s'\n", known.c_str(), value.c_str());
    std::exit(2);
  }
  return values;
}

inline std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// The kernel tables that --isa names, separated by commas; "all" for those this processor runs.
inline std::vector<const KernelTable*> tables_of(const std::string& isa) {
  std::vector<const KernelTable*> tables;
  for (const std::string& name : isa == "all" ? available_isas() : split(isa, ',')) {
    tables.push_back(find_kernels(name));
    if (tables.back() != nullptr) continue;
    std::fprintf(stderr, "--isa: '%s' is not in this build or cannot run here, expected one of:", name.c_str());
    for (const std::string& known : available_isas()) std::fprintf(stderr, " %s", known.c_str());
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  return tables;
}

}  // namespace gatedcore::bench
