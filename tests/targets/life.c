// life KIND [N]: a process of some kind that prints lines for ever, and ends with a sentence if something is done to it.
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/time.h>
#include <ucontext.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif
static int amount;
static void nap(void) { nanosleep(&(struct timespec){0, 20000000}, NULL); }
static void line(void) {
  check_self();
  if (write(1, "line\n", 5) < 0 && errno != EBADF) fail("write: %s", strerror(errno));
}
static void for_ever(void) {
  note_self();
  ready();
  for (;;) line(), nap();
}

static void *waiter(void *number) {
  for (;;) (long)number % 2 ? (void)pause() : nap();
  return number;
}
static void threads(void) {
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  pthread_t thread;
  for (long i = 0; i < amount; i++)
    if (pthread_create(&thread, &small, waiter, (void *)i)) fail("no thread");
}
static pthread_barrier_t is_apart;
static void *apart(void *unused) {
  if (unshare(CLONE_FS) || chdir("/proc")) fail("unshare: %s", strerror(errno));
  pthread_barrier_wait(&is_apart);
  for (;;) pause();
  return unused;
}
// A thread that is in another directory than the others.
static void own_fs(void) {
  pthread_t thread;
  pthread_barrier_init(&is_apart, NULL, 2);
  if (pthread_create(&thread, NULL, apart, NULL)) fail("no thread");
  pthread_barrier_wait(&is_apart);
  for_ever();
}
static void *talker(void *unused) {
  // Ready is said when the leader has ended.
  char text[512], state = 'R';
  while (state != 'Z') {
    FILE *stat = fopen("/proc/self/stat", "r");
    if (!fgets(text, sizeof text, stat)) fail("stat");
    fclose(stat);
    state = strrchr(text, ')')[2];
  }
  for_ever();
  return unused;
}
static void dead_leader(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, talker, NULL);
  pthread_exit(NULL);
}
static void *brief(void *unused) { return unused; }
static void churn(void) {
  note_self();
  ready();
  for (;;) {
    pthread_t thread[4];
    for (int i = 0; i < 4; i++) pthread_create(&thread[i], NULL, brief, NULL);
    for (int i = 0; i < 4; i++) pthread_join(thread[i], NULL);
    line();
  }
}

static void on_alternate(int signal) { (void)signal; for_ever(); }
static void alternate(int run_on_it) {
  stack_t stack = {.ss_sp = malloc(1 << 17), .ss_size = 1 << 17};
  sigaltstack(&stack, NULL);
  if (!run_on_it) for_ever();
  struct sigaction action = {.sa_handler = on_alternate, .sa_flags = SA_ONSTACK};
  sigaction(SIGUSR1, &action, NULL);
  raise(SIGUSR1);
}

// A fiber on a small stack with canaries about it.
static ucontext_t home, fiber;
static unsigned char *arena;
// As small as a goroutine's: nothing of the size of a signal frame has room in it.
enum { MARGIN = 16384, SMALL = 2048 };
static void in_fiber(void) {
  ready();
  for (;;) {
    nanosleep(&(struct timespec){0, 20000000}, NULL);
    if (write(1, "line\n", 5) < 0) fail("write");
    for (int i = 0; i < MARGIN; i++)
      if (arena[i] != 0xa5 || arena[MARGIN + SMALL + i] != 0xa5) fail("a canary at %d was overwritten", i);
  }
}
static void run_fiber(unsigned char *memory) {
  arena = memory;
  memset(arena, 0xa5, 2 * MARGIN + SMALL);
  // Bound now: the dynamic linker takes more stack for it than there will be.
  nap();
  if (write(1, "", 0)) fail("write");
  getcontext(&fiber);
  fiber.uc_stack.ss_sp = arena + MARGIN;
  fiber.uc_stack.ss_size = SMALL;
  fiber.uc_link = &home;
  makecontext(&fiber, in_fiber, 0);
  swapcontext(&home, &fiber);
}
// The fiber's stack is an array in a frame of main's, with a live frame of canaries deeper in the stack.
static void deeper(unsigned char *memory) {
  volatile unsigned char canary[32768];
  for (size_t i = 0; i < sizeof canary; i++) canary[i] = 0x5a;
  run_fiber(memory);
  for (size_t i = 0; i < sizeof canary; i++)
    if (canary[i] != 0x5a) fail("a live frame was overwritten");
}
static void fiber_in_frame(void) {
  unsigned char memory[2 * MARGIN + SMALL];
  deeper(memory);
}
// Uses far more of its stack than the kernel had mapped, and comes back: nothing at its bottom is untouched.
static int dive(int depth) {
  volatile unsigned char frame[4096];
  for (size_t i = 0; i < sizeof frame; i++) frame[i] = (unsigned char)(depth | 1);
  return depth ? dive(depth - 1) + frame[0] : 0;
}

static volatile sig_atomic_t alarms;
static void count_alarm(int signal) { (void)signal; alarms++; }
static volatile int queued;
static void count_queued(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  if (info->si_value.sival_int != queued) fail("queued signal %d came as number %d", info->si_value.sival_int, queued);
  queued++;
}
// Signals come all the time: a timer, and real-time signals from a child that each have a number.
static void signals(void) {
  struct sigaction number = {.sa_sigaction = count_queued, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGRTMIN, &number, NULL);
  struct sigaction tick = {.sa_handler = count_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &tick, NULL);
  struct itimerval timer = {{0, 1700}, {0, 1700}};
  setitimer(ITIMER_REAL, &timer, NULL);
  int parent = getpid();
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0;; ) {
      union sigval value = {.sival_int = i};
      if (sigqueue(parent, SIGRTMIN, value) == 0) i++;
      else if (errno != EAGAIN) _exit(0);
      usleep(900);
    }
  }
  for_ever();
}
static void masks(void) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGTRAP), sigaddset(&mask, SIGUSR1), sigaddset(&mask, SIGRTMAX);
  sigprocmask(SIG_SETMASK, &mask, NULL);
  signal(SIGUSR2, SIG_IGN), signal(SIGPIPE, SIG_IGN);
  kill(getpid(), SIGUSR1);
  for_ever();
}

static void mappings(void) {
  for (int i = 0; i < amount; i++)
    if (mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) fail("mmap");
  for_ever();
}

static void filter(int number, unsigned action) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) fail("seccomp");
}

static char selector;
static void dispatch(void) {
  // Calls are let through from the C library only, as Wine lets its own through.
  FILE *maps = fopen("/proc/self/maps", "r");
  char text[512];
  unsigned long start, end;
  while (fgets(text, sizeof text, maps))
    if (strstr(text, "r-xp") && strstr(text, "/libc") && sscanf(text, "%lx-%lx", &start, &end) == 2) break;
  fclose(maps);
  selector = 1;
  if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, start, end - start, &selector)) fail("dispatch: %s", strerror(errno));
  for_ever();
}

static int sleep_on(void *unused) {
  // Its parent's death is its own; clone does not hand that down.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) pause();
  return unused != NULL;
}
static void sharer(int flags) {
  char *stack = malloc(65536);
  if (clone(sleep_on, stack + 65536, flags | SIGCHLD, NULL) < 0) fail("clone");
  for_ever();
}
extern char **environ;
static void spawns(void) {
  note_self();
  ready();
  for (;;) {
    pid_t child;
    char *args[] = {"true", NULL};
    if (posix_spawn(&child, "/bin/true", NULL, NULL, args, environ)) fail("spawn");
    waitpid(child, NULL, 0);
    line();
  }
}
static void full_table(void) {
  // All that the table has room for, and no more is allowed.
  struct rlimit limit = {64, 64};
  setrlimit(RLIMIT_NOFILE, &limit);
  while (open("/dev/null", O_RDONLY) >= 0) {}
  for_ever();
}
static void descriptors(void) {
  struct rlimit limit = {(rlim_t)amount + 64, (rlim_t)amount + 64};
  if (setrlimit(RLIMIT_NOFILE, &limit)) fail("setrlimit: %s", strerror(errno));
  for (int i = 0; i < amount; i++)
    if (open("/dev/null", O_RDONLY) < 0) fail("open: %s", strerror(errno));
  for_ever();
}
static void posix_lock(void) {
  struct flock lock = {.l_type = F_WRLCK};
  if (fcntl(1, F_SETLK, &lock)) fail("lock: %s", strerror(errno));
  for_ever();
}
static void broken_pipe(void) {
  int ends[2];
  pipe(ends);
  close(ends[0]);
  dup2(ends[1], 9);
  for_ever();
}

int main(int count, char **args) {
  amount = count > 2 ? atoi(args[2]) : 0;
  const char *kind = args[1];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#define IS(word) (strcmp(kind, word) == 0)
  if (IS("plain")) for_ever();
  else if (IS("busy")) { note_self(); ready(); for (long i = 0;; i++) if (i % 10000000 == 0) line(); }
  else if (IS("busy-leader")) { threads(); note_self(); ready(); for (long i = 0;; i++) if (i % 10000000 == 0) line(); }
  else if (IS("closed")) close(1), for_ever();
  else if (IS("threads")) threads(), for_ever();
  else if (IS("dead-leader")) dead_leader();
  else if (IS("churn")) churn();
  else if (IS("alternate")) alternate(0);
  else if (IS("on-alternate")) alternate(1);
  else if (IS("fiber")) run_fiber(malloc(2 * MARGIN + SMALL));
  else if (IS("fiber-in-frame")) fiber_in_frame();
  else if (IS("deep")) dive(100), for_ever();
  else if (IS("signals")) signals();
  else if (IS("masks")) masks();
  else if (IS("mappings")) mappings();
  else if (IS("no-mmap")) filter(SYS_mmap, SECCOMP_RET_KILL_PROCESS), for_ever();
  else if (IS("no-dup2")) filter(SYS_dup2, SECCOMP_RET_KILL_PROCESS), for_ever();
  else if (IS("no-restart")) filter(SYS_restart_syscall, SECCOMP_RET_KILL_PROCESS), for_ever();
  else if (IS("mdwe")) { if (prctl(PR_SET_MDWE, 1, 0, 0, 0)) fail("mdwe"); for_ever(); }
  else if (IS("dispatch")) dispatch();
  else if (IS("clone-vm")) sharer(CLONE_VM);
  else if (IS("clone-files")) sharer(CLONE_FILES);
  else if (IS("clone-fs")) sharer(CLONE_FS);
  else if (IS("own-fs")) own_fs();
  else if (IS("spawns")) spawns();
  else if (IS("full-table")) full_table();
  else if (IS("descriptors")) descriptors();
  else if (IS("posix-lock")) posix_lock();
  else if (IS("broken-pipe")) broken_pipe();
  fail("no such kind: %s", kind);
}
