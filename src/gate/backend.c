/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Chooses the daemon's socket.  The rule is that of libvirt's src/remote/
 * remote_sockets.c, remoteGetURIDaemonInfo() and remoteGetUNIXSocket(): a user's
 * session URI means the user's own daemons; the daemon of the driver (virtqemud)
 * is preferred when its socket is there, else it is libvirtd's.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "ap/error.h"
#include "gate/backend.h"
#include "gate/session.h"

#define SYSTEM_DIR "/run/libvirt"
/* libvirtd's sockets, or virtproxyd's */
#define LEGACY "libvirt"

/* how long a daemon that was started has to listen, and how often it is tried */
#define START_SECONDS 10
#define START_STEP_US 10000

/* the driver's name is the scheme: "qemu" of "qemu:///session"; NULL without one */
static char *
uri_driver (const char *uri)
{
  g_autofree char *scheme = uri != NULL ? g_uri_parse_scheme (uri) : NULL;

  if (scheme != NULL)
    scheme[strcspn (scheme, "+")] = '\0';
  return g_steal_pointer (&scheme);
}

static gboolean
is_session (const char *uri, uid_t user)
{
  if (uri == NULL || user == 0)
    return FALSE;

  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NON_DNS, NULL);
  return parsed != NULL && (g_str_equal (g_uri_get_path (parsed), "/session") ||
                            g_str_has_prefix (g_uri_get_scheme (parsed), "test+"));
}

static char *
socket_path (const char *directory, const char *name, gboolean read_only)
{
  return g_strdup_printf ("%s/%s-%s", directory, name, read_only ? "sock-ro" : "sock");
}

/* the daemon of the driver when its socket is there, else libvirtd */
static const char *
choose_name (const char *directory, const char *modular, gboolean read_only)
{
  g_autofree char *path =
      modular != NULL ? socket_path (directory, modular, read_only) : NULL;

  return path != NULL && g_file_test (path, G_FILE_TEST_EXISTS) ? modular : LEGACY;
}

/* A user's daemon has no socket for looking only.  Where none is running yet, the
 * driver's own is the one to start, if it is installed. */
static void
choose_session (VapBackend *backend, const char *modular, uid_t user)
{
  backend->directory = vap_session_directory (user);
  g_autofree char *legacy_path = socket_path (backend->directory, LEGACY, FALSE);
  const char *name = choose_name (backend->directory, modular, FALSE);

  if (modular != NULL && !g_file_test (legacy_path, G_FILE_TEST_EXISTS))
    backend->daemon = vap_session_program (modular);
  if (backend->daemon != NULL)
    name = modular;
  else
    backend->daemon = vap_session_program (name);
  backend->path = socket_path (backend->directory, name, FALSE);
}

void
vap_backend_choose (VapBackend *backend, const char *uri, gboolean read_only, uid_t user)
{
  g_autofree char *driver = uri_driver (uri);
  g_autofree char *modular = driver != NULL ? g_strdup_printf ("virt%sd", driver) : NULL;

  memset (backend, 0, sizeof *backend);
  if (is_session (uri, user))
    choose_session (backend, modular, user);
  else
    backend->path =
        socket_path (SYSTEM_DIR, choose_name (SYSTEM_DIR, modular, read_only), read_only);
}

gboolean
vap_backend_is_guess (const char *path)
{
  return g_str_has_suffix (path, "/libvirt/libvirt-sock") ||
         g_str_has_suffix (path, "/libvirt/libvirt-sock-ro");
}

void
vap_backend_clear (VapBackend *backend)
{
  g_clear_pointer (&backend->path, g_free);
  g_clear_pointer (&backend->directory, g_free);
  g_clear_pointer (&backend->daemon, g_free);
}

static gint
connect_once (const struct sockaddr_un *address)
{
  gint fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  if (fd >= 0 && connect (fd, (const struct sockaddr *) address, sizeof *address) == 0)
    return fd;

  gint number = errno;
  if (fd >= 0)
    close (fd);
  errno = number;
  return -1;
}

static gboolean
nobody_listens (gint number)
{
  return number == ENOENT || number == ECONNREFUSED;
}

/* The daemon itself sees to it that there is only one. */
static gint
start_and_connect (const VapBackend *backend, const struct sockaddr_un *address)
{
  gint64 deadline = g_get_monotonic_time () + START_SECONDS * G_USEC_PER_SEC;
  gint fd;

  vap_session_start (backend->daemon, backend->directory);
  do {
    g_usleep (START_STEP_US);
    fd = connect_once (address);
  } while (fd < 0 && nobody_listens (errno) && g_get_monotonic_time () < deadline);
  return fd;
}

char *
vap_backend_uri (const char *uri, const char *socket, uid_t user)
{
  g_autofree char *driver = uri_driver (uri);
  g_autofree char *escaped = g_uri_escape_string (socket, "/", FALSE);

  return g_strdup_printf ("%s+unix:///%s?socket=%s", driver != NULL ? driver : "qemu",
                          is_session (uri, user) ? "session" : "system", escaped);
}

gint
vap_backend_connect (const VapBackend *backend, GError **error)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };

  if (strlen (backend->path) >= sizeof address.sun_path) {
    g_set_error (error, VAP_ERROR, VAP_ERROR_TOO_LARGE,
                 _ ("the path of the libvirt socket '%s' is too long"), backend->path);
    return -1;
  }
  strcpy (address.sun_path, backend->path);

  gint fd = connect_once (&address);
  if (fd < 0 && nobody_listens (errno) && backend->daemon != NULL)
    fd = start_and_connect (backend, &address);
  if (fd < 0)
    g_set_error (error, VAP_ERROR, VAP_ERROR_UNREADABLE,
                 _ ("failed to connect to the libvirt socket '%s': %s"), backend->path,
                 g_strerror (errno));
  return fd;
}
