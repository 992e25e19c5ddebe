// sleeper CALL|threads: waits in one call again and again, or in all of them at once, each in a thread of its own; ends with
// a sentence if a wait shows anything but what it should. A line after each round.
#define _GNU_SOURCE
#include "common.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { WAIT_MS = 30, RESCUE_MS = 1000 };
static int quiet[2], fed[2], epoll;
static __thread timer_t timer;
static __thread volatile sig_atomic_t alarms;

static long now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void on_alarm(int signal) {
  (void)signal;
  char here, *base = own_stack.ss_sp;
  if (&here < base || &here >= base + own_stack.ss_size) fail("a handler does not run on the alternate stack");
  alarms++;
}
// One alarm for this thread, and more if that one was missed.
static void set_alarm(void) {
  alarms = 0;
  timer_settime(timer, 0, &(struct itimerspec){{RESCUE_MS / 1000, 0}, {0, WAIT_MS * 1000000L}}, NULL);
}
static void stop_alarm(void) { timer_settime(timer, 0, &(struct itimerspec){0}, NULL); }

static void say(const char *line) {
  if (write(1, line, strlen(line)) < 0) fail("write: %s", strerror(errno));
}
// A wait that nothing but its time may end.
static void lasted(const char *name, long begun, int result) {
  if (result < 0) fail("%s: %s", name, strerror(errno));
  if (result > 0) fail("%s: woken for nothing", name);
  if (now_us() - begun < WAIT_MS * 1000) fail("%s ended after %ld us", name, now_us() - begun);
}
static void in_nanosleep(void) {
  long begun = now_us();
  lasted("nanosleep", begun, nanosleep(&(struct timespec){0, WAIT_MS * 1000000L}, NULL));
}
static void in_poll(void) {
  struct pollfd descriptor = {quiet[0], POLLIN, 0};
  long begun = now_us();
  lasted("poll", begun, poll(&descriptor, 1, WAIT_MS));
}
// The kernel ends it with EINTR whenever the thread stops: what the test allows depends on when that was, so it is said.
static void in_epoll_wait(void) {
  struct epoll_event event;
  long begun = now_us();
  int result = epoll_wait(epoll, &event, 1, WAIT_MS);
  if (result < 0 && errno == EINTR) say("EINTR\n");
  else lasted("epoll_wait", begun, result);
}
// It may end for nothing, but must not sleep through the alarm.
static void in_pause(void) {
  set_alarm();
  long due = now_us() + WAIT_MS * 1000, begun = due;
  while (!alarms) {
    begun = now_us();
    if (pause() != -1 || errno != EINTR) fail("pause returned");
  }
  // Kept from the processor, it may itself have come to the wait too late.
  if (begun < due - 5000 && alarms > 1) fail("pause slept through an alarm");
  stop_alarm();
}
// No such race: the alarm is blocked but in the wait, and there is none to come to the rescue.
static void in_sigsuspend(void) {
  sigset_t mask, open;
  sigemptyset(&mask), sigaddset(&mask, SIGALRM);
  pthread_sigmask(SIG_BLOCK, &mask, &open);
  alarms = 0;
  timer_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, WAIT_MS * 1000000L}}, NULL);
  while (!alarms)
    if (sigsuspend(&open) != -1 || errno != EINTR) fail("sigsuspend returned");
  pthread_sigmask(SIG_SETMASK, &open, NULL);
}
// Numbered bytes come from a child.
static void in_read(void) {
  static unsigned char expected;
  unsigned char byte;
  ssize_t count = read(fed[0], &byte, 1);
  if (count != 1) fail("read: %zd, %s", count, strerror(errno));
  if (byte != expected) fail("read: byte %d came as %d", expected, byte);
  expected++;
}
static void feed_for_ever(void) {
  int parent = getpid();
  if (fork()) return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  for (unsigned char byte = 0;; byte++) {
    if (write(fed[1], &byte, 1) != 1) _exit(0);
    usleep(WAIT_MS * 1000);
  }
}

static const struct { const char *name; void (*once)(void); } WAITS[] = {
    {"nanosleep", in_nanosleep}, {"poll", in_poll},           {"epoll_wait", in_epoll_wait},
    {"pause", in_pause},         {"sigsuspend", in_sigsuspend}, {"read", in_read},
};
enum { COUNT = sizeof WAITS / sizeof *WAITS };
static volatile unsigned long rounds[COUNT];

static void prepare_thread(void) {
  arm_self(), note_self();
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGALRM};
  event._sigev_un._tid = (int)syscall(SYS_gettid);
  // All processes of a user share what may be queued.
  while (timer_create(CLOCK_MONOTONIC, &event, &timer))
    if (errno != EAGAIN) fail("timer: %s", strerror(errno));
    else usleep(10000);
}
static void *wait_for_ever(void *number) {
  long at = (long)number;
  prepare_thread();
  for (;; rounds[at]++) WAITS[at].once(), check_self();
  return NULL;
}
// A line whenever every thread has come further.
static void threads(void) {
  pthread_t thread;
  for (long at = 0; at < COUNT; at++)
    if (pthread_create(&thread, NULL, wait_for_ever, (void *)at)) fail("no thread");
  unsigned long seen[COUNT] = {0};
  for (int said = 0;;) {
    in_nanosleep(), check_self();
    int all = 1;
    for (int at = 0; at < COUNT; at++) all &= rounds[at] > seen[at];
    if (!all) continue;
    for (int at = 0; at < COUNT; at++) seen[at] = rounds[at];
    say("line\n");
    if (!said++) ready();
  }
}

int main(int count, char **args) {
  if (count < 2 || pipe(quiet) || pipe(fed)) return 2;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  epoll = epoll_create1(0);
  struct epoll_event readable = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, quiet[0], &readable);
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_ONSTACK};
  sigaction(SIGALRM, &action, NULL);
  feed_for_ever();
  prepare_thread();
  if (strcmp(args[1], "threads") == 0) threads();
  for (int at = 0; at < COUNT; at++)
    if (strcmp(args[1], WAITS[at].name) == 0)
      for (ready();;) WAITS[at].once(), check_self(), say("line\n");
  fail("no such wait: %s", args[1]);
}
