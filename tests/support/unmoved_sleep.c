/* Sleeps and waits on the clock that the caller names, as the kernel does.
 *
 * libfaketime 0.9.10 moves both on CLOCK_MONOTONIC although FAKETIME_DONT_FAKE_MONOTONIC forbids it. Python's time.sleep
 * then fails with EINVAL. And a thread that waits for the interpreter's lock does not wait: sixteen busy threads take
 * ten times the CPU. Loaded before libfaketime, this leaves them alone. CPython measures all its waits on that clock.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

typedef int Wait(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *remain)
{
    return syscall(SYS_clock_nanosleep, clock, flags, request, remain) ? errno : 0;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until)
{
    static Wait *of_libc;
    if (!of_libc)
        of_libc = (Wait *)dlsym(dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD), "pthread_cond_timedwait");
    return of_libc(condition, mutex, until);
}
