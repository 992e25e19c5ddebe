// teller [threads]: tells on stderr, each time that a byte comes on stdin, what it is to itself: a line for each thread. Its
// values are none that a process begins with, so that one which is lost shows.
#define _GNU_SOURCE
#include "common.h"
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>

struct kernel_action { unsigned long handler, flags, restorer, mask; };
struct attribute { unsigned size, policy; unsigned long flags; int nice; unsigned priority; unsigned long runtime, deadline, period; };

static timer_t posix_timer;
static char *text, *end;
#define TELL(...) (text += snprintf(text, end - text, __VA_ARGS__))

static void on_signal(int signal) { (void)signal; }

static void tell_signals(void) {
  struct kernel_action action;
  for (int signal = 1; signal < 65; signal++) {
    syscall(SYS_rt_sigaction, signal, NULL, &action, 8);
    if (action.handler || action.flags || action.mask)
      TELL(" sig%d=%lx/%lx/%lx/%lx", signal, action.handler, action.flags, action.restorer, action.mask);
  }
  unsigned long mask;
  stack_t stack;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &mask, 8);
  sigaltstack(NULL, &stack);
  TELL(" mask=%lx stack=%p/%x/%zx", mask, stack.ss_sp, stack.ss_flags, stack.ss_size);
}

// What is left of a timer, roughly: to be the same before and after.
static long roughly(long seconds) { return (seconds + 20) / 50; }

static void tell_timers(void) {
  struct itimerval value;
  for (int which = 0; which < 3; which++) {
    getitimer(which, &value);
    TELL(" itimer%d=%ld.%06ld/%ld", which, value.it_interval.tv_sec, value.it_interval.tv_usec, roughly(value.it_value.tv_sec));
  }
  struct itimerspec timer;
  for (long id = 0; id < 8; id++)
    if (syscall(SYS_timer_gettime, (int)id, &timer) == 0)
      TELL(" timer%ld=%ld.%09ld/%ld", id, timer.it_interval.tv_sec, timer.it_interval.tv_nsec, roughly(timer.it_value.tv_sec));
}

static void tell_attributes(void) {
  static const int BY_RESULT[] = {PR_GET_DUMPABLE, PR_GET_KEEPCAPS, PR_GET_SECUREBITS, PR_GET_TIMERSLACK, PR_MCE_KILL_GET,
                                  PR_GET_THP_DISABLE, 58, 68, PR_GET_NO_NEW_PRIVS};
  static const int IN_MEMORY[] = {PR_GET_PDEATHSIG, PR_GET_TSC, PR_GET_CHILD_SUBREAPER};
  char name[17] = "";
  for (unsigned at = 0; at < sizeof BY_RESULT / sizeof *BY_RESULT; at++)
    TELL(" pr%d=%d", BY_RESULT[at], prctl(BY_RESULT[at], 0, 0, 0, 0));
  for (unsigned at = 0; at < sizeof IN_MEMORY / sizeof *IN_MEMORY; at++) {
    int value = -1;
    prctl(IN_MEMORY[at], &value);
    TELL(" pr%d=%d", IN_MEMORY[at], value);
  }
  for (int which = 0; which < 3; which++) TELL(" spec%d=%d", which, prctl(PR_GET_SPECULATION_CTRL, which, 0, 0, 0));
  prctl(PR_GET_NAME, name);
  TELL(" name=%s persona=%lx cpuid=%ld keyring=%ld", name, syscall(SYS_personality, 0xffffffff),
       syscall(SYS_arch_prctl, 0x1011, 0), syscall(SYS_keyctl, 14, -1));
}

static void tell_ranks(void) {
  struct attribute attribute = {0};
  unsigned long processors[16] = {0};
  syscall(SYS_sched_getattr, 0, &attribute, 48, 0);
  syscall(SYS_sched_getaffinity, 0, sizeof processors, processors);
  TELL(" sched=%u/%lx/%d/%u/%lu/%lu/%lu processors=%lx nice=%ld io=%ld group=%d", attribute.policy, attribute.flags,
       attribute.nice, attribute.priority, attribute.runtime, attribute.deadline, attribute.period, processors[0],
       syscall(SYS_getpriority, PRIO_PROCESS, 0), syscall(SYS_ioprio_get, 1, 0), getpgid(0));
  for (int resource = 0; resource < 16; resource++) {
    struct rlimit limit;
    getrlimit(resource, &limit);
    TELL(" limit%d=%ld/%ld", resource, (long)limit.rlim_cur, (long)limit.rlim_max);
  }
}

static void tell_identity(void) {
  unsigned ids[3], header[2] = {0x20080522, 0}, sets[6], groups[64];
  syscall(SYS_getresuid, &ids[0], &ids[1], &ids[2]);
  TELL(" users=%u/%u/%u/%ld", ids[0], ids[1], ids[2], syscall(SYS_setfsuid, -1));
  syscall(SYS_getresgid, &ids[0], &ids[1], &ids[2]);
  TELL(" groups=%u/%u/%u/%ld", ids[0], ids[1], ids[2], syscall(SYS_setfsgid, -1));
  long count = syscall(SYS_getgroups, 64, groups);
  for (long at = 0; at < count; at++) TELL("+%u", groups[at]);
  syscall(SYS_capget, header, sets);
  TELL(" caps=%x/%x/%x/%x/%x/%x ambient=", sets[0], sets[1], sets[2], sets[3], sets[4], sets[5]);
  for (int capability = 0; capability < 41; capability++)
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) == 1) TELL("%d,", capability);
  static const char *const NAMESPACES[] = {"net", "uts", "cgroup", "ipc", "mnt"};
  for (unsigned at = 0; at < sizeof NAMESPACES / sizeof *NAMESPACES; at++) {
    char path[64], link[64] = "";
    sprintf(path, "/proc/thread-self/ns/%s", NAMESPACES[at]);
    if (readlink(path, link, sizeof link - 1) < 0) sprintf(link, "%s:?", NAMESPACES[at]);
    TELL(" %s", link);
  }
}

static void tell_all(void) {
  tell_signals(), tell_timers(), tell_attributes(), tell_ranks(), tell_identity();
}

// Two capabilities that are inherited, one of them by any program, if it has them itself.
static void arm_capabilities(void) {
  unsigned header[2] = {0x20080522, 0}, sets[6];
  syscall(SYS_capget, header, sets);
  sets[2] = sets[1] & (1 << 0 | 1 << 5);
  syscall(SYS_capset, header, sets);
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, 5, 0, 0);
}

// Nothing here is what a thread begins with.
static void arm_thread(void) {
  arm_self();
  arm_capabilities();
  prctl(PR_SET_TIMERSLACK, 77777);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpriority(PRIO_PROCESS, 0, 3);
}

static sem_t asked, answered;
static void *other(void *unused) {
  arm_thread();
  for (sem_post(&answered);;) {
    if (sem_wait(&asked)) continue;
    TELL(" other");
    tell_all();
    sem_post(&answered);
  }
  return unused;
}

int main(int count, char **args) {
  static char line[16384];
  char byte;
  gid_t groups[] = {5, 6, 7};
  setgroups(3, groups);
  arm_thread();
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};
  sigaddset(&action.sa_mask, SIGUSR2);
  sigaction(SIGUSR1, &action, NULL);
  signal(SIGPIPE, SIG_IGN);
  struct itimerval interval = {{7, 5}, {1000, 0}};
  setitimer(ITIMER_REAL, &interval, NULL);
  setitimer(ITIMER_PROF, &interval, NULL);
  struct itimerspec spec = {{9, 9}, {2000, 0}};
  // Nobody handles it.
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
  if (timer_create(CLOCK_MONOTONIC, &event, &posix_timer) || timer_settime(posix_timer, 0, &spec, NULL)) fail("timer");
  int threads = count > 1 && strcmp(args[1], "threads") == 0;
  if (threads) {
    pthread_t thread;
    sem_init(&asked, 0, 0), sem_init(&answered, 0, 0);
    if (pthread_create(&thread, NULL, other, NULL)) fail("no thread");
    sem_wait(&answered);
  }
  for (ready(); read(0, &byte, 1) == 1;) {
    text = line, end = line + sizeof line;
    TELL("state");
    tell_all();
    if (threads) sem_post(&asked), sem_wait(&answered);
    fprintf(stderr, "%s\n", line);
  }
  return 0;
}
