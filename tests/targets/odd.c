// odd KIND [N]: a process in a situation in which one thing or another could go wrong; ends with a sentence if it did.
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

static const char *what;
static void line(void) {
  check_self();
  if (write(1, "line\n", 5) < 0) fail("write: %s", strerror(errno));
}
static void for_ever(void) {
  note_self();
  ready();
  for (;;) line(), nanosleep(&(struct timespec){0, 20000000}, NULL);
}
static void busy(void) {
  ready();
  for (volatile long i = 0;; i++) {}
}
static void *for_good(void *unused) {
  for (;;) pause();
  return unused;
}
static pthread_t thread(void *(*body)(void *), void *argument) {
  pthread_t result;
  if (pthread_create(&result, NULL, body, argument)) fail("no thread");
  return result;
}

// A sibling that sleeps, and is unlike the busy first thread in one way.
static pthread_barrier_t barrier;
static void *unlike(void *unused) {
#define IS(word) (strcmp(what, word) == 0)
  int failed = 0;
  struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog filter = {1, &allow};
  if (IS("alike")) {}
  else if (IS("user")) failed = syscall(SYS_setresuid, -1, 65534, -1) || prctl(PR_SET_DUMPABLE, 1);
  else if (IS("group")) failed = syscall(SYS_setresgid, -1, 65534, -1) || prctl(PR_SET_DUMPABLE, 1);
  else if (IS("capabilities")) failed = prctl(PR_CAPBSET_DROP, 25);
  else if (IS("privileges")) failed = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  else if (IS("filter")) failed = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
  else if (IS("files")) failed = unshare(CLONE_FILES);
  else if (IS("directory")) failed = unshare(CLONE_FS);
  else if (IS("namespace")) failed = unshare(CLONE_NEWUTS);
  else fail("no such difference: %s", what);
  if (failed) fail("%s: %s", what, strerror(errno));
  pthread_barrier_wait(&barrier);
  return for_good(unused);
}
static void sibling(void) {
  pthread_barrier_init(&barrier, NULL, 2);
  thread(unlike, NULL);
  pthread_barrier_wait(&barrier);
  busy();
}

// Threads that wait in calls which any stop interrupts: none may see it.
static void expect_no_return(const char *call) { fail("%s returned: %s", call, strerror(errno)); }
static void *in_epoll(void *unused) {
  struct epoll_event event;
  epoll_wait(epoll_create1(0), &event, 1, -1);
  expect_no_return("epoll_wait");
  return unused;
}
static void *in_sigwait(void *unused) {
  sigset_t usr2;
  sigemptyset(&usr2), sigaddset(&usr2, SIGUSR2);
  sigwaitinfo(&usr2, NULL);
  expect_no_return("sigwaitinfo");
  return unused;
}
static void *in_recv(void *unused) {
  int pair[2];
  char byte;
  struct timeval hour = {3600, 0};
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &hour, sizeof hour);
  recv(pair[0], &byte, 1, 0);
  expect_no_return("recv");
  return unused;
}
static void interrupted(void) {
  struct epoll_event event;
  int epoll = epoll_create1(0);
  ready();
  for (;;) {
    if (epoll_wait(epoll, &event, 1, -1) != -1 || errno != EINTR) expect_no_return("epoll_wait");
    if (write(2, "EINTR\n", 6) != 6) _exit(8);
  }
}
static void waiting_siblings(void) {
  void *(*bodies[])(void *) = {in_epoll, in_sigwait, in_recv};
  for (int i = 0; i < 12; i++) thread(bodies[i % 3], NULL);
  for_ever();
}
// The first thread sleeps; so does a sibling, for good, if there is one.
static void asleep(int with_sibling) {
  int ends[2];
  char byte;
  if (with_sibling) {
    if (pipe(ends)) fail("pipe");
    thread(for_good, NULL);
  }
  ready();
  struct timespec hour = {3600, 0};
  if (syscall(SYS_nanosleep, &hour, NULL) || read(0, &byte, 1) < 0) fail("nanosleep: %s", strerror(errno));
}

// Numbered real-time signals as fast as they can be sent.
static volatile int expected;
static void numbered(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  if (info->si_value.sival_int != expected) fail("signal %d came as number %d", info->si_value.sival_int, expected);
  // The first thread's own code hardly ever runs.
  if (++expected % 10000 == 0 && write(1, "line\n", 5) < 0) fail("write");
}
static void flood(void) {
  struct sigaction action = {.sa_sigaction = numbered, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGRTMIN, &action, NULL);
  int parent = getpid();
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0;;) {
      union sigval value = {.sival_int = i};
      if (sigqueue(parent, SIGRTMIN, value) == 0) i++;
      else if (errno != EAGAIN) _exit(0);
    }
  }
  note_self();
  ready();
  for (;;) check_self();
}
static void terminated(int signal) {
  (void)signal;
  if (write(2, "handler\n", 8) != 8) _exit(8);
}

// Calls are let through from this program's own text only: the C library's would end in SIGSYS.
static volatile char selector;
long own_call(long number, long a, long b, long c);
asm(".globl own_call\nown_call:\n mov %rdi,%rax\n mov %rsi,%rdi\n mov %rdx,%rsi\n mov %rcx,%rdx\n"
    ".globl own_syscall\nown_syscall:\n syscall\n ret\n mov $15,%eax\n syscall\n pop %rax\n ret\n");
extern char __executable_start, etext, own_syscall;
static void dispatch(int nowhere) {
  uintptr_t start = (uintptr_t)&__executable_start, end = (uintptr_t)&etext;
  if (nowhere) start = end = 0;
  if (prctl(59, 1, start, end - start, &selector)) fail("dispatch: %s", strerror(errno));
  if (nowhere) for_ever(); // The selector lets every call through.
  struct timespec nap = {0, 20000000};
  ready();
  selector = 1;
  for (;;) {
    if (own_call(SYS_write, 1, (long)"line\n", 5) != 5) own_call(SYS_exit_group, 9, 0, 0);
    own_call(SYS_nanosleep, (long)&nap, 0, 0);
  }
}

// Threads that each count, make the next one and end: there is always one that was not there a moment ago.
static volatile long ticks;
static void *link_of_chain(void *unused) {
  pthread_t next;
  __atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
  pthread_detach(pthread_self());
  while (pthread_create(&next, NULL, link_of_chain, NULL)) {}
  return unused;
}
static void chains(void) {
  for (int i = 0; i < 4; i++) thread(link_of_chain, NULL);
  fprintf(stderr, "ticks %p\n", (void *)&ticks);
  for_ever();
}

// A child that shares the memory of its parent, which waits, for some time before it ends.
static void vforks(int ms) {
  note_self();
  ready();
  struct timespec time = {ms / 1000, ms % 1000 * 1000000L};
  for (;;) {
    if (vfork() == 0) nanosleep(&time, NULL), _exit(0);
    wait(NULL);
    line();
  }
}
static void execs(int count) {
  if (count == 0) ready();
  if (write(1, "line\n", 5) < 0) fail("write");
  char text[16];
  sprintf(text, "%d", count + 1);
  usleep(500);
  execl("/proc/self/exe", "odd", "execs", text, NULL);
}

static void file_limit(void) {
  // Descriptor 9 stands at the limit.
  struct rlimit limit = {1 << 20, 1 << 20};
  dup2(fileno(tmpfile()), 9);
  lseek(9, 1 << 20, SEEK_SET);
  setrlimit(RLIMIT_FSIZE, &limit);
  for_ever();
}
static void pending_pipe(void) {
  int ends[2];
  sigset_t set;
  if (pipe(ends)) fail("pipe");
  close(ends[0]), dup2(ends[1], 9);
  sigemptyset(&set), sigaddset(&set, SIGPIPE);
  sigprocmask(SIG_BLOCK, &set, NULL);
  raise(SIGPIPE);
  for_ever();
}

int main(int count, char **args) {
  const char *kind = args[1];
  what = count > 2 ? args[2] : "0";
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#undef IS
#define IS(word) (strcmp(kind, word) == 0)
  if (IS("sibling")) sibling();
  else if (IS("waiting-siblings")) waiting_siblings();
  else if (IS("interrupted")) interrupted();
  else if (IS("asleep")) asleep(0);
  else if (IS("asleep-with-sibling")) asleep(1);
  else if (IS("flood")) flood();
  else if (IS("terminable")) signal(SIGTERM, terminated), for_ever();
  else if (IS("dispatch-own")) dispatch(0);
  else if (IS("dispatch-nowhere")) dispatch(1);
  else if (IS("chains")) chains();
  else if (IS("vforks")) vforks(atoi(what));
  else if (IS("execs")) execs(atoi(what));
  else if (IS("file-limit")) file_limit();
  else if (IS("pending-pipe")) pending_pipe();
  fail("no such kind: %s", kind);
}
