// Preloaded, this lets the n-th allocation fail that the extension or NumPy makes for its arrays.
//
// malloc_fail_at(n, bytes) begins to count those of so many bytes or more, malloc_failed() ends it and tells whether
// there were as many.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

// glibc's own, under the names that it exports beside the usual ones.
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);

static atomic_long left;  // 0: nothing is counted
static size_t smallest;
static atomic_int failed;

void malloc_fail_at(long n, size_t bytes) {
  failed = 0;
  smallest = bytes;
  left = n;
}

int malloc_failed(void) {
  left = 0;
  return failed;
}

// Whether the call that returns to this address is to fail. The extension brings its own operator new.
static int fails(const void* address, size_t bytes) {
  Dl_info info;
  if (left <= 0 || bytes < smallest || !dladdr(address, &info) || info.dli_fname == NULL) return 0;
  if (strstr(info.dli_fname, "gatedcore/_core.") == NULL && strstr(info.dli_fname, "_multiarray_umath") == NULL)
    return 0;
  if (atomic_fetch_sub(&left, 1) != 1) return 0;
  failed = 1;
  errno = ENOMEM;
  return 1;
}

#define FAILS(bytes) fails(__builtin_return_address(0), bytes)

void* malloc(size_t size) { return FAILS(size) ? NULL : __libc_malloc(size); }
void* calloc(size_t count, size_t size) { return FAILS(count * size) ? NULL : __libc_calloc(count, size); }
void* realloc(void* memory, size_t size) { return FAILS(size) ? NULL : __libc_realloc(memory, size); }
void* aligned_alloc(size_t alignment, size_t size) { return FAILS(size) ? NULL : __libc_memalign(alignment, size); }
void* memalign(size_t alignment, size_t size) { return FAILS(size) ? NULL : __libc_memalign(alignment, size); }
int posix_memalign(void** memory, size_t alignment, size_t size) {
  void* const found = FAILS(size) ? NULL : __libc_memalign(alignment, size);
  if (found == NULL) return ENOMEM;
  *memory = found;
  return 0;
}
