/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The three places of a record; see writer.h.  systemd's native protocol is a datagram
 * of KEY=VALUE lines (its documentation, "Native Journal Protocol"); what syslog takes
 * locally is "<PRIORITY>NAME[PID]: TEXT" (RFC 3164).
 */
#include "config.h"

#include "audit/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "audit/places.h"
#include "keep/keep.h"

/* a datagram of the journal, and a line of a file */
#define RECORD_MAX (48u * 1024)
/* rsyslog cuts at 8 KiB (its maxMessageSize) */
#define SYSLOG_MAX 7500u
/* a daemon that takes nothing for so long is no place */
#define PATIENCE_MS 200

typedef struct {
  const char *root;
  const VapConfig *config;
  const VapRecord *record;
  gint64 time;
} Writing;

static gint
priority_of (const VapRecord *record)
{
  switch (record->decision) {
  case VAP_DECISION_UNJUDGED:
    return LOG_ERR;
  case VAP_DECISION_REFUSED:
  case VAP_DECISION_WARNED:
    return LOG_WARNING;
  default:
    return record->notes != NULL && record->notes->len > 0 ? LOG_NOTICE : LOG_INFO;
  }
}

/* -1 when nobody listens there */
static gint
connect_datagram (const char *path)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  gint fd;

  if (strlen (path) >= sizeof address.sun_path)
    return -1;
  strcpy (address.sun_path, path);
  fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  if (fd >= 0)
    close (fd);
  return -1;
}

/* The connection of the last record, in a process that keeps files (keep/keep.h): such
 * a one has many records.  As syslog(3) it is made anew when it is found dead.
 * @path: where to; NULL when there is none */
static struct {
  char *path;
  gint fd;
} connection = { NULL, -1 };

static void
hang_up (void)
{
  if (connection.path != NULL)
    close (connection.fd);
  g_clear_pointer (&connection.path, g_free);
}

/* FALSE when nobody listens there */
static gboolean
ring (const Writing *writing, const char *name)
{
  g_autofree char *path =
      g_strconcat (writing->root != NULL ? writing->root : "", name, NULL);

  if (g_strcmp0 (connection.path, path) == 0)
    return TRUE;
  hang_up ();
  connection.fd = connect_datagram (path);
  if (connection.fd >= 0)
    connection.path = g_steal_pointer (&path);
  return connection.path != NULL;
}

static gboolean
send_datagram (const char *text, gsize length)
{
  struct pollfd wait = { .fd = connection.fd, .events = POLLOUT };
  gssize sent = send (connection.fd, text, length, MSG_NOSIGNAL);

  if (sent < 0 && errno == EAGAIN && poll (&wait, 1, PATIENCE_MS) > 0)
    sent = send (connection.fd, text, length, MSG_NOSIGNAL);
  return sent == (gssize) length;
}

/* where ring() has rung */
static gboolean
send_record (const Writing *writing, const char *name, const char *text)
{
  gsize length = strlen (text);
  gboolean sent = send_datagram (text, length);

  if (!sent && errno == ECONNREFUSED) {
    hang_up ();
    sent = ring (writing, name) && send_datagram (text, length);
  }
  if (!sent || !vap_keep_is_on ())
    hang_up ();
  return sent;
}

static gboolean
write_journal (const Writing *writing)
{
  const VapRecord *record = writing->record;
  g_autofree char *json = NULL;
  g_autofree char *message = NULL;
  g_autofree char *text = NULL;

  if (!ring (writing, VAP_AUDIT_JOURNAL_SOCKET))
    return FALSE;
  json = vap_record_to_json (record, writing->time, RECORD_MAX);
  message = vap_record_to_message (record);
  text =
      g_strdup_printf ("MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=virt-ap-%s\n"
                       "MESSAGE_ID=" VAP_AUDIT_MESSAGE_ID "\n"
                       "VIRT_AP_DOOR=%s\nVIRT_AP_CALL=%s\nVIRT_AP_VERDICT=%s\n"
                       "VIRT_AP_RECORD=%s\n",
                       message, priority_of (record), vap_door_to_string (record->door),
                       vap_door_to_string (record->door), record->call,
                       vap_decision_to_string (record->decision), json);
  return send_record (writing, VAP_AUDIT_JOURNAL_SOCKET, text);
}

static gboolean
write_syslog (const Writing *writing)
{
  const VapRecord *record = writing->record;
  g_autofree char *json = NULL;
  g_autofree char *text = NULL;

  if (!ring (writing, VAP_AUDIT_SYSLOG_SOCKET))
    return FALSE;
  json = vap_record_to_json (record, writing->time, SYSLOG_MAX);
  text = g_strdup_printf ("<%d>virt-ap-%s[%d]: %s", LOG_DAEMON | priority_of (record),
                          vap_door_to_string (record->door), getpid (), json);
  return send_record (writing, VAP_AUDIT_SYSLOG_SOCKET, text);
}

/* Below /var/log a directory of ours is made, in a user's home all that leads there. */
static gboolean
make_directory (const char *path, gboolean own)
{
  g_autofree char *directory = g_path_get_dirname (path);

  if (own)
    return g_mkdir_with_parents (directory, 0700) == 0;
  return mkdir (directory, 0750) == 0 || errno == EEXIST;
}

static gint
open_file (const char *path, gboolean own)
{
  const gint flags =
      O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
  gint fd = open (path, flags, 0640);

  if (fd < 0 && errno == ENOENT && make_directory (path, own))
    fd = open (path, flags, 0640);
  return fd;
}

/* One write() to a file opened to append is whole among others' (Linux fs/ext4/file.c
 * and its like hold the inode's lock).  On a full disk it may be cut: then there is a
 * newline at least, if that fits, so that the next record begins a line. */
static gboolean
append_line (gint fd, const char *line, gsize length)
{
  gssize written;

  do
    written = write (fd, line, length);
  while (written < 0 && errno == EINTR);
  if (written == (gssize) length)
    return TRUE;
  if (written > 0 && write (fd, "\n", 1) != 1)
    g_info ("a record was cut");
  return FALSE;
}

static gboolean
write_to (const char *path, gboolean own, const Writing *writing)
{
  gint fd = open_file (path, own);
  g_autofree char *json = NULL;
  g_autofree char *line = NULL;
  struct stat status;
  gboolean written;

  if (fd < 0)
    return FALSE;
  json = vap_record_to_json (writing->record, writing->time, RECORD_MAX);
  line = g_strconcat (json, "\n", NULL);
  written = fstat (fd, &status) == 0 && S_ISREG (status.st_mode) &&
            append_line (fd, line, strlen (line));
  close (fd);
  return written;
}

static gboolean
write_file (const Writing *writing)
{
  g_autoptr (GPtrArray) files = vap_audit_files (writing->root, writing->config);

  for (guint i = 0; i < files->len; i++)
    if (write_to (files->pdata[i], i > 0, writing))
      return TRUE;
  return FALSE;
}

/* in the order in which they are tried */
static const struct {
  VapAuditTo to;
  gboolean (*write) (const Writing *writing);
} places[] = {
  { VAP_AUDIT_JOURNAL, write_journal },
  { VAP_AUDIT_SYSLOG, write_syslog },
  { VAP_AUDIT_FILE, write_file },
};

gboolean
vap_audit_write (const char *root, const VapConfig *config, const VapRecord *record)
{
  const VapAuditTo to = config != NULL ? config->audit_to : VAP_AUDIT_AUTO;
  const Writing writing = { root, config, record, g_get_real_time () };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    if ((to == VAP_AUDIT_AUTO || to == places[i].to) && places[i].write (&writing))
      return TRUE;
  return FALSE;
}
