// Makes a C program runnable inside a Node process: with it a shared object exports run(arguments), which calls the
// program's main on the JavaScript thread and returns its exit code. Node exports the symbols of the OpenSSL that it
// is linked with, and process.dlopen binds the program to them: it runs on exactly the OpenSSL that the server has.
#include <fcntl.h>
#include <node_api.h>
#include <stdlib.h>

int program(int count, char **arguments);

static char *text_of(napi_env env, napi_value value) {
  size_t length = 0;
  napi_get_value_string_utf8(env, value, NULL, 0, &length);
  char *text = malloc(length + 1);
  if (text) napi_get_value_string_utf8(env, value, text, length + 1, &length);
  return text;
}

static napi_value run(napi_env env, napi_callback_info information) {
  size_t given = 1;
  uint32_t count = 0;
  napi_value list, result;
  napi_get_cb_info(env, information, &given, &list, NULL, NULL);
  napi_get_array_length(env, list, &count);
  char **arguments = calloc(count + 2, sizeof *arguments);
  arguments[0] = "program";
  for (uint32_t i = 0; i < count; i++) {
    napi_value item;
    napi_get_element(env, list, i, &item);
    arguments[i + 1] = text_of(env, item);
  }
  // Node hands its children pipes that do not block.
  for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
  napi_create_int32(env, program((int)count + 1, arguments), &result);
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, NULL, &function);
  napi_set_named_property(env, exports, "run", function);
  return exports;
}
