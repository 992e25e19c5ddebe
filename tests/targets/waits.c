// Waits in one call, by name, again and again; says on stderr and ends if the call shows anything but what it should.
// waits NAME: the calls of the kernel's -512, -514, -516 rows, and those that end in EINTR on any stop.
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

// Longer than the three injections take, so that each hits the call while it waits.
#define FINITE_MS 1500
static int pipe_fd[2], pair[2], listener, epoll, sem, msg;
static int word;
static mqd_t queue;
static sigset_t usr1;
static aio_context_t aio;

static struct timespec in_ms(int ms) { return (struct timespec){ms / 1000, ms % 1000 * 1000000L}; }
static struct timespec at_ms(int ms) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  t.tv_nsec += ms % 1000 * 1000000L;
  t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000L;
  t.tv_nsec %= 1000000000L;
  return t;
}
static int lock_elsewhere(int command, short type) {
  // A child holds the lock for the time of a finite wait.
  int fd = fileno(tmpfile());
  char path[64];
  sprintf(path, "/proc/self/fd/%d", fd);
  if (fork() == 0) {
    int own = open(path, O_RDWR);
    struct flock lock = {.l_type = F_WRLCK};
    if (command == LOCK_EX) flock(own, LOCK_EX);
    else fcntl(own, command == F_OFD_SETLKW ? F_OFD_SETLK : F_SETLK, &lock);
    write(pair[1], "x", 1);
    usleep(FINITE_MS * 1000);
    _exit(0);
  }
  char byte;
  read(pair[0], &byte, 1);
  struct flock lock = {.l_type = type};
  int result = command == LOCK_EX ? flock(fd, LOCK_EX) : fcntl(fd, command, &lock);
  wait(NULL);
  close(fd);
  return result;
}
static int timed_socket(int option) {
  struct timeval time = {FINITE_MS / 1000, FINITE_MS % 1000 * 1000};
  return setsockopt(pair[0], SOL_SOCKET, option, &time, sizeof time);
}
static void fill(int fd) {
  char block[4096] = {0};
  fcntl(fd, F_SETFL, O_NONBLOCK);
  while (write(fd, block, sizeof block) > 0) {}
  fcntl(fd, F_SETFL, 0);
}
// Writes a byte to the pipe after the time of a finite wait, so that an infinite one ends.
static void feed(int fd) {
  if (fork() == 0) { usleep(FINITE_MS * 1000); write(fd, "x", 1); _exit(0); }
}
static void nothing(int signal) { (void)signal; }
static void alarm_later(void) {
  signal(SIGALRM, nothing);
  ualarm(999999, 0);
}

// One wait: its result, or -errno; what is right in *right.
static long once(const char *name, long *right) {
  char buffer[64];
  struct epoll_event event;
  struct pollfd poll_fd = {pipe_fd[0], POLLIN, 0};
  struct timespec t = in_ms(FINITE_MS), absolute = at_ms(FINITE_MS);
  struct timeval tv = {FINITE_MS / 1000, FINITE_MS % 1000 * 1000};
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipe_fd[0], &set);
  struct sembuf down = {0, -1, 0};
  struct iovec iov = {buffer, sizeof buffer};
  struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
  struct { long type; char text[8]; } message = {1, ""};
  siginfo_t info;
#define IS(word) (strcmp(name, word) == 0)
#define CALL(call) ({ long r_ = (call); r_ < 0 ? -errno : r_; })
  *right = 0;
  if (IS("nanosleep")) return CALL(nanosleep(&t, NULL));
  if (IS("clock_nanosleep")) return -clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
  if (IS("clock_nanosleep_abs")) return -clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &absolute, NULL);
  if (IS("poll")) return CALL(poll(&poll_fd, 1, FINITE_MS));
  if (IS("ppoll")) return CALL(ppoll(&poll_fd, 1, &t, NULL));
  if (IS("select")) return CALL(select(pipe_fd[0] + 1, &set, NULL, NULL, &tv));
  if (IS("pselect6")) return CALL(pselect(pipe_fd[0] + 1, &set, NULL, NULL, &t, NULL));
  if (IS("futex_timed")) return *right = -ETIMEDOUT, CALL(syscall(SYS_futex, &word, FUTEX_WAIT, 0, &t, NULL, 0));
  if (IS("futex_bitset")) return *right = -ETIMEDOUT, CALL(syscall(SYS_futex, &word, FUTEX_WAIT_BITSET, 0, &absolute, NULL, ~0));
  if (IS("epoll_wait")) return CALL(epoll_wait(epoll, &event, 1, FINITE_MS));
  if (IS("epoll_pwait")) return CALL(epoll_pwait(epoll, &event, 1, FINITE_MS, &usr1));
  if (IS("epoll_pwait2")) return CALL(syscall(SYS_epoll_pwait2, epoll, &event, 1, &t, NULL, 8));
  if (IS("rt_sigtimedwait")) return *right = -EAGAIN, CALL(sigtimedwait(&usr1, &info, &t));
  if (IS("semtimedop")) return *right = -EAGAIN, CALL(semtimedop(sem, &down, 1, &t));
  if (IS("io_getevents")) return CALL(syscall(SYS_io_getevents, aio, 1, 1, buffer, &t));
  if (IS("recv_timeo")) return timed_socket(SO_RCVTIMEO), *right = -EAGAIN, CALL(recv(pair[0], buffer, 1, 0));
  if (IS("accept_timeo"))
    return setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv), *right = -EAGAIN, CALL(accept(listener, NULL, NULL));
  if (IS("send_timeo")) return fill(pair[0]), timed_socket(SO_SNDTIMEO), *right = -EAGAIN, CALL(send(pair[0], buffer, 64, 0));
  if (IS("mq_timedreceive")) {
    struct timespec real;
    clock_gettime(CLOCK_REALTIME, &real);
    real.tv_sec += 1, real.tv_nsec += 500000000;
    if (real.tv_nsec >= 1000000000) real.tv_sec++, real.tv_nsec -= 1000000000;
    return *right = -ETIMEDOUT, CALL(mq_timedreceive(queue, buffer, sizeof buffer, NULL, &real));
  }
  // What follows ends because somebody feeds it after the time of a finite wait.
  if (IS("flock")) return CALL(lock_elsewhere(LOCK_EX, 0));
  if (IS("fcntl_setlkw")) return CALL(lock_elsewhere(F_SETLKW, F_WRLCK));
  if (IS("fcntl_ofd_setlkw")) return CALL(lock_elsewhere(F_OFD_SETLKW, F_WRLCK));
  *right = 1;
  if (IS("read")) return feed(pipe_fd[1]), CALL(read(pipe_fd[0], buffer, 1));
  if (IS("readv")) return feed(pipe_fd[1]), iov.iov_len = 1, CALL(readv(pipe_fd[0], &iov, 1));
  if (IS("recv")) return feed(pair[1]), CALL(recv(pair[0], buffer, 1, 0));
  if (IS("recvmsg")) return feed(pair[1]), iov.iov_len = 1, CALL(recvmsg(pair[0], &header, 0));
  if (IS("poll_infinite")) { feed(pipe_fd[1]); long r = CALL(poll(&poll_fd, 1, -1)); read(pipe_fd[0], buffer, 1); return r; }
  if (IS("epoll_infinite")) { feed(pipe_fd[1]); long r = CALL(epoll_wait(epoll, &event, 1, -1)); read(pipe_fd[0], buffer, 1); return r; }
  if (IS("write")) {
    fill(pipe_fd[1]);
    if (fork() == 0) { usleep(FINITE_MS * 1000); static char block[1 << 20]; read(pipe_fd[0], block, sizeof block); _exit(0); }
    return CALL(write(pipe_fd[1], "x", 1));
  }
  if (IS("wait4") || IS("waitid")) {
    if (fork() == 0) { usleep(FINITE_MS * 1000); _exit(0); }
    long r = IS("wait4") ? CALL(waitpid(-1, NULL, 0)) : CALL(waitid(P_ALL, 0, &info, WEXITED));
    return IS("wait4") ? (r > 0) : r == 0;
  }
  if (IS("futex")) {
    static int *shared;
    if (!shared) shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (fork() == 0) { usleep(FINITE_MS * 1000); syscall(SYS_futex, shared, FUTEX_WAKE, 1, NULL, NULL, 0); _exit(0); }
    return CALL(syscall(SYS_futex, shared, FUTEX_WAIT, 0, NULL, NULL, 0)) == 0;
  }
  if (IS("semop")) {
    if (fork() == 0) { struct sembuf up = {0, 1, 0}; usleep(FINITE_MS * 1000); semop(sem, &up, 1); _exit(0); }
    return CALL(semop(sem, &down, 1)) == 0;
  }
  if (IS("msgrcv")) {
    if (fork() == 0) { usleep(FINITE_MS * 1000); msgsnd(msg, &message, 1, 0); _exit(0); }
    return CALL(msgrcv(msg, &message, sizeof message.text, 0, 0));
  }
  if (IS("accept")) {
    if (fork() == 0) {
      struct sockaddr_un name;
      socklen_t length = sizeof name;
      usleep(FINITE_MS * 1000);
      getsockname(listener, (struct sockaddr *)&name, &length);
      connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, length);
      _exit(0);
    }
    long r = CALL(accept(listener, NULL, NULL));
    if (r >= 0) close(r);
    return r >= 0;
  }
  // These end by a handler only, and by nothing else.
  *right = -EINTR;
  if (IS("pause")) return alarm_later(), CALL(pause());
  if (IS("rt_sigsuspend")) return alarm_later(), CALL(sigsuspend(&usr1));
  fail("no such wait: %s", name);
  return 0;
}

int main(int count, char **args) {
  if (count < 2) return 2;
  pipe(pipe_fd);
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un any = {AF_UNIX, ""};
  bind(listener, (struct sockaddr *)&any, sizeof(sa_family_t));
  listen(listener, 1);
  epoll = epoll_create1(0);
  struct epoll_event readable = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_fd[0], &readable);
  sem = semget(IPC_PRIVATE, 1, 0600);
  msg = msgget(IPC_PRIVATE, 0600);
  syscall(SYS_io_setup, 1, &aio);
  char queue_name[32];
  sprintf(queue_name, "/criu-plan-%d", getpid());
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
  queue = mq_open(queue_name, O_CREAT | O_RDWR, 0600, &attributes);
  mq_unlink(queue_name);
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  note_self();
  ready();
  struct timespec begun, ended;
  long right;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  long result = once(args[1], &right);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  check_self();
  semctl(sem, 0, IPC_RMID);
  msgctl(msg, IPC_RMID, NULL);
  long ms = (ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000;
  if (result != right) fail("%s: result %ld, not %ld, after %ld ms", args[1], result, right, ms);
  fprintf(stderr, "ok %ld\n", ms);
  return 0;
}
