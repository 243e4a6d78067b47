// The sizes of recurrent layers that benchmarks run over.
#pragma once

#include <string>
#include <vector>

#include "core/types.hpp"
#include "options.hpp"

namespace gatedcore::bench {

// Small to large: a tutorial's layer, those of applications, and single sequences. T,B,I,H.
inline constexpr char kShapes[] =
    "100,32,1,50/100,32,64,64/100,32,128,128/100,32,256,256/100,64,512,512/1000,8,128,128/100,1,64,64/100,1,256,256";

// --shapes as lists of sizes, each as long as names has it ("T,B,I,H").
inline std::vector<std::vector<long>> sizes_of_shapes(Options& options, const std::string& names,
                                                      const std::string& otherwise) {
  std::vector<std::vector<long>> all;
  for (const std::string& text : split(options.value("shapes", otherwise), '/')) {
    all.push_back(whole_numbers("shapes", text));
    if (all.back().size() == split(names, ',').size()) continue;
    std::fprintf(stderr, "--shapes: '%s', expected %s\n", text.c_str(), names.c_str());
    std::exit(2);
  }
  return all;
}

inline std::vector<Dims> shapes(Options& options) {
  std::vector<Dims> all;
  for (const std::vector<long>& s : sizes_of_shapes(options, "T,B,I,H", kShapes))
    all.push_back({s[0], s[1], s[2], s[3]});
  return all;
}

inline std::string shape_name(const Dims& dims) {
  return "T:" + std::to_string(dims.T) + "/B:" + std::to_string(dims.B) + "/I:" + std::to_string(dims.I) +
         "/H:" + std::to_string(dims.H);
}

}  // namespace gatedcore::bench
