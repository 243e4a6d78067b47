#include "sequence/projection.hpp"

#include "problem.hpp"

namespace gatedcore::test {
namespace {

TEST_CASE("the input product is done ahead for a lone row of a sequence with enough inputs") {
  CHECK(project_ahead({2, 1, kProjectFromInputs, 8}, 1));
  CHECK(!project_ahead({2, 1, kProjectFromInputs - 1, 8}, 1));
  CHECK(!project_ahead({1, 1, kProjectFromInputs, 8}, 1));
  CHECK(!project_ahead({2, 2, kProjectFromInputs, 8}, 2));
}

}  // namespace
}  // namespace gatedcore::test
