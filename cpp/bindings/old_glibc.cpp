// Lets a module that is linked against a new glibc load on one from 2018 (2.28, manylinux_2_28).
//
// glibc 2.34 moved threads from libpthread into libc and gave them a new symbol version with unchanged meaning. The
// linker takes the newest version it finds, so what is built on 2.34 and later would ask for that version. The
// definitions here are hidden in the module and pass each call on to the version that every glibc has. They are for the
// few of these functions that this module and the libstdc++ in it use; `auditwheel show` in CI tells when another is
// needed.
#include <features.h>

#if defined(__GLIBC__) && (defined(__x86_64__) || defined(__aarch64__))

#include <pthread.h>

#if defined(__x86_64__)
#define GATEDCORE_FIRST_GLIBC "GLIBC_2.2.5"
#else
#define GATEDCORE_FIRST_GLIBC "GLIBC_2.17"
#endif

extern "C" {

int gatedcore_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
int gatedcore_pthread_detach(pthread_t);
int gatedcore_pthread_once(pthread_once_t*, void (*)());
asm(".symver gatedcore_pthread_create, pthread_create@" GATEDCORE_FIRST_GLIBC);
asm(".symver gatedcore_pthread_detach, pthread_detach@" GATEDCORE_FIRST_GLIBC);
asm(".symver gatedcore_pthread_once, pthread_once@" GATEDCORE_FIRST_GLIBC);

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*body)(void*), void* argument) {
  return gatedcore_pthread_create(thread, attributes, body, argument);
}
int pthread_detach(pthread_t thread) { return gatedcore_pthread_detach(thread); }
int pthread_once(pthread_once_t* once, void (*body)()) { return gatedcore_pthread_once(once, body); }

// Reference counts in libstdc++ look here whether they need atomic operations: always.
char __libc_single_threaded = 0;

}  // extern "C"

#endif
