// What all targets share: saying that they are ready, noticing what was done to them.
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

// Ends with a sentence on stderr, which the test shows.
__attribute__((unused)) static void fail(const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "FAILED ");
  vfprintf(stderr, format, list);
  fprintf(stderr, "\n");
  _exit(9);
}

// A line on stderr that the test waits for.
__attribute__((unused)) static void ready(void) {
  if (write(2, "ready\n", 6) != 6) _exit(8);
}

static __thread stack_t own_stack;
static __thread sigset_t own_mask;

// Gives the calling thread an alternate stack, and a mask that is neither empty nor full: what may be lost.
__attribute__((unused)) static void arm_self(void) {
  stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  sigaltstack(&stack, NULL);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTRAP), sigaddset(&mask, SIGUSR1), sigaddset(&mask, SIGRTMAX);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

// Notes the mask and the alternate stack of the calling thread; check_self fails if they are no longer what they were.
__attribute__((unused)) static void note_self(void) {
  sigaltstack(NULL, &own_stack);
  sigprocmask(SIG_SETMASK, NULL, &own_mask);
}

__attribute__((unused)) static void check_self(void) {
  stack_t stack;
  sigset_t mask;
  sigaltstack(NULL, &stack);
  sigprocmask(SIG_SETMASK, NULL, &mask);
  if (stack.ss_sp != own_stack.ss_sp || (stack.ss_flags & ~SS_ONSTACK) != (own_stack.ss_flags & ~SS_ONSTACK))
    fail("the alternate stack is another: flags %x, not %x", stack.ss_flags, own_stack.ss_flags);
  for (int signal = 1; signal < 65; signal++)
    if (sigismember(&mask, signal) != sigismember(&own_mask, signal)) fail("signal %d in the mask has changed", signal);
}
