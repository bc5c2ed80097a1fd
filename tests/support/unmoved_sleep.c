/* Sleeps on the clock that the caller names, as the kernel does.
 *
 * libfaketime 0.9.10 moves sleeps on CLOCK_MONOTONIC although FAKETIME_DONT_FAKE_MONOTONIC forbids it: Python's
 * time.sleep then fails with EINVAL. Loaded before libfaketime, this leaves them alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *remain)
{
    return syscall(SYS_clock_nanosleep, clock, flags, request, remain) ? errno : 0;
}
