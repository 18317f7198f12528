// The bound: what a server could do at most on this machine. It speaks just enough FTP for the load client, checks
// nothing, keeps nothing safe and is no server to run: a thread for each login, blocking sockets, sendfile for clear
// downloads, and under TLS one write(2) for 256 KiB of gathered records and reads far ahead.
//
//   bound CERTIFICATE KEY ROOT     prints the port on 127.0.0.1 that it listens on; ends when standard input does
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 262144, LINE = 1100, ENTRY_MOST = 512 };

static SSL_CTX *context;
static const char *root;

typedef struct {
  int fd;
  SSL *ssl;
  char in[4096];
  int position, length;
  int passive, is_private;
  char *chunk;
} control_connection;

static long receive(SSL *ssl, int fd, void *buffer, int size) {
  return ssl ? SSL_read(ssl, buffer, size) : read(fd, buffer, size);
}

static long send_all(SSL *ssl, int fd, const void *buffer, int size) {
  return ssl ? SSL_write(ssl, buffer, size) : write(fd, buffer, size);
}

static int read_line(control_connection *c, char *line) {
  int length = 0;
  for (;;) {
    if (c->position >= c->length) {
      c->length = receive(c->ssl, c->fd, c->in, sizeof c->in);
      c->position = 0;
      if (c->length <= 0) return -1;
    }
    char octet = c->in[c->position++];
    if (octet == '\n') break;
    if (octet != '\r' && length < LINE - 100) line[length++] = octet;
  }
  line[length] = 0;
  return length;
}

static void reply(control_connection *c, const char *text) {
  char line[512];
  send_all(c->ssl, c->fd, line, snprintf(line, sizeof line, "%s\r\n", text));
}

static int listen_somewhere(int *port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  if (bind(fd, (void *)&at, sizeof at) || listen(fd, 1024)) {
    perror("bound");
    _exit(1);
  }
  getsockname(fd, (void *)&at, &length);
  *port = ntohs(at.sin_port);
  return fd;
}

/* ---- data ---- */

static SSL *accept_tls(int fd) {
  SSL *ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  if (SSL_accept(ssl) == 1) return ssl;
  SSL_free(ssl);
  return NULL;
}

static void gather_writes(SSL *ssl, int fd) {
  BIO *buffer = BIO_new(BIO_f_buffer());
  BIO_set_write_buffer_size(buffer, CHUNK + CHUNK / 64 + 8192);
  SSL_set0_wbio(ssl, BIO_push(buffer, BIO_new_socket(fd, BIO_NOCLOSE)));
}

static void flush(SSL *ssl) {
  if (ssl) (void)BIO_flush(SSL_get_wbio(ssl));
}

static void retrieve(control_connection *c, int file, SSL *ssl, int data) {
  if (!ssl) {
    struct stat status;
    off_t position = 0;
    fstat(file, &status);
    while (position < status.st_size && sendfile(data, file, &position, status.st_size - position) > 0) continue;
    return;
  }
  for (long got; (got = read(file, c->chunk, CHUNK)) > 0;) {
    if (SSL_write(ssl, c->chunk, got) <= 0) break;
    flush(ssl);
  }
}

static void store(control_connection *c, int file, SSL *ssl, int data) {
  off_t position = 0;
  for (long got; (got = receive(ssl, data, c->chunk, CHUNK)) > 0; position += got) {
    long more;
    while (ssl && got < CHUNK && SSL_has_pending(ssl) && (more = SSL_read(ssl, c->chunk + got, CHUNK - got)) > 0) got += more;
    if (pwrite(file, c->chunk, got, position) != got) break;
  }
}

static void list(control_connection *c, const char *path, SSL *ssl, int data) {
  DIR *directory = opendir(path);
  int filled = 0;
  for (struct dirent *entry; directory && (entry = readdir(directory));) {
    struct stat status;
    fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW);
    filled += sprintf(c->chunk + filled, "type=file;size=%ld;modify=20260101000000;UNIX.mode=0%o; %s\r\n",
                      (long)status.st_size, status.st_mode & 07777, entry->d_name);
    if (filled < CHUNK - ENTRY_MOST) continue;
    send_all(ssl, data, c->chunk, filled);
    flush(ssl);
    filled = 0;
  }
  if (filled) send_all(ssl, data, c->chunk, filled);
  if (directory) closedir(directory);
}

static int transfer(control_connection *c, const char *verb, const char *name) {
  char path[2000];
  snprintf(path, sizeof path, "%s/%s", root, name);
  int is_listing = !strcmp(verb, "LIST") || !strcmp(verb, "MLSD"), is_upload = !strcmp(verb, "STOR");
  int file = is_listing ? -1 : open(path, is_upload ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY, 0644);
  if (!is_listing && file < 0) return reply(c, "550 no"), 0;
  reply(c, "150 go");
  int data = accept(c->passive, 0, 0);
  close(c->passive);
  SSL *ssl = c->is_private ? accept_tls(data) : NULL;
  if (c->is_private && !ssl) return -1;
  if (ssl && !is_upload) gather_writes(ssl, data);
  if (is_listing) list(c, path, ssl, data);
  else if (is_upload) store(c, file, ssl, data);
  else retrieve(c, file, ssl, data);
  if (ssl) {
    SSL_shutdown(ssl);
    flush(ssl);
    SSL_free(ssl);
  }
  shutdown(data, SHUT_WR);
  close(data);
  if (file >= 0) close(file);
  reply(c, "226 done");
  return 0;
}

/* ---- control ---- */

static int obey(control_connection *c, const char *verb, const char *argument) {
  char text[128];
  int port;
  if (!strcmp(verb, "AUTH")) return reply(c, "234 go"), (c->ssl = accept_tls(c->fd)) ? 0 : -1;
  if (!strcmp(verb, "USER")) return reply(c, "331 go on"), 0;
  if (!strcmp(verb, "PASS")) return reply(c, "230 in"), 0;
  if (!strcmp(verb, "PROT")) return c->is_private = *argument == 'P', reply(c, "200 ok"), 0;
  if (!strcmp(verb, "PBSZ") || !strcmp(verb, "TYPE")) return reply(c, "200 ok"), 0;
  if (!strcmp(verb, "QUIT")) return reply(c, "221 bye"), -1;
  if (!strcmp(verb, "EPSV")) {
    c->passive = listen_somewhere(&port);
    snprintf(text, sizeof text, "229 at (|||%d|)", port);
    return reply(c, text), 0;
  }
  if (!strcmp(verb, "RETR") || !strcmp(verb, "STOR") || !strcmp(verb, "LIST") || !strcmp(verb, "MLSD")) return transfer(c, verb, argument);
  return reply(c, "502 no"), 0;
}

static void *serve(void *argument) {
  control_connection *c = calloc(1, sizeof *c);
  char line[LINE];
  int one = 1;
  c->fd = (int)(long)argument;
  c->chunk = malloc(CHUNK);
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  reply(c, "220 the bound");
  while (read_line(c, line) >= 0) {
    char *blank = strchr(line, ' ');
    if (blank) *blank = 0;
    if (obey(c, line, blank ? blank + 1 : "")) break;
  }
  if (c->ssl) {
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
  }
  close(c->fd);
  free(c->chunk);
  free(c);
  return NULL;
}

static void *wait_for_end(void *unused) {
  char octet;
  while (read(0, &octet, 1) == 1) continue;
  _exit(0);
  return unused;
}

int program(int count, char **arguments) {
  if (count != 4) return 64;
  signal(SIGPIPE, SIG_IGN);
  root = arguments[3];
  context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, arguments[1]) != 1 || SSL_CTX_use_PrivateKey_file(context, arguments[2], SSL_FILETYPE_PEM) != 1) {
    fprintf(stderr, "bound: cannot read the certificate\n");
    return 1;
  }
  SSL_CTX_set_session_id_context(context, (void *)"bound", 5);
  SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_default_read_buffer_len(context, 131072);
  pthread_attr_t detached;
  pthread_attr_init(&detached);
  pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&detached, 262144);
  int port, listener = listen_somewhere(&port);
  pthread_t end;
  pthread_create(&end, &detached, wait_for_end, NULL);
  printf("%d\n", port);
  fflush(stdout);
  for (;;) {
    pthread_t thread;
    int fd = accept(listener, 0, 0);
    if (fd >= 0 && pthread_create(&thread, &detached, serve, (void *)(long)fd)) close(fd);
  }
}
