// still KIND [ARG]: a process of some kind that waits in pause for ever, so that a look at it from outside shows whether
// anything has made it run. Its first line on stderr that is not "ready" says what the test must know.
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void for_ever(void) {
  ready();
  for (;;) pause();
}

static void tell(const char *what, long number) { fprintf(stderr, "%s %ld\n", what, number); }

static void *other(void *unused) {
  tell("thread", syscall(SYS_gettid));
  for (;;) pause();
  return unused;
}
static void threads(void) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, other, NULL)) fail("no thread");
  for_ever();
}

static void zombie(void) {
  pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info;
  waitid(P_PID, child, &info, WEXITED | WNOWAIT);
  tell("zombie", child);
  for_ever();
}

// Allows everything but one call, which kills.
static void filter(int number) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof code / sizeof *code, code};
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) fail("seccomp: %s", strerror(errno));
}

// Reads a byte that never comes: the strict mode allows nothing else.
static void strict(void) {
  int ends[2];
  char byte;
  if (pipe(ends)) fail("pipe");
  ready();
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)) fail("strict: %s", strerror(errno));
  for (;;) read(ends[0], &byte, 1);
}

static void write_file(const char *path, const char *text) {
  int file = open(path, O_WRONLY);
  if (file < 0 || write(file, text, strlen(text)) < 0) fail("%s: %s", path, strerror(errno));
  close(file);
}
// The same user in a user namespace that root has made: its own user has no capabilities there.
static void namespace(int user) {
  int go[2];
  char path[64], map[64], byte = 0;
  pid_t parent = getpid();
  pipe(go);
  pid_t helper = fork();
  if (helper == 0) {
    read(go[0], &byte, 1);
    sprintf(map, "%d %d 1", user, user);
    sprintf(path, "/proc/%d/uid_map", parent), write_file(path, map);
    sprintf(path, "/proc/%d/gid_map", parent), write_file(path, map);
    _exit(0);
  }
  if (unshare(CLONE_NEWUSER)) fail("unshare: %s", strerror(errno));
  write(go[1], &byte, 1);
  waitpid(helper, NULL, 0);
  close(go[0]), close(go[1]);
  if (setresgid(user, user, user) || setresuid(user, user, user)) fail("setresuid: %s", strerror(errno));
  prctl(PR_SET_DUMPABLE, 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  for_ever();
}

// Uninterruptible until its child runs a program, which it never does.
static void vforks(void) {
  ready();
  if (vfork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    tell("child", getpid());
    for (;;) pause();
  }
  for (;;) pause();
}

// Runs itself anew all the time, as a process of two threads.
static void *brief(void *unused) { return unused; }
static void execs(char **args, int round) {
  char number[16];
  pthread_t thread;
  if (round == 0) ready();
  write(1, "line\n", 5);
  pthread_create(&thread, NULL, brief, NULL);
  sprintf(number, "%d", round + 1);
  execl("/proc/self/exe", args[0], args[1], number, NULL);
  fail("exec: %s", strerror(errno));
}

// Descriptors of many kinds at known numbers: 10 a file that is appended to, at offset 3; 11 another, close-on-exec; 12 and 13
// the ends of a pipe, one non-blocking; 14 the directory; 15 an eventfd; 16 a socket.
static void put(int fd, int number, int flags) {
  if (fd < 0 || dup3(fd, number, flags) < 0) fail("descriptor %d: %s", number, strerror(errno));
  close(fd);
}
static void descriptors(const char *directory) {
  int ends[2];
  if (chdir(directory) || pipe(ends)) fail("%s: %s", directory, strerror(errno));
  put(open("ten", O_RDWR | O_CREAT | O_APPEND, 0644), 10, 0);
  if (write(10, "some text", 9) != 9 || lseek(10, 3, SEEK_SET) != 3) fail("file 10");
  put(open("eleven", O_RDWR | O_CREAT, 0644), 11, O_CLOEXEC);
  put(ends[0], 12, 0), put(ends[1], 13, O_CLOEXEC);
  fcntl(13, F_SETFL, O_NONBLOCK);
  put(open(directory, O_RDONLY | O_DIRECTORY), 14, 0);
  put(eventfd(5, 0), 15, 0);
  put(socket(AF_UNIX, SOCK_DGRAM, 0), 16, 0);
  for_ever();
}

int main(int count, char **args) {
  const char *kind = args[1], *argument = count > 2 ? args[2] : "0";
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#define IS(word) (strcmp(kind, word) == 0)
  if (IS("plain")) for_ever();
  else if (IS("thread")) threads();
  else if (IS("zombie")) zombie();
  else if (IS("undumpable")) prctl(PR_SET_DUMPABLE, 0), for_ever();
  else if (IS("namespace")) namespace(atoi(argument));
  else if (IS("filter")) filter(SYS_personality), for_ever();
  else if (IS("no-dup2")) filter(SYS_dup2), for_ever();
  else if (IS("strict")) strict();
  else if (IS("vfork")) vforks();
  else if (IS("exec-loop")) execs(args, atoi(argument));
  else if (IS("descriptors")) descriptors(argument);
  fail("no such kind: %s", kind);
}
