// The load client: drives an FTP(S) server as fast as a client can, to measure the server and not itself. Threads,
// blocking sockets, each with a control connection of its own; data is made or dropped in memory.
//
// It logs in, prints "ready" and waits for a line on standard input, so that what comes before stays out of the
// figures; then it moves what it was told to, prints one line of JSON and stays logged in until standard input ends.
// Any reply that it does not expect ends the process with exit code 3, anything else that fails with 2.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 4096, THREADS_MOST = 512, CHUNK = 262144 };

static const char usage[] =
    "load-client -p PORT -m MODE [-t none|explicit|implicit] [-c SUITE] [-P THREADS] [-n COUNT] [-f NAME] [-N] [-s BYTES]\n"
    "  -m retr|stor|list|mlsd  COUNT transfers of NAME by each thread; with -N a number of its own goes behind each NAME\n"
    "  -m login                COUNT times connect, log in and QUIT by each thread\n"
    "  -m idle                 COUNT logins by each thread, held\n"
    "  -s BYTES  size of an upload    -e  handshake on data before the reply 150    -r  never resume TLS on data\n";

static struct {
  int port, tls, threads, count, numbered, early, full_handshakes;
  long long size;
  const char *mode, *name, *suite, *user, *password;
} order = {.threads = 1, .count = 1, .mode = "retr", .name = "big", .suite = "TLS_AES_128_GCM_SHA256", .user = "alice", .password = "secret"};

enum { PLAIN, EXPLICIT, IMPLICIT };

typedef struct {
  int fd;
  SSL *ssl;
  SSL_SESSION *ticket;
  char in[LINE];
  int position, length;
} control_connection;

typedef struct {
  int number;
  control_connection *connections;
  long long bytes;
  long operations, resumed;
} thread_state;

static SSL_CTX *context;
static int owner_index;
static char *source;
static pthread_barrier_t step;

static void fail(int code, const char *format, ...) {
  va_list list;
  va_start(list, format);
  fprintf(stderr, "load-client: ");
  vfprintf(stderr, format, list);
  fprintf(stderr, " (%s)\n", strerror(errno));
  ERR_print_errors_fp(stderr);
  fflush(NULL);
  _exit(code);
}

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double processor_seconds(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return u.ru_utime.tv_sec + u.ru_stime.tv_sec + (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* ---- TCP and TLS ---- */

static int dial(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(fd, (void *)&to, sizeof to)) fail(2, "connecting to port %d", port);
  return fd;
}

static int keep_ticket(SSL *ssl, SSL_SESSION *ticket) {
  control_connection *owner = SSL_get_ex_data(ssl, owner_index);
  if (owner->ticket) SSL_SESSION_free(owner->ticket);
  owner->ticket = ticket;
  return 1;
}

// Resumes with the newest ticket where there is one. Offers a copy, so that one ticket serves often, as in most clients.
static SSL *handshake(control_connection *owner, int fd, int resume) {
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  SSL_set_ex_data(ssl, owner_index, owner);
  SSL_set_tlsext_host_name(ssl, "localhost");
  if (resume && owner->ticket) {
    SSL_SESSION *copy = SSL_SESSION_dup(owner->ticket);
    SSL_set_session(ssl, copy);
    SSL_SESSION_free(copy);
  }
  if (SSL_connect(ssl) != 1) fail(2, "TLS handshake");
  return ssl;
}

static long receive(SSL *ssl, int fd, void *buffer, int size) {
  return ssl ? SSL_read(ssl, buffer, size) : read(fd, buffer, size);
}

static long send_some(SSL *ssl, int fd, const void *buffer, int size) {
  return ssl ? SSL_write(ssl, buffer, size) : write(fd, buffer, size);
}

static void make_context(void) {
  context = SSL_CTX_new(TLS_client_method());
  owner_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, keep_ticket);
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, 131072);
  if (!strncmp(order.suite, "TLS_", 4)) {
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    if (!SSL_CTX_set_ciphersuites(context, order.suite)) fail(2, "suite %s", order.suite);
  } else {
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
    if (!SSL_CTX_set_cipher_list(context, order.suite)) fail(2, "suite %s", order.suite);
  }
}

/* ---- commands and replies ---- */

static void read_line(control_connection *c, char *line) {
  int length = 0;
  for (;;) {
    if (c->position >= c->length) {
      c->length = receive(c->ssl, c->fd, c->in, sizeof c->in);
      c->position = 0;
      if (c->length <= 0) fail(2, "the server closed the control connection");
    }
    char octet = c->in[c->position++];
    if (octet == '\n') break;
    if (octet != '\r' && length < LINE - 1) line[length++] = octet;
  }
  line[length] = 0;
}

static int read_reply(control_connection *c, char *line) {
  read_line(c, line);
  if (strlen(line) > 3 && line[3] == '-') {
    char last[5] = {line[0], line[1], line[2], ' ', 0};
    do read_line(c, line);
    while (strncmp(line, last, 4));
  }
  return atoi(line);
}

static void send_command(control_connection *c, const char *verb, const char *argument) {
  char line[LINE];
  int length = snprintf(line, sizeof line, *argument ? "%s %s\r\n" : "%s\r\n", verb, argument);
  if (send_some(c->ssl, c->fd, line, length) != length) fail(2, "sending %s", verb);
}

static int command(control_connection *c, const char *verb, const char *argument, char *line) {
  send_command(c, verb, argument);
  return read_reply(c, line);
}

static void expect(int code, int low, int high, const char *verb, const char *line) {
  if (code < low || code > high) fail(3, "%s: %s", verb, line);
}

static void log_in(control_connection *c) {
  char line[LINE];
  c->fd = dial(order.port);
  c->position = c->length = 0;
  if (order.tls == IMPLICIT) c->ssl = handshake(c, c->fd, 0);
  expect(read_reply(c, line), 220, 220, "greeting", line);
  if (order.tls == EXPLICIT) {
    expect(command(c, "AUTH", "TLS", line), 234, 234, "AUTH", line);
    c->ssl = handshake(c, c->fd, 0);
  }
  int code = command(c, "USER", order.user, line);
  if (code == 331) code = command(c, "PASS", order.password, line);
  expect(code, 230, 230, "login", line);
}

static void set_parameters(control_connection *c) {
  char line[LINE];
  if (order.tls) {
    command(c, "PBSZ", "0", line);
    expect(command(c, "PROT", "P", line), 200, 200, "PROT", line);
  }
  expect(command(c, "TYPE", "I", line), 200, 200, "TYPE", line);
}

static void log_out(control_connection *c) {
  char line[LINE];
  command(c, "QUIT", "", line);
  if (c->ssl) {
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    ERR_clear_error();
  }
  close(c->fd);
  if (c->ticket) SSL_SESSION_free(c->ticket);
  c->ssl = NULL;
  c->ticket = NULL;
}

/* ---- transfers ---- */

static int passive_port(control_connection *c) {
  char line[LINE];
  expect(command(c, "EPSV", "", line), 229, 229, "EPSV", line);
  char *bars = strstr(line, "|||");
  if (!bars) fail(3, "EPSV: %s", line);
  return atoi(bars + 3);
}

static long long upload(SSL *ssl, int fd) {
  for (long long left = order.size; left > 0;) {
    long sent = send_some(ssl, fd, source, left < CHUNK ? (int)left : CHUNK);
    if (sent <= 0) fail(2, "sending data");
    left -= sent;
  }
  if (ssl) SSL_shutdown(ssl);
  shutdown(fd, SHUT_WR);
  struct timeval patience = {2, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  char rest[LINE];
  while (receive(ssl, fd, rest, sizeof rest) > 0) continue;
  return order.size;
}

static long long download(SSL *ssl, int fd) {
  static __thread char *buffer;
  if (!buffer) buffer = malloc(CHUNK);
  long long bytes = 0;
  for (long got; (got = receive(ssl, fd, buffer, CHUNK)) > 0;) bytes += got;
  ERR_clear_error();
  if (ssl) SSL_shutdown(ssl);
  return bytes;
}

static void transfer(thread_state *t, control_connection *c, const char *verb, const char *name) {
  char line[LINE];
  SSL *ssl = NULL;
  int fd = dial(passive_port(c));
  send_command(c, verb, name);
  if (order.tls && order.early) ssl = handshake(c, fd, !order.full_handshakes);
  expect(read_reply(c, line), 100, 199, verb, line);
  if (order.tls && !ssl) ssl = handshake(c, fd, !order.full_handshakes);
  if (ssl && SSL_session_reused(ssl)) t->resumed++;
  t->bytes += strcmp(verb, "STOR") ? download(ssl, fd) : upload(ssl, fd);
  ERR_clear_error();
  if (ssl) SSL_free(ssl);
  close(fd);
  expect(read_reply(c, line), 200, 299, verb, line);
  t->operations++;
}

/* ---- threads ---- */

static void run_transfers(thread_state *t, const char *verb) {
  char name[LINE];
  for (int i = 0; i < order.count; i++) {
    if (order.numbered) snprintf(name, sizeof name, "%s%05d", order.name, t->number * order.count + i);
    else snprintf(name, sizeof name, "%s", order.name);
    transfer(t, t->connections, verb, name);
  }
}

static void run_logins(thread_state *t) {
  for (int i = 0; i < order.count; i++, t->operations++) {
    log_in(t->connections);
    log_out(t->connections);
  }
}

static const struct mode {
  const char *name, *verb;
  int logins; /* before the figures are taken: 0 none, 1 one, 2 as many as the count says */
} modes[] = {{"retr", "RETR", 1}, {"stor", "STOR", 1}, {"list", "LIST", 1}, {"mlsd", "MLSD", 1}, {"login", NULL, 0}, {"idle", NULL, 2}};
static const struct mode *mode;

static void *work(void *argument) {
  thread_state *t = argument;
  int logins = mode->logins == 2 ? order.count : mode->logins;
  t->connections = calloc(logins ? logins : 1, sizeof *t->connections);
  for (int i = 0; i < logins; i++) {
    log_in(&t->connections[i]);
    set_parameters(&t->connections[i]);
  }
  pthread_barrier_wait(&step);
  pthread_barrier_wait(&step);
  if (mode->verb) run_transfers(t, mode->verb);
  else if (mode->logins == 0) run_logins(t);
  pthread_barrier_wait(&step);
  pthread_barrier_wait(&step);
  for (int i = 0; i < logins; i++) log_out(&t->connections[i]);
  return NULL;
}

static void wait_for_line(void) {
  char octet;
  while (read(0, &octet, 1) == 1 && octet != '\n') continue;
}

static void read_order(int count, char **arguments) {
  for (int option; (option = getopt(count, arguments, "p:t:c:m:n:P:f:Ns:eru:w:")) > 0;) switch (option) {
    case 'p': order.port = atoi(optarg); break;
    case 't': order.tls = !strcmp(optarg, "explicit") ? EXPLICIT : !strcmp(optarg, "implicit") ? IMPLICIT : PLAIN; break;
    case 'c': order.suite = optarg; break;
    case 'm': order.mode = optarg; break;
    case 'n': order.count = atoi(optarg); break;
    case 'P': order.threads = atoi(optarg); break;
    case 'f': order.name = optarg; break;
    case 'N': order.numbered = 1; break;
    case 's': order.size = atoll(optarg); break;
    case 'e': order.early = 1; break;
    case 'r': order.full_handshakes = 1; break;
    case 'u': order.user = optarg; break;
    case 'w': order.password = optarg; break;
    default: fputs(usage, stderr); _exit(64);
  }
  for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++) if (!strcmp(modes[i].name, order.mode)) mode = &modes[i];
  if (!mode || order.threads < 1 || order.threads > THREADS_MOST) { fputs(usage, stderr); _exit(64); }
}

int program(int count, char **arguments) {
  read_order(count, arguments);
  signal(SIGPIPE, SIG_IGN);
  source = malloc(CHUNK);
  for (unsigned i = 0; i < CHUNK; i++) source[i] = (char)(i * 2654435761u >> 13);
  make_context();
  pthread_barrier_init(&step, NULL, order.threads + 1);
  pthread_t threads[THREADS_MOST];
  thread_state *states = calloc(order.threads, sizeof *states);
  for (int i = 0; i < order.threads; i++) {
    states[i].number = i;
    if (pthread_create(&threads[i], NULL, work, &states[i])) fail(2, "starting a thread");
  }
  pthread_barrier_wait(&step);
  printf("ready\n");
  fflush(stdout);
  wait_for_line();
  double started = seconds_now(), processor = processor_seconds();
  pthread_barrier_wait(&step);
  pthread_barrier_wait(&step);
  double seconds = seconds_now() - started;
  processor = processor_seconds() - processor;
  thread_state sum = {0};
  for (int i = 0; i < order.threads; i++) {
    sum.bytes += states[i].bytes;
    sum.operations += states[i].operations;
    sum.resumed += states[i].resumed;
  }
  printf("{\"seconds\":%.6f,\"bytes\":%lld,\"operations\":%ld,\"resumed\":%ld,\"clientProcessorSeconds\":%.6f}\n",
         seconds, sum.bytes, sum.operations, sum.resumed, processor);
  fflush(stdout);
  wait_for_line();
  pthread_barrier_wait(&step);
  for (int i = 0; i < order.threads; i++) pthread_join(threads[i], NULL);
  return 0;
}
