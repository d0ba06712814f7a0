/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The relay between libvirt and QEMU's monitor: a process of its own, beside QEMU.
 */
#include "emulator.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 65536u
#define MAX_DESCRIPTORS 16u

/* what came in one read: bytes, and descriptors sent with them */
typedef struct {
  char bytes[CHUNK];
  ssize_t length;
  int descriptors[MAX_DESCRIPTORS];
  gsize n_descriptors;
} Chunk;

typedef union {
  struct cmsghdr header; /* for its alignment */
  char space[CMSG_SPACE (MAX_DESCRIPTORS * sizeof (int))];
} Control;

static gboolean
receive (int fd, Chunk *chunk)
{
  Control control;
  struct iovec vector = { .iov_base = chunk->bytes, .iov_len = sizeof chunk->bytes };
  struct msghdr message = { .msg_iov = &vector,
                            .msg_iovlen = 1,
                            .msg_control = &control,
                            .msg_controllen = sizeof control };

  chunk->n_descriptors = 0;
  do
    chunk->length = recvmsg (fd, &message, MSG_CMSG_CLOEXEC);
  while (chunk->length < 0 && errno == EINTR);
  for (struct cmsghdr *header = CMSG_FIRSTHDR (&message); header != NULL;
       header = CMSG_NXTHDR (&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
      continue;
    chunk->n_descriptors = (header->cmsg_len - CMSG_LEN (0)) / sizeof (int);
    memcpy (chunk->descriptors, CMSG_DATA (header), chunk->n_descriptors * sizeof (int));
  }
  return chunk->length > 0;
}

/* the descriptors go with the first byte, and are closed here */
static ssize_t
send_some (int fd, const char *bytes, gsize length, Chunk *chunk)
{
  Control control = { 0 };
  gsize size = chunk->n_descriptors * sizeof (int);
  struct iovec vector = { .iov_base = (char *) bytes, .iov_len = length };
  struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
  ssize_t sent;

  if (size > 0) {
    message.msg_control = &control;
    message.msg_controllen = CMSG_SPACE (size);
    control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN (size),
                                       .cmsg_level = SOL_SOCKET,
                                       .cmsg_type = SCM_RIGHTS };
    memcpy (CMSG_DATA (&control.header), chunk->descriptors, size);
  }
  do
    sent = sendmsg (fd, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  for (gsize i = 0; i < chunk->n_descriptors; i++)
    close (chunk->descriptors[i]);
  chunk->n_descriptors = 0;
  return sent;
}

static gboolean
send_all (int fd, const char *bytes, gsize length, Chunk *chunk)
{
  while (length > 0) {
    ssize_t sent = send_some (fd, bytes, length, chunk);

    if (sent <= 0)
      return FALSE;
    bytes += sent;
    length -= (gsize) sent;
  }
  return TRUE;
}

/* what a device_add of a matrix that cannot be had is answered */
static char *
refuse (const char *line, const char *trouble)
{
  g_autofree char *id = lab_emulator_json_string (line, "id", TRUE);

  return g_strdup_printf ("{\"id\": \"%s\", \"error\": {\"class\": \"GenericError\", "
                          "\"desc\": \"%s\"}}\r\n",
                          id, trouble);
}

/* QEMU answers device_del when the guest has been asked; one that does not let go never
 * has it say DEVICE_DELETED (qapi/qdev.json) */
static char *
keep_plugged (const char *line)
{
  g_autofree char *id = NULL;

  if (access (LAB_KEEP_PLUGGED, F_OK) < 0)
    return NULL;
  id = lab_emulator_json_string (line, "id", TRUE);
  return g_strdup_printf ("{\"return\": {}, \"id\": \"%s\"}\r\n", id);
}

/* NULL: the command may go to QEMU; else what is answered in its place */
static char *
take_matrix (LabEmulatorHolds *holds, const char *line)
{
  g_autofree char *uuid = NULL, *device = NULL, *trouble = NULL, *command = NULL;
  int fd;

  if (strstr (line, "\"device_del\"") != NULL)
    return keep_plugged (line);
  if (strstr (line, "\"device_add\"") == NULL)
    return NULL;
  uuid = lab_emulator_find_matrix (line, &device);
  if (uuid == NULL)
    return NULL;
  fd = lab_emulator_hold (uuid, &trouble);
  if (fd < 0)
    return refuse (line, trouble);
  command = lab_emulator_json_string (line, "id", TRUE);
  lab_emulator_holds_add (holds, device, command, fd);
  return NULL;
}

/* QMP is a command a line; what is left of @pending is the start of one */
static gboolean
pass_commands (int from, int to, GString *pending, LabEmulatorHolds *holds, Chunk *chunk)
{
  char *end;

  if (!receive (from, chunk))
    return FALSE;
  g_string_append_len (pending, chunk->bytes, chunk->length);
  while ((end = memchr (pending->str, '\n', pending->len)) != NULL) {
    gsize length = (gsize) (end - pending->str) + 1;
    g_autofree char *line = g_strndup (pending->str, length);
    g_autofree char *command = lab_emulator_rewrite_command (line);
    g_autofree char *answer = take_matrix (holds, line);

    if (answer != NULL ? !send_all (from, answer, strlen (answer), chunk)
                       : !send_all (to, command, strlen (command), chunk))
      return FALSE;
    g_string_erase (pending, 0, (gssize) length);
  }
  return TRUE;
}

static int
connect_to (const LabEmulatorAddress *address)
{
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd >= 0 &&
      connect (fd, (const struct sockaddr *) &address->name, address->length) == 0)
    return fd;
  if (fd >= 0)
    close (fd);
  return -1;
}

/* until the client closes; FALSE when QEMU did */
static gboolean
pass_connection (int client, int server, LabEmulatorHolds *holds, Chunk *chunk)
{
  g_autoptr (GString) pending = g_string_new (NULL);
  struct pollfd fds[] = { { .fd = client, .events = POLLIN },
                          { .fd = server, .events = POLLIN } };

  while (poll (fds, G_N_ELEMENTS (fds), -1) > 0) {
    if (fds[1].revents != 0) {
      if (!receive (server, chunk))
        return FALSE;
      /* first, so that libvirt finds free what it hears is */
      lab_emulator_holds_look (holds, chunk->bytes, (gsize) chunk->length);
      if (!send_all (client, chunk->bytes, (gsize) chunk->length, chunk))
        return FALSE;
    }
    if (fds[0].revents != 0 && !pass_commands (client, server, pending, holds, chunk))
      return TRUE;
  }
  return FALSE;
}

/* A libvirtd that was started again connects anew, and QEMU then greets it anew. */
void
lab_emulator_relay (int listener, const LabEmulatorAddress *qemu, int process,
                    LabEmulatorHolds *holds)
{
  g_autofree Chunk *chunk = g_new0 (Chunk, 1);
  struct pollfd fds[] = { { .fd = listener, .events = POLLIN },
                          { .fd = process, .events = POLLIN } };
  gboolean alive = TRUE;

  while (alive && poll (fds, G_N_ELEMENTS (fds), -1) > 0 && fds[1].revents == 0) {
    int client = accept4 (listener, NULL, NULL, SOCK_CLOEXEC);
    int server = connect_to (qemu);

    alive = client >= 0 && server >= 0 && pass_connection (client, server, holds, chunk);
    if (server >= 0)
      close (server);
    if (client >= 0)
      close (client);
  }
}
