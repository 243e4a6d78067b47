#include "core/thread_limit.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

#include "check.hpp"

namespace gatedcore {
namespace {

// A folder with files of its own in place of /.
class FakeRoot {
 public:
  FakeRoot() {
    std::string name = (std::filesystem::temp_directory_path() / "gatedcore_root_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    folder_ = name;
  }
  ~FakeRoot() { std::filesystem::remove_all(folder_); }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  void write(const std::string& path, const std::string& text) const {
    std::filesystem::create_directories((folder_ + path).substr(0, (folder_ + path).find_last_of('/')));
    std::ofstream(folder_ + path) << text;
  }
  int threads() const { return cgroup_threads(folder_); }

 private:
  std::string folder_;
};

}  // namespace

TEST_CASE("the environment: GATEDCORE_NUM_THREADS before OMP_NUM_THREADS") {
  CHECK(threads_from_environment(nullptr, nullptr) == 0);
  CHECK(threads_from_environment("3", nullptr) == 3);
  CHECK(threads_from_environment(" 3 ", "5") == 3);
  CHECK(threads_from_environment("", "5") == 5);
  CHECK(threads_from_environment(nullptr, "5") == 5);
  CHECK(threads_from_environment(nullptr, "4,2") == 4);
}

TEST_CASE("a bad GATEDCORE_NUM_THREADS is an error, a bad OMP_NUM_THREADS is passed over") {
  for (const char* bad : {"0", "-1", "two", "2x", "1.5", "1025", "99999999999999999999", "4,2"}) {
    CONTEXT("value " << bad);
    CHECK_THROWS(threads_from_environment(bad, "2"), std::invalid_argument, bad);
    CHECK_THROWS(threads_from_environment(bad, "2"), std::invalid_argument, "from 1 to 1024");
  }
  for (const char* bad : {"0", "-1", "two", "", ",", "99999999999999999999"}) {
    CONTEXT("value " << bad);
    CHECK(threads_from_environment(nullptr, bad) == 0);
  }
}

TEST_CASE("set_num_threads wins over the environment and refuses what makes no sense") {
  setenv("GATEDCORE_NUM_THREADS", "nonsense", 1);
  CHECK_THROWS(num_threads(), std::invalid_argument, "GATEDCORE_NUM_THREADS");
  CHECK_THROWS(num_threads(), std::invalid_argument, "GATEDCORE_NUM_THREADS");
  setenv("GATEDCORE_NUM_THREADS", "7", 1);
  CHECK(num_threads() == 7);
  set_num_threads(2);
  CHECK(num_threads() == 2);
  for (const int bad : {0, -3, kMostThreads + 1}) {
    CONTEXT("threads " << bad);
    CHECK_THROWS(set_num_threads(bad), std::invalid_argument, std::to_string(bad));
    CHECK(num_threads() == 2);
  }
  unsetenv("GATEDCORE_NUM_THREADS");
}

TEST_CASE("the machine offers at least one thread and no more than its affinity mask") {
  CHECK(hardware_threads() >= 1);
  CHECK(hardware_threads() <= static_cast<int>(std::thread::hardware_concurrency()));
#if defined(__linux__)
  std::thread([] {
    // The mask belongs to the thread, so the test's own is untouched.
    cpu_set_t mask;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0) return;
    int first = 0;
    while (!CPU_ISSET(first, &mask)) ++first;
    CPU_ZERO(&mask);
    CPU_SET(first, &mask);
    CHECK(sched_setaffinity(0, sizeof mask, &mask) == 0);
    CHECK(hardware_threads() == 1);
  }).join();
#endif
}

TEST_CASE("a thread may be bound to fewer threads; others are not") {
  set_num_threads(3);
  limit_this_thread(2);
  CHECK(num_threads() == 2);
  std::thread([] { CHECK(num_threads() == 3); }).join();
  limit_this_thread(5);
  CHECK(num_threads() == 3);
  limit_this_thread(0);
  CHECK(num_threads() == 3);
  CHECK_THROWS(limit_this_thread(-1), std::invalid_argument, "limit_this_thread: threads is -1");
  CHECK(num_threads() == 3);
}

TEST_CASE("control groups, version 2: the tightest quota on the way up, in whole processors") {
  const FakeRoot root;
  CHECK(root.threads() == 0);
  root.write("/proc/self/cgroup", "0::/app/worker\n");
  CHECK(root.threads() == 0);
  root.write("/sys/fs/cgroup/app/worker/cpu.max", "max 100000\n");
  CHECK(root.threads() == 0);
  root.write("/sys/fs/cgroup/app/worker/cpu.max", "450000 100000\n");
  CHECK(root.threads() == 4);
  root.write("/sys/fs/cgroup/app/cpu.max", "250000 100000\n");
  CHECK(root.threads() == 2);
  root.write("/sys/fs/cgroup/app/cpu.max", "50000 100000\n");
  CHECK(root.threads() == 1);
}

TEST_CASE("control groups, version 2 in a container: its own group is the mount point") {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "0::/\n");
  root.write("/sys/fs/cgroup/cpu.max", "300000 100000\n");
  CHECK(root.threads() == 3);
}

TEST_CASE("control groups, version 1") {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "4:memory:/other\n3:cpu,cpuacct:/docker/abc\n2:cpuset:/\n0::/\n");
  CHECK(root.threads() == 0);
  root.write("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "-1\n");
  root.write("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  CHECK(root.threads() == 0);
  root.write("/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "600000\n");
  CHECK(root.threads() == 6);
  // The group as the host names it is not to be seen inside a container: the mount point counts.
  root.write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "200000\n");
  root.write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  CHECK(root.threads() == 2);
}

TEST_CASE("control groups: a file that makes no sense sets no limit") {
  const FakeRoot root;
  root.write("/proc/self/cgroup", "no colons here\n0::/\n");
  for (const char* bad : {"", "word\n", "100000\n", "100000 0\n", "-5 100000\n"}) {
    CONTEXT("cpu.max " << bad);
    root.write("/sys/fs/cgroup/cpu.max", bad);
    CHECK(root.threads() == 0);
  }
}

}  // namespace gatedcore
