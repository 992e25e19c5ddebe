// holder DIRECTORY: a process that has a descriptor of each kind at a known number, and waits in pause for ever:
//   10 a file at offset 3; 11 a TCP socket that listens with a backlog of 7; 12 and 13 the ends of a TCP connection;
//   14 a UDP socket; 15 an epoll descriptor that watches 12 (with a datum of its own) and 13 (edge-triggered); 16 an inotify
//   descriptor that watches the directory; 17 a timer that runs, 18 one that does not; 19 a signalfd; 20 and 21 a pipe;
//   22 and 23 a pseudo-terminal; 24 an eventfd; 25 the file of 10 again, opened anew; 26 a POSIX queue; 27 a UNIX socket;
//   28 a timer by the real-time clock that repeats, 29 an epoll descriptor whose one-shot event on 24 has been told.
#define _GNU_SOURCE
#include "common.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

static void put(int fd, int number) {
  if (fd < 0 || dup3(fd, number, number % 2 ? O_CLOEXEC : 0) < 0) fail("descriptor %d: %s", number, strerror(errno));
  close(fd);
}

static void must(int result, const char *what) {
  if (result < 0) fail("%s: %s", what, strerror(errno));
}

static void sockets(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof address;
  put(socket(AF_INET, SOCK_STREAM, 0), 11);
  must(bind(11, (void *)&address, length), "bind"), must(listen(11, 7), "listen");
  getsockname(11, (void *)&address, &length);
  put(socket(AF_INET, SOCK_STREAM, 0), 12);
  must(connect(12, (void *)&address, length), "connect");
  put(accept(11, NULL, NULL), 13);
  put(socket(AF_INET, SOCK_DGRAM, 0), 14);
  put(socket(AF_UNIX, SOCK_STREAM, 0), 27);
}

static void watchers(const char *directory) {
  put(epoll_create1(0), 15);
  struct epoll_event first = {.events = EPOLLIN | EPOLLRDHUP, .data.u64 = 0xfedcba9876543210};
  struct epoll_event second = {.events = EPOLLIN | EPOLLET, .data.fd = 13};
  must(epoll_ctl(15, EPOLL_CTL_ADD, 12, &first), "epoll"), must(epoll_ctl(15, EPOLL_CTL_ADD, 13, &second), "epoll");
  put(inotify_init1(IN_NONBLOCK), 16);
  must(inotify_add_watch(16, directory, IN_DELETE_SELF | IN_ONLYDIR), "inotify");
  put(timerfd_create(CLOCK_MONOTONIC, 0), 17);
  struct itimerspec time = {.it_value = {1000, 0}, .it_interval = {7, 5}};
  must(timerfd_settime(17, 0, &time, NULL), "timer");
  put(timerfd_create(CLOCK_BOOTTIME, 0), 18);
  sigset_t signals;
  sigemptyset(&signals), sigaddset(&signals, SIGUSR1), sigaddset(&signals, SIGRTMAX);
  put(signalfd(-1, &signals, 0), 19);
  put(eventfd(5, 0), 24);
  put(timerfd_create(CLOCK_REALTIME, 0), 28);
  time.it_value = (struct timespec){500, 0};
  must(timerfd_settime(28, 0, &time, NULL), "timer");
  put(epoll_create1(0), 29);
  struct epoll_event once = {.events = EPOLLIN | EPOLLONESHOT, .data.fd = 24};
  must(epoll_ctl(29, EPOLL_CTL_ADD, 24, &once), "epoll");
  if (epoll_wait(29, &once, 1, 1000) != 1) fail("no event");
}

int main(int count, char **args) {
  int ends[2];
  char name[32];
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (count < 2 || chdir(args[1])) fail("%s: %s", args[1], strerror(errno));
  put(open("ten", O_RDWR | O_CREAT, 0644), 10);
  if (write(10, "some text", 9) != 9 || lseek(10, 3, SEEK_SET) != 3) fail("file 10");
  must(pipe(ends), "pipe"), put(ends[0], 20), put(ends[1], 21);
  put(open("/dev/ptmx", O_RDWR | O_NOCTTY), 22);
  int locked = 0;
  must(ioctl(22, TIOCSPTLCK, &locked), "pty"), put(ioctl(22, TIOCGPTPEER, O_RDWR | O_NOCTTY), 23);
  put(open("ten", O_RDWR), 25);
  snprintf(name, sizeof name, "/criu-plan-%d", getpid());
  put(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, NULL), 26);
  mq_unlink(name);
  sockets();
  watchers(args[1]);
  arm_self(), note_self();
  ready();
  for (;;) pause();
}
