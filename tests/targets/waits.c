// Waits in one call, once; says on stderr how long it took, or what was wrong with its result.
// waits NAME MS: calls of the kernel's -512, -514 and -516 rows, and those that end in EINTR on any stop. Those with an end of
// their own take MS milliseconds; the others end when a byte comes on stdin.
#define _GNU_SOURCE
#include "common.h"
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

static int wait_ms, pipe_fd[2], pair[2], listener, epoll, sem, msg;
static struct sockaddr_un listening;
static socklen_t listening_length = sizeof listening;
static int word, *shared_word;
static mqd_t queue;
static sigset_t usr1;
static aio_context_t aio;

static struct timespec in_ms(int ms) { return (struct timespec){ms / 1000, ms % 1000 * 1000000L}; }
static struct timespec at_ms(clockid_t clock, int ms) {
  struct timespec t;
  clock_gettime(clock, &t);
  t.tv_nsec += ms % 1000 * 1000000L;
  t.tv_sec += ms / 1000 + t.tv_nsec / 1000000000L;
  t.tv_nsec %= 1000000000L;
  return t;
}
// In a child: true when the byte has come on stdin that says to end the wait of the parent.
static int in_helper(void) {
  if (fork()) return 0;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  char byte;
  if (read(0, &byte, 1) != 1) _exit(1);
  return 1;
}
static void feed(int fd) {
  if (in_helper()) _exit(write(fd, "x", 1) != 1);
}
// A child holds the lock until the byte has come.
static int lock_elsewhere(int command) {
  int fd = fileno(tmpfile());
  char path[64], byte;
  sprintf(path, "/proc/%d/fd/%d", getpid(), fd);
  if (fork() == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int own = open(path, O_RDWR);
    struct flock lock = {.l_type = F_WRLCK};
    int result = command == LOCK_EX ? flock(own, LOCK_EX) : fcntl(own, command == F_OFD_SETLKW ? F_OFD_SETLK : F_SETLK, &lock);
    if (result || write(pair[1], "x", 1) != 1) _exit(1);
    _exit(read(0, &byte, 1) != 1);
  }
  if (read(pair[0], &byte, 1) != 1) fail("nobody has locked");
  struct flock lock = {.l_type = F_WRLCK};
  return command == LOCK_EX ? flock(fd, LOCK_EX) : fcntl(fd, command, &lock);
}
static void set_time(int fd, int option) {
  struct timeval time = {wait_ms / 1000, wait_ms % 1000 * 1000};
  if (setsockopt(fd, SOL_SOCKET, option, &time, sizeof time)) fail("setsockopt");
}
static char block[1 << 20];
static void fill(int fd) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  while (write(fd, block, 4096) > 0) {}
  fcntl(fd, F_SETFL, 0);
}
static void drain(int fd) {
  if (in_helper()) _exit(read(fd, block, sizeof block) <= 0);
}
static int connected(int flags) {
  int fd = socket(AF_UNIX, SOCK_STREAM | flags, 0);
  return connect(fd, (struct sockaddr *)&listening, listening_length);
}
// A ring with one entry under way: a poll of the pipe.
static int ring(void) {
  struct io_uring_params params = {0};
  int fd = syscall(SYS_io_uring_setup, 4, &params);
  if (fd < 0) fail("io_uring_setup: %s", strerror(errno));
  char *sq = mmap(NULL, params.sq_off.array + params.sq_entries * 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
  struct io_uring_sqe *entry = mmap(NULL, params.sq_entries * sizeof *entry, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQES);
  *entry = (struct io_uring_sqe){.opcode = IORING_OP_POLL_ADD, .fd = pipe_fd[0], .poll32_events = POLLIN};
  *(unsigned *)(sq + params.sq_off.array) = 0;
  __atomic_store_n((unsigned *)(sq + params.sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0) != 1) fail("io_uring_enter: %s", strerror(errno));
  return fd;
}
static void nothing(int signal) { (void)signal; }

#define IS(word) (strcmp(name, word) == 0)
#define CALL(call) ({ long r_ = (call); r_ < 0 ? -errno : r_; })
#define RAW(call, ...) CALL(syscall(SYS_##call, __VA_ARGS__))

// Waits that end by themselves: whether it is one, its result, or -errno, and what is right.
static int timed(const char *name, long *result, long *right) {
  char buffer[64];
  struct epoll_event event;
  struct pollfd readable = {pipe_fd[0], POLLIN, 0};
  struct timespec t = in_ms(wait_ms), at = at_ms(CLOCK_MONOTONIC, wait_ms), real = at_ms(CLOCK_REALTIME, wait_ms);
  struct timeval tv = {wait_ms / 1000, wait_ms % 1000 * 1000};
  struct sembuf down = {0, -1, 0};
  struct futex_waitv waitv = {.uaddr = (uintptr_t)&word, .flags = FUTEX_32};
  struct io_uring_getevents_arg until = {.ts = (uintptr_t)&t};
  siginfo_t info;
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipe_fd[0], &set);
  *right = 0;
  if (IS("nanosleep")) *result = RAW(nanosleep, &t, NULL);
  else if (IS("clock_nanosleep")) *result = RAW(clock_nanosleep, CLOCK_MONOTONIC, 0, &t, NULL);
  else if (IS("clock_nanosleep_absolute")) *result = RAW(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
  else if (IS("poll")) *result = RAW(poll, &readable, 1, wait_ms);
  else if (IS("ppoll")) *result = RAW(ppoll, &readable, 1, &t, NULL, 8);
  else if (IS("select")) *result = RAW(select, pipe_fd[0] + 1, &set, NULL, NULL, &tv);
  else if (IS("pselect6")) *result = RAW(pselect6, pipe_fd[0] + 1, &set, NULL, NULL, &t, NULL);
  else if (IS("futex")) *right = -ETIMEDOUT, *result = RAW(futex, &word, FUTEX_WAIT, 0, &t, NULL, 0);
  else if (IS("futex_bitset")) *right = -ETIMEDOUT, *result = RAW(futex, &word, FUTEX_WAIT_BITSET, 0, &at, NULL, ~0);
  else if (IS("futex_waitv")) *right = -ETIMEDOUT, *result = RAW(futex_waitv, &waitv, 1, 0, &at, CLOCK_MONOTONIC);
  else if (IS("mq_timedreceive")) *right = -ETIMEDOUT, *result = CALL(mq_timedreceive(queue, buffer, sizeof buffer, NULL, &real));
  else if (IS("mq_timedsend")) {
    if (mq_send(queue, "x", 1, 0)) fail("mq_send");
    *right = -ETIMEDOUT, *result = CALL(mq_timedsend(queue, "x", 1, 0, &real));
  } else if (IS("epoll_wait")) *result = RAW(epoll_wait, epoll, &event, 1, wait_ms);
  else if (IS("epoll_pwait")) *result = RAW(epoll_pwait, epoll, &event, 1, wait_ms, &usr1, 8);
  else if (IS("epoll_pwait2")) *result = RAW(epoll_pwait2, epoll, &event, 1, &t, NULL, 8);
  else if (IS("rt_sigtimedwait")) *right = -EAGAIN, *result = RAW(rt_sigtimedwait, &usr1, &info, &t, 8);
  else if (IS("semtimedop")) *right = -EAGAIN, *result = RAW(semtimedop, sem, &down, 1, &t);
  else if (IS("io_getevents")) *result = RAW(io_getevents, aio, 1, 1, buffer, &t);
  else if (IS("recv")) set_time(pair[0], SO_RCVTIMEO), *right = -EAGAIN, *result = CALL(recv(pair[0], buffer, 1, 0));
  else if (IS("accept")) set_time(listener, SO_RCVTIMEO), *right = -EAGAIN, *result = CALL(accept(listener, NULL, NULL));
  else if (IS("send")) fill(pair[0]), set_time(pair[0], SO_SNDTIMEO), *right = -EAGAIN, *result = CALL(send(pair[0], buffer, 64, 0));
  else if (IS("io_uring_enter"))
    *right = -ETIME, *result = RAW(io_uring_enter, ring(), 0, 1, IORING_ENTER_GETEVENTS | IORING_ENTER_EXT_ARG, &until, sizeof until);
  else return 0;
  return 1;
}

// Waits that somebody ends.
static int fed(const char *name, long *result, long *right) {
  char buffer[64], path[64];
  struct epoll_event event;
  struct pollfd readable = {pipe_fd[0], POLLIN, 0};
  struct sembuf down = {0, -1, 0}, up = {0, 1, 0};
  struct iovec iov = {buffer, 1};
  struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};
  struct futex_waitv waitv = {.uaddr = (uintptr_t)shared_word, .flags = FUTEX_32};
  struct { long type; char text[8192]; } message = {1, ""};
  siginfo_t info;
  fd_set set;
  FD_ZERO(&set);
  FD_SET(pipe_fd[0], &set);
  *right = 1;
  if (IS("read")) feed(pipe_fd[1]), *result = CALL(read(pipe_fd[0], buffer, 1));
  else if (IS("readv")) feed(pipe_fd[1]), *result = CALL(readv(pipe_fd[0], &iov, 1));
  else if (IS("read_eventfd")) {
    int fd = eventfd(0, 0);
    if (in_helper()) _exit(write(fd, &(uint64_t){1}, 8) != 8);
    *right = 8, *result = CALL(read(fd, buffer, 8));
  } else if (IS("write")) fill(pipe_fd[1]), drain(pipe_fd[0]), *result = CALL(write(pipe_fd[1], "x", 1));
  else if (IS("writev")) fill(pipe_fd[1]), drain(pipe_fd[0]), *result = CALL(writev(pipe_fd[1], &iov, 1));
  else if (IS("recv_unlimited")) feed(pair[1]), *result = CALL(recv(pair[0], buffer, 1, 0));
  else if (IS("recvmsg")) feed(pair[1]), *result = CALL(recvmsg(pair[0], &header, 0));
  else if (IS("send_unlimited")) fill(pair[0]), drain(pair[1]), *result = CALL(send(pair[0], "x", 1, 0));
  else if (IS("sendmsg")) fill(pair[0]), drain(pair[1]), *result = CALL(sendmsg(pair[0], &header, 0));
  else if (IS("poll_unlimited")) feed(pipe_fd[1]), *result = RAW(poll, &readable, 1, -1);
  else if (IS("ppoll_unlimited")) feed(pipe_fd[1]), *result = RAW(ppoll, &readable, 1, NULL, NULL, 8);
  else if (IS("select_unlimited")) feed(pipe_fd[1]), *result = RAW(select, pipe_fd[0] + 1, &set, NULL, NULL, NULL);
  else if (IS("epoll_wait_unlimited")) feed(pipe_fd[1]), *result = RAW(epoll_wait, epoll, &event, 1, -1);
  else if (IS("epoll_pwait_unlimited")) feed(pipe_fd[1]), *result = RAW(epoll_pwait, epoll, &event, 1, -1, &usr1, 8);
  else if (IS("open")) {
    sprintf(path, "/tmp/criu-plan-waits-%d", getpid());
    if (mkfifo(path, 0600)) fail("mkfifo");
    if (in_helper()) _exit(open(path, O_WRONLY) < 0);
    long fd = CALL(open(path, O_RDONLY));
    unlink(path), *result = fd < 0 ? fd : 1;
  } else if (IS("accept_unlimited") || IS("accept4")) {
    if (in_helper()) _exit(connected(0));
    long fd = CALL(IS("accept4") ? accept4(listener, NULL, NULL, 0) : accept(listener, NULL, NULL));
    *result = fd < 0 ? fd : 1;
  } else if (IS("connect")) {
    while (connected(SOCK_NONBLOCK) == 0) {}
    if (in_helper()) _exit(accept(listener, NULL, NULL) < 0);
    *right = 0, *result = CALL(connected(0));
  } else if (IS("wait4")) {
    if (in_helper()) _exit(7);
    *result = CALL(waitpid(-1, NULL, 0)) > 0;
  } else if (IS("waitid")) {
    if (in_helper()) _exit(7);
    *right = 0, *result = CALL(waitid(P_ALL, 0, &info, WEXITED));
  } else if (IS("flock")) *right = 0, *result = CALL(lock_elsewhere(LOCK_EX));
  else if (IS("fcntl_setlkw")) *right = 0, *result = CALL(lock_elsewhere(F_SETLKW));
  else if (IS("fcntl_ofd_setlkw")) *right = 0, *result = CALL(lock_elsewhere(F_OFD_SETLKW));
  else if (IS("futex_unlimited") || IS("futex_waitv_unlimited")) {
    if (in_helper()) _exit(syscall(SYS_futex, shared_word, FUTEX_WAKE, 1, NULL, NULL, 0) != 1);
    *right = 0;
    *result = IS("futex_unlimited") ? RAW(futex, shared_word, FUTEX_WAIT, 0, NULL, NULL, 0)
                                    : RAW(futex_waitv, &waitv, 1, 0, NULL, CLOCK_MONOTONIC);
  } else if (IS("mq_timedreceive_unlimited")) {
    if (in_helper()) _exit(mq_send(queue, "x", 1, 0));
    *result = CALL(mq_receive(queue, buffer, sizeof buffer, NULL));
  } else if (IS("semop")) {
    if (in_helper()) _exit(semop(sem, &up, 1));
    *right = 0, *result = RAW(semop, sem, &down, 1);
  } else if (IS("msgrcv")) {
    if (in_helper()) _exit(msgsnd(msg, &message, 1, 0));
    *result = CALL(msgrcv(msg, &message, sizeof message.text, 0, 0));
  } else if (IS("msgsnd")) {
    while (msgsnd(msg, &message, sizeof message.text, IPC_NOWAIT) == 0) {}
    if (in_helper()) _exit(msgrcv(msg, &message, sizeof message.text, 0, 0) < 0);
    *right = 0, *result = CALL(msgsnd(msg, &message, sizeof message.text, 0));
  } else if (IS("rt_sigtimedwait_unlimited")) {
    if (in_helper()) _exit(kill(getppid(), SIGUSR1));
    *right = SIGUSR1, *result = RAW(rt_sigtimedwait, &usr1, &info, NULL, 8);
  } else if (IS("io_getevents_unlimited")) {
    struct io_event done;
    struct iocb poll_pipe = {.aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = pipe_fd[0], .aio_buf = POLLIN}, *one = &poll_pipe;
    if (syscall(SYS_io_submit, aio, 1, &one) != 1) fail("io_submit: %s", strerror(errno));
    feed(pipe_fd[1]), *result = RAW(io_getevents, aio, 1, 1, &done, NULL);
  } else if (IS("io_uring_enter_unlimited"))
    feed(pipe_fd[1]), *right = 0, *result = RAW(io_uring_enter, ring(), 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
  // These end by a handler only, and by nothing else.
  else if (IS("pause")) *right = -EINTR, *result = CALL(pause());
  else if (IS("rt_sigsuspend")) *right = -EINTR, *result = CALL(sigsuspend(&usr1));
  else return 0;
  return 1;
}

int main(int count, char **args) {
  if (count < 3) return 2;
  wait_ms = atoi(args[2]);
  if (pipe(pipe_fd) || socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) fail("no pipes");
  listener = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un any = {AF_UNIX, ""};
  if (bind(listener, (struct sockaddr *)&any, sizeof(sa_family_t)) || listen(listener, 1)) fail("no listener");
  getsockname(listener, (struct sockaddr *)&listening, &listening_length);
  epoll = epoll_create1(0);
  struct epoll_event readable = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_fd[0], &readable);
  sem = semget(IPC_PRIVATE, 1, 0600);
  msg = msgget(IPC_PRIVATE, 0600);
  if (syscall(SYS_io_setup, 1, &aio)) fail("io_setup");
  char queue_name[32];
  sprintf(queue_name, "/criu-plan-%d", getpid());
  struct mq_attr attributes = {.mq_maxmsg = 1, .mq_msgsize = 8};
  queue = mq_open(queue_name, O_CREAT | O_RDWR, 0600, &attributes);
  mq_unlink(queue_name);
  shared_word = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  sigprocmask(SIG_BLOCK, &usr1, NULL);
  signal(SIGALRM, nothing);
  note_self();
  ready();
  struct timespec begun, ended;
  long right, result;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  int known = timed(args[1], &result, &right) || fed(args[1], &result, &right);
  clock_gettime(CLOCK_MONOTONIC, &ended);
  check_self();
  semctl(sem, 0, IPC_RMID);
  msgctl(msg, IPC_RMID, NULL);
  if (!known) fail("no such wait: %s", args[1]);
  long ms = (ended.tv_sec - begun.tv_sec) * 1000 + (ended.tv_nsec - begun.tv_nsec) / 1000000;
  if (result != right) fail("%s: result %ld, not %ld, after %ld ms", args[1], result, right, ms);
  fprintf(stderr, "ok %ld\n", ms);
  return 0;
}
