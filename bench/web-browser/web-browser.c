// The browser's place at a gateway, at as little cost as can be, to measure the gateway and not itself: one request over
// HTTP in clear, whose body comes from memory, or whose answer is dropped in the kernel.
//
//   web-browser PORT BYTES HEAD     sends HEAD and BYTES octets behind it, reads the answer to its end; prints one
//                                   line of JSON; exit code 3 where the status is not 200, 2 where something fails
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 1048576, HEAD_MOST = 16384 };

static int send_all(int fd, const char *octets, size_t length) {
  while (length > 0) {
    ssize_t sent = send(fd, octets, length, MSG_NOSIGNAL);
    if (sent <= 0) return 0;
    octets += sent;
    length -= (size_t)sent;
  }
  return 1;
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int program(int count, char **words) {
  if (count < 4) return 2;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(words[1]))};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) return 2;
  double started = seconds_now();
  if (!send_all(fd, words[3], strlen(words[3]))) return 2;
  char *chunk = calloc(1, CHUNK);
  for (long long left = atoll(words[2]); left > 0;) {
    size_t length = left < CHUNK ? (size_t)left : CHUNK;
    if (!send_all(fd, chunk, length)) return 2;
    left -= (long long)length;
  }
  static char head[HEAD_MOST + 1];
  int filled = 0;
  char *body = NULL;
  while (body == NULL && filled < HEAD_MOST) {
    ssize_t got = recv(fd, head + filled, (size_t)(HEAD_MOST - filled), 0);
    if (got <= 0) return 2;
    filled += (int)got;
    head[filled] = 0;
    body = strstr(head, "\r\n\r\n");
  }
  if (body == NULL) return 2;
  long long bytes = head + filled - (body + 4);
  for (ssize_t got; (got = recv(fd, NULL, CHUNK, MSG_TRUNC)) > 0;) bytes += got;
  close(fd);
  printf("{\"seconds\":%.6f,\"bodyBytes\":%lld}\n", seconds_now() - started, bytes);
  fflush(stdout);
  return strncmp(head, "HTTP/1.1 200", 12) == 0 ? 0 : 3;
}
