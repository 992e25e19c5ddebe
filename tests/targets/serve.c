// Answers HTTP requests on a loopback port with two threads, and prints a line for each.
#include "common.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

static void *serve(void *listener) {
  static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
  char request[4096];
  for (;;) {
    int client = accept((int)(long)listener, NULL, NULL);
    if (client < 0) fail("accept: %s", strerror(errno));
    if (read(client, request, sizeof request) <= 0) fail("read: %s", strerror(errno));
    if (write(1, "request\n", 8) != 8) fail("stdout: %s", strerror(errno));
    if (write(client, answer, sizeof answer - 1) != sizeof answer - 1) fail("write: %s", strerror(errno));
    close(client);
  }
  return NULL;
}

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 16)) fail("bind: %s", strerror(errno));
  getsockname(listener, (struct sockaddr *)&address, &length);
  pthread_t thread;
  if (pthread_create(&thread, NULL, serve, (void *)(long)listener)) fail("no thread");
  fprintf(stderr, "ready %d\n", ntohs(address.sin_port));
  serve((void *)(long)listener);
}
