// The options of a benchmark that Google Benchmark does not know: --name=value, and nothing that is not asked for.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace gatedcore::bench {

class Options {
 public:
  // Arguments that Google Benchmark has left.
  Options(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
      const std::string argument = argv[i];
      const std::size_t equals = argument.find('=');
      if (argument.rfind("--", 0) != 0 || equals == std::string::npos) refuse(argument);
      given_[argument.substr(2, equals - 2)] = argument.substr(equals + 1);
    }
  }

  // The value of an option that this benchmark has, which is thereby known.
  std::string value(const std::string& name, const std::string& otherwise) {
    known_ += "  --" + name + "=" + otherwise + "\n";
    const auto found = given_.find(name);
    if (found == given_.end()) return otherwise;
    const std::string value = found->second;
    given_.erase(found);
    return value;
  }

  // Ends the program where an option was given that nothing has asked for.
  void expect_none_left() const {
    if (!given_.empty()) refuse("--" + given_.begin()->first + "=" + given_.begin()->second);
  }

 private:
  [[noreturn]] void refuse(const std::string& argument) const {
    std::fprintf(stderr, "argument '%s': expected --benchmark_... (see --help)%s\n%s", argument.c_str(),
                 known_.empty() ? "" : " or one of these, shown with their defaults:", known_.c_str());
    std::exit(2);
  }

  std::map<std::string, std::string> given_;
  std::string known_;
};

inline std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Whole numbers from 1 up, separated by commas; ends the program for anything else.
inline std::vector<long> whole_numbers(const char* option, const std::string& text) {
  std::vector<long> numbers;
  for (const std::string& part : split(text, ',')) {
    char* end = nullptr;
    numbers.push_back(std::strtol(part.c_str(), &end, 10));
    if (*end == '\0' && numbers.back() > 0) continue;
    std::fprintf(stderr, "--%s: '%s' in '%s', expected whole numbers from 1 up, separated by commas\n", option,
                 part.c_str(), text.c_str());
    std::exit(2);
  }
  return numbers;
}

}  // namespace gatedcore::bench
