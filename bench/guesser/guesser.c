// The guesser: tries wrong passwords at a steady rate from many addresses of the loopback device, as cheaply as it can,
// so that what is measured is the server under attack and not the attack.
//
// An attempt is a connection of its own: greeting, AUTH TLS, handshake, USER, PASS. It does not wait for the answer,
// which a server delays. Attempts that are late are made all the same, so that the rate holds on average; the line of
// JSON at the end says how many there were, how many got as far as PASS, and how many were turned away before.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 1024, THREADS_MOST = 512 };

static const char usage[] =
    "guesser -p PORT [-r ATTEMPTS-A-SECOND] [-s SECONDS] [-a ADDRESSES] [-u NAME] [-P THREADS]\n"
    "  -a  addresses in 127.16.0.0/12 that take turns (default 1000)    -u  name to guess for (default: one for each attempt)\n";

static struct {
  int port, rate, seconds, addresses, threads;
  const char *user;
} order = {.rate = 1000, .seconds = 60, .addresses = 1000, .threads = 128};

static SSL_CTX *context;
static double started;
static atomic_long next, passwords, refused, failed;

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void wait_until(double moment) {
  double left = moment - seconds_now();
  if (left <= 0) return;
  struct timespec t = {(time_t)left, (long)((left - (time_t)left) * 1e9)};
  nanosleep(&t, NULL);
}

static int dial_from(unsigned address) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  struct timeval patience = {5, 0};
  struct linger none = {1, 0};
  struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f100000u + 1 + address)};
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(order.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  // Closed by RST: no port of ours is left in TIME_WAIT.
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  if (bind(fd, (void *)&from, sizeof from) || connect(fd, (void *)&to, sizeof to)) {
    close(fd);
    return -1;
  }
  return fd;
}

// Reads one line, an octet at a time: lines are short and few.
static int read_code(SSL *ssl, int fd) {
  char line[LINE];
  for (int length = 0; length < LINE - 1;) {
    int got = ssl ? SSL_read(ssl, line + length, 1) : (int)read(fd, line + length, 1);
    if (got <= 0) return 0;
    if (line[length++] != '\n') continue;
    if (length > 3 && line[3] == ' ') return atoi(line);
    length = 0;
  }
  return 0;
}

static int say(SSL *ssl, int fd, const char *line) {
  int length = (int)strlen(line);
  return (ssl ? SSL_write(ssl, line, length) : (int)write(fd, line, length)) == length;
}

static void guess(long number, int fd) {
  char line[LINE];
  if (read_code(NULL, fd) != 220) {
    refused++;
    return;
  }
  if (!say(NULL, fd, "AUTH TLS\r\n") || read_code(NULL, fd) != 234) {
    failed++;
    return;
  }
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (SSL_connect(ssl) == 1) {
    if (order.user) snprintf(line, sizeof line, "USER %s\r\n", order.user);
    else snprintf(line, sizeof line, "USER guess%ld\r\n", number);
    int asked = say(ssl, fd, line) && read_code(ssl, fd) == 331;
    snprintf(line, sizeof line, "PASS wrong%ld\r\n", number);
    if (asked && say(ssl, fd, line)) passwords++;
    else failed++;
    // A guesser that left at once would be noticed before its password is looked at.
    usleep(20000);
  } else failed++;
  ERR_clear_error();
  SSL_free(ssl);
}

static void *work(void *argument) {
  (void)argument;
  for (long number; (number = next++) < (long)order.rate * order.seconds;) {
    wait_until(started + (double)number / order.rate);
    if (seconds_now() > started + order.seconds) break;
    int fd = dial_from((unsigned)(number % order.addresses));
    if (fd < 0) {
      refused++;
      continue;
    }
    guess(number, fd);
    close(fd);
  }
  return NULL;
}

static double processor_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

int program(int count, char **arguments) {
  for (int option; (option = getopt(count, arguments, "p:r:s:a:u:P:")) > 0;) switch (option) {
    case 'p': order.port = atoi(optarg); break;
    case 'r': order.rate = atoi(optarg); break;
    case 's': order.seconds = atoi(optarg); break;
    case 'a': order.addresses = atoi(optarg); break;
    case 'u': order.user = optarg; break;
    case 'P': order.threads = atoi(optarg); break;
    default: fputs(usage, stderr); return 64;
  }
  if (order.threads < 1 || order.threads > THREADS_MOST || order.rate < 1 || order.addresses < 1) {
    fputs(usage, stderr);
    return 64;
  }
  signal(SIGPIPE, SIG_IGN);
  context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
  SSL_CTX_set1_groups_list(context, "X25519");
  double processor = processor_seconds();
  started = seconds_now();
  pthread_t threads[THREADS_MOST];
  for (int i = 0; i < order.threads; i++) pthread_create(&threads[i], NULL, work, NULL);
  for (int i = 0; i < order.threads; i++) pthread_join(threads[i], NULL);
  printf("{\"seconds\":%.3f,\"passwords\":%ld,\"refused\":%ld,\"failed\":%ld,\"processorSeconds\":%.3f}\n",
         seconds_now() - started, passwords, refused, failed, processor_seconds() - processor);
  fflush(stdout);
  return 0;
}
